#include "kernels/integer/ternary_linear.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "kernels/integer/intrinsics.h"

namespace tritlab {
namespace {

constexpr int64_t kRows = 4;         // outputs computed side by side
constexpr int64_t kBlock = 256;      // inputs whose codes fill 64 bytes
constexpr int64_t kBlockBytes = 64;  // of one output
constexpr int64_t kPlanes = 4;       // codes of a byte
constexpr int64_t kPlane = kBlock / kPlanes;  // inputs of a plane

// What the rows of one group are multiplied with: all codes, or the upper bit
// of each alone.
constexpr uint8_t kAllBits = 3, kUpperBits = 2;

using RowSums = std::array<int32_t, kRows>;

// sum (code & bits) x' for the four outputs of a group. codes: the group's,
// [blocks][kRows][kBlockBytes]; shifted: [blocks][kBlock].
RowSums MultiplyPortable(const uint8_t* codes, const int8_t* shifted,
                         int64_t blocks, uint8_t bits) {
  RowSums sums = {};
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t plane = 0; plane < kPlanes; ++plane) {
        const int8_t* const x = shifted + block * kBlock + plane * kPlane;
        for (int64_t j = 0; j < kBlockBytes; ++j)
          sums[row] += (codes[j] >> (2 * plane) & bits) * x[j];
      }
      codes += kBlockBytes;
    }
  }
  return sums;
}

#if defined(__x86_64__)

// Here codes are shifted down before they are multiplied: vpmaddubsw sums two
// products in 16 bits, which 2 * 64 * 128 would overflow.
__attribute__((target("avx2"))) RowSums MultiplyAvx2(const uint8_t* codes,
                                                     const int8_t* shifted,
                                                     int64_t blocks,
                                                     uint8_t bits) {
  const __m256i mask = _mm256_set1_epi8(static_cast<char>(bits));
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kRows];
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t half = 0; half < kBlockBytes; half += 32) {
        __m256i four =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + half));
        const int8_t* x = shifted + block * kBlock + half;
        // At most 4 * 2 * 2 * 128 in 16 bits.
        __m256i products = _mm256_setzero_si256();
        for (int64_t plane = 0; plane < kPlanes; ++plane) {
          products = _mm256_add_epi16(
              products,
              _mm256_maddubs_epi16(
                  _mm256_and_si256(four, mask),
                  _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))));
          four = _mm256_srli_epi16(four, 2);
          x += kPlane;
        }
        sums[row] =
            _mm256_add_epi32(sums[row], _mm256_madd_epi16(products, ones));
      }
      codes += kBlockBytes;
    }
  }
  return {LaneSum(sums[0]), LaneSum(sums[1]), LaneSum(sums[2]),
          LaneSum(sums[3])};
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) RowSums
MultiplyAvx512Vnni(const uint8_t* codes, const int8_t* shifted, int64_t blocks,
                   uint8_t bits) {
  __m512i masks[kPlanes], sums[kRows][kPlanes];
  for (int plane = 0; plane < kPlanes; ++plane) {
    masks[plane] = _mm512_set1_epi8(static_cast<char>(bits << (2 * plane)));
    for (auto& row : sums) row[plane] = _mm512_setzero_si512();
  }
  for (int64_t block = 0; block < blocks; ++block) {
    __m512i x[kPlanes];
#pragma GCC unroll 4
    for (int plane = 0; plane < kPlanes; ++plane)
      x[plane] = _mm512_loadu_si512(shifted + block * kBlock + plane * kPlane);
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row) {
      const __m512i four = _mm512_loadu_si512(codes + row * kBlockBytes);
#pragma GCC unroll 4
      for (int plane = 0; plane < kPlanes; ++plane) {
        sums[row][plane] = _mm512_dpbusd_epi32(
            sums[row][plane], _mm512_and_si512(four, masks[plane]), x[plane]);
      }
    }
    codes += kRows * kBlockBytes;
  }
  RowSums result;
  for (int row = 0; row < kRows; ++row) {
    int32_t sum = 0;
    for (int plane = 0; plane < kPlanes; ++plane)
      sum += LaneSum(sums[row][plane]) / (1 << (2 * plane));
    result[row] = sum;
  }
  return result;
}

#endif  // defined(__x86_64__)

