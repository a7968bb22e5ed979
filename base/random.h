// Random numbers by address, not by turn.
//
// A stream is named by a seed and any number of further integers (what it is
// for, the epoch, the image), and its numbers by an index. The same address
// gives the same number whatever was asked before and whichever thread asks,
// so results depend neither on the number of threads nor on where a resumed
// run takes up again.
//
//   RandomStream random(seed, kAugmentation, epoch, image);
//   bool flip = random.Uniform(0) < 0.5f;
//   int64_t shift = random.Below(1, 9);
//
// Philox4x32-10: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
// SC 2011.
#ifndef TRITLAB_BASE_RANDOM_H_
#define TRITLAB_BASE_RANDOM_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace tritlab {

// One block of Philox4x32-10: a bijection of the counter chosen by the key.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key);

// Cheap to make and to copy; all methods may be called from any thread.
class RandomStream {
 public:
  template <typename... Streams>
  explicit RandomStream(uint64_t seed, Streams... streams) : key_(seed) {
    (Enter(static_cast<uint64_t>(streams)), ...);
  }

  // The stream (seed, streams..., stream).
  RandomStream Substream(uint64_t stream) const {
    RandomStream result = *this;
    result.Enter(stream);
    return result;
  }

  // 64 random bits.
  uint64_t Bits(uint64_t index) const;
  // Uniform in [0, 1), a multiple of 2^-24.
  float Uniform(uint64_t index) const;
  // Uniform in [low, high), high excluded up to rounding.
  float Uniform(uint64_t index, float low, float high) const {
    return low + (high - low) * Uniform(index);
  }
  // Standard normal (Box-Muller).
  float Normal(uint64_t index) const;
  // Uniform in {0, ..., n - 1}; n > 0.
  int64_t Below(uint64_t index, int64_t n) const;

  // values[i] = mean + deviation * Normal(i).
  void FillNormal(float mean, float deviation, std::span<float> values) const;
  // values[i] = Uniform(i, low, high).
  void FillUniform(float low, float high, std::span<float> values) const;
  // A random order of 0, ..., n - 1 (Fisher-Yates).
  std::vector<int64_t> Permutation(int64_t n) const;

 private:
  void Enter(uint64_t stream);
  std::array<uint32_t, 4> Block(uint64_t index) const;

  uint64_t key_;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_RANDOM_H_
