#include "base/random.h"

#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace tritlab {

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

namespace {

// The counter's upper half tells the two uses of a key apart.
constexpr uint32_t kNumbers = 0;
constexpr uint32_t kSubstream = 1;

std::array<uint32_t, 4> KeyedBlock(uint64_t key, uint64_t counter,
                                   uint32_t use) {
  return Philox4x32(
      {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
       use, 0},
      {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
}

}  // namespace

std::array<uint32_t, 4> RandomStream::Block(uint64_t index) const {
  return KeyedBlock(key_, index, kNumbers);
}

void RandomStream::Enter(uint64_t stream) {
  const std::array<uint32_t, 4> block = KeyedBlock(key_, stream, kSubstream);
  key_ = block[0] | uint64_t{block[1]} << 32;
}

uint64_t RandomStream::Bits(uint64_t index) const {
  const std::array<uint32_t, 4> block = Block(index);
  return block[0] | uint64_t{block[1]} << 32;
}

float RandomStream::Uniform(uint64_t index) const {
  return static_cast<float>(Bits(index) >> 40) * 0x1p-24f;
}

float RandomStream::Normal(uint64_t index) const {
  const std::array<uint32_t, 4> block = Block(index);
  // (0, 1], so that the logarithm is finite.
  const double radius_uniform = (block[0] + 1.0) * 0x1p-32;
  const double angle_uniform = block[1] * 0x1p-32;
  return static_cast<float>(std::sqrt(-2.0 * std::log(radius_uniform)) *
                            std::cos(2.0 * std::numbers::pi * angle_uniform));
}

int64_t RandomStream::Below(uint64_t index, int64_t n) const {
  assert(n > 0);
  // The upper half of bits * n: biased by at most n / 2^64.
  __extension__ using Wide = unsigned __int128;
  return static_cast<int64_t>(
      (static_cast<Wide>(Bits(index)) * static_cast<uint64_t>(n)) >> 64);
}

void RandomStream::FillNormal(float mean, float deviation,
                              std::span<float> values) const {
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = mean + deviation * Normal(i);
  }
}

void RandomStream::FillUniform(float low, float high,
                               std::span<float> values) const {
  for (size_t i = 0; i < values.size(); ++i) values[i] = Uniform(i, low, high);
}

std::vector<int64_t> RandomStream::Permutation(int64_t n) const {
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = n - 1; i > 0; --i)
    std::swap(order[i], order[Below(i, i + 1)]);
  return order;
}

}  // namespace tritlab