RowSums MultiplyRows(IntegerInstructions instructions, const uint8_t* codes,
                     const int8_t* shifted, int64_t blocks, uint8_t bits) {
  switch (instructions) {
#if defined(__x86_64__)
    case IntegerInstructions::kAvx512Vnni:
      return MultiplyAvx512Vnni(codes, shifted, blocks, bits);
    case IntegerInstructions::kAvx2:
      return MultiplyAvx2(codes, shifted, blocks, bits);
#endif
    default:
      return MultiplyPortable(codes, shifted, blocks, bits);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<TernaryLinear>> TernaryLinear::Create(
    const IntegerLinearShape& shape, std::span<const int8_t> weights,
    IntegerInstructions instructions) {
  // 4^3 times the largest code, before the division.
  RETURN_IF_ERROR(shape.Validate(/*largest_weight=*/2 * 64));
  if (static_cast<int64_t>(weights.size()) != shape.inputs * shape.outputs) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "ternary linear: %d weights; %d inputs and %d outputs have %d",
        weights.size(), shape.inputs, shape.outputs,
        shape.inputs * shape.outputs));
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < -1 || weights[i] > 1) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "ternary linear: weight %d is %d; it must be -1, 0 or 1", i,
          weights[i]));
    }
  }
  std::unique_ptr<TernaryLinear> linear(new TernaryLinear(shape, instructions));
  const int64_t rows = linear->outputs_rounded_up();
  linear->packed_ = Buffer(rows * linear->blocks() * kBlockBytes);
  auto* const packed = static_cast<uint8_t*>(linear->packed_.data());
  std::memset(packed, 0x55, linear->packed_.bytes());  // codes of 1
  linear->weight_sums_.assign(rows, 0);
  linear->positive_counts_.assign(rows, 0);
  for (int64_t output = 0; output < shape.outputs; ++output) {
    for (int64_t input = 0; input < shape.inputs; ++input) {
      const int weight = weights[output * shape.inputs + input];
      linear->weight_sums_[output] += weight;
      linear->positive_counts_[output] += weight > 0;
      const int64_t block = input / kBlock, within = input % kBlock;
      uint8_t& byte =
          packed[((output / kRows * linear->blocks() + block) * kRows +
                  output % kRows) *
                     kBlockBytes +
                 within % kPlane];
      const int shift = static_cast<int>(2 * (within / kPlane));
      byte =
          static_cast<uint8_t>((byte & ~(3 << shift)) | (weight + 1) << shift);
    }
  }
  return linear;
}

TernaryLinear::TernaryLinear(const IntegerLinearShape& shape,
                             IntegerInstructions instructions)
    : shape_(shape), instructions_(instructions) {}

int64_t TernaryLinear::blocks() const {
  return (shape_.inputs + kBlock - 1) / kBlock;
}
int64_t TernaryLinear::outputs_rounded_up() const {
  return (shape_.outputs + kRows - 1) / kRows * kRows;
}

void TernaryLinear::Shift(int64_t batch, const uint8_t* input) {
  const int64_t padded = blocks() * kBlock;
  if (static_cast<int64_t>(shifted_.bytes()) < batch * padded)
    shifted_ = Buffer(batch * padded);
  shifted_sums_.resize(batch);
  auto* shifted = static_cast<int8_t*>(shifted_.data());
  for (int64_t m = 0; m < batch; ++m) {
    int32_t sum = 0;
    for (int64_t i = 0; i < shape_.inputs; ++i) {
      const auto x = static_cast<int8_t>(input[i] - 128);
      shifted[i] = x;
      sum += x;
    }
    std::fill(shifted + shape_.inputs, shifted + padded, int8_t{0});
    shifted_sums_[m] = sum;
    shifted += padded;
    input += shape_.inputs;
  }
}

void TernaryLinear::Multiply(int64_t batch, const uint8_t* input,
                             int32_t* sums) {
  Shift(batch, input);
  const auto* const packed = static_cast<const uint8_t*>(packed_.data());
  const auto* const shifted = static_cast<const int8_t*>(shifted_.data());
  const int64_t groups = outputs_rounded_up() / kRows;
#pragma omp parallel for schedule(static)
  for (int64_t group = 0; group < groups; ++group) {
    const uint8_t* const codes =
        packed + group * kRows * blocks() * kBlockBytes;
    for (int64_t m = 0; m < batch; ++m) {
      const RowSums rows =
          MultiplyRows(instructions_, codes, shifted + m * blocks() * kBlock,
                       blocks(), kAllBits);
      const int64_t first = group * kRows;
      const int64_t end = std::min(first + kRows, shape_.outputs);
      for (int64_t o = first; o < end; ++o) {
        sums[m * shape_.outputs + o] =
            rows[o - first] - shifted_sums_[m] + 128 * weight_sums_[o];
      }
    }
  }
}

void TernaryLinear::MultiplySides(int64_t batch, const uint8_t* input,
                                  int32_t* positive, int32_t* negative) {
  Shift(batch, input);
  const auto* const packed = static_cast<const uint8_t*>(packed_.data());
  const auto* const shifted = static_cast<const int8_t*>(shifted_.data());
  const int64_t groups = outputs_rounded_up() / kRows;
#pragma omp parallel for schedule(static)
  for (int64_t group = 0; group < groups; ++group) {
    const uint8_t* const codes =
        packed + group * kRows * blocks() * kBlockBytes;
    for (int64_t m = 0; m < batch; ++m) {
      const int8_t* const x = shifted + m * blocks() * kBlock;
      const RowSums all =
          MultiplyRows(instructions_, codes, x, blocks(), kAllBits);
      const RowSums upper =
          MultiplyRows(instructions_, codes, x, blocks(), kUpperBits);
      const int64_t first = group * kRows;
      const int64_t end = std::min(first + kRows, shape_.outputs);
      for (int64_t o = first; o < end; ++o) {
        const int64_t at = m * shape_.outputs + o;
        // The upper bit is worth 2, and set where the weight is 1.
        positive[at] = upper[o - first] / 2 + 128 * positive_counts_[o];
        negative[at] = positive[at] - (all[o - first] - shifted_sums_[m] +
                                       128 * weight_sums_[o]);
      }
    }
  }
}

}  // namespace tritlab
