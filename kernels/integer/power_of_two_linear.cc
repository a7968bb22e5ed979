#include "kernels/integer/power_of_two_linear.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "kernels/integer/lane_sums.h"
#include "kernels/intrinsics.h"

namespace tritlab {
namespace {

constexpr int64_t kRows = 4;         // outputs computed side by side
constexpr int64_t kBlock = 128;      // inputs whose nibbles fill 64 bytes
constexpr int64_t kBlockBytes = 64;  // of one output
constexpr int64_t kMaskBytes = kBlock / 8;
constexpr int64_t kHalf = kBlock / 2;

using RowSums = std::array<int32_t, kRows>;

// A nibble's value. Narrow: 0, 1, 2, 4 and (from 8 on) their negatives; nibble
// 0 is zero. Wide: exponent 0 to 7, from 8 on negative; the value divided by 1
// where the exponent is below 4 (low), and by 16 where it is not (high).
alignas(16) constexpr int8_t kNarrow[16] = {0, 1,  2,  4,  0, 0, 0, 0,
                                            0, -1, -2, -4, 0, 0, 0, 0};
alignas(16) constexpr int8_t kLow[16] = {1,  2,  4,  8,  0, 0, 0, 0,
                                         -1, -2, -4, -8, 0, 0, 0, 0};
alignas(16) constexpr int8_t kHigh[16] = {0, 0, 0, 0, 1,  2,  4,  8,
                                          0, 0, 0, 0, -1, -2, -4, -8};

// The group's nibbles, and nonzero bits (nullptr: narrow).
struct Rows {
  const uint8_t* nibbles;
  const uint8_t* nonzero;
};

RowSums MultiplyPortable(Rows rows, const uint8_t* input, int64_t blocks) {
  RowSums sums = {};
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t i = 0; i < kBlock; ++i) {
        const uint8_t byte = rows.nibbles[i % kHalf];
        const int nibble = i < kHalf ? byte & 15 : byte >> 4;
        const int x = input[block * kBlock + i];
        if (rows.nonzero == nullptr) {
          sums[row] += kNarrow[nibble] * x;
        } else if (rows.nonzero[i / 8] >> (i % 8) & 1) {
          sums[row] += (kLow[nibble] + 16 * kHigh[nibble]) * x;
        }
      }
      rows.nibbles += kBlockBytes;
      if (rows.nonzero != nullptr) rows.nonzero += kMaskBytes;
    }
  }
  return sums;
}

#if defined(__x86_64__)

__attribute__((target("avx512f,avx512bw,avx512vnni"))) RowSums
MultiplyNarrowAvx512Vnni(Rows rows, const uint8_t* input, int64_t blocks) {
  const __m512i lower = _mm512_set1_epi8(15);
  const __m512i table = _mm512_broadcast_i32x4(
      _mm_load_si128(reinterpret_cast<const __m128i*>(kNarrow)));
  __m512i sums[kRows][2];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row)
    sums[row][0] = sums[row][1] = _mm512_setzero_si512();
  for (int64_t block = 0; block < blocks; ++block) {
    const __m512i x0 = _mm512_loadu_si512(input + block * kBlock);
    const __m512i x1 = _mm512_loadu_si512(input + block * kBlock + kHalf);
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row) {
      const __m512i two = _mm512_loadu_si512(rows.nibbles + row * kBlockBytes);
      _mm_prefetch(rows.nibbles + row * kBlockBytes + kAheadBytes, _MM_HINT_T0);
      const __m512i n0 = _mm512_and_si512(two, lower);
      const __m512i n1 = _mm512_and_si512(_mm512_srli_epi16(two, 4), lower);
      sums[row][0] =
          _mm512_dpbusd_epi32(sums[row][0], x0, _mm512_shuffle_epi8(table, n0));
      sums[row][1] =
          _mm512_dpbusd_epi32(sums[row][1], x1, _mm512_shuffle_epi8(table, n1));
    }
    rows.nibbles += kRows * kBlockBytes;
  }
  __m512i totals[kRows];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row)
    totals[row] = _mm512_add_epi32(sums[row][0], sums[row][1]);
  return LaneSums(totals);
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) RowSums
MultiplyWideAvx512Vnni(Rows rows, const uint8_t* input, int64_t blocks) {
  const __m512i lower = _mm512_set1_epi8(15);
  const __m512i low_table = _mm512_broadcast_i32x4(
      _mm_load_si128(reinterpret_cast<const __m128i*>(kLow)));
  const __m512i high_table = _mm512_broadcast_i32x4(
      _mm_load_si128(reinterpret_cast<const __m128i*>(kHigh)));
  __m512i low[kRows], high[kRows];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row)
    low[row] = high[row] = _mm512_setzero_si512();
  for (int64_t block = 0; block < blocks; ++block) {
    const __m512i x0 = _mm512_loadu_si512(input + block * kBlock);
    const __m512i x1 = _mm512_loadu_si512(input + block * kBlock + kHalf);
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row) {
      const __m512i two = _mm512_loadu_si512(rows.nibbles + row * kBlockBytes);
      _mm_prefetch(rows.nibbles + row * kBlockBytes + kAheadBytes, _MM_HINT_T0);
      __mmask64 m0, m1;
      std::memcpy(&m0, rows.nonzero + row * kMaskBytes, 8);
      std::memcpy(&m1, rows.nonzero + row * kMaskBytes + 8, 8);
      const __m512i n0 = _mm512_and_si512(two, lower);
      const __m512i n1 = _mm512_and_si512(_mm512_srli_epi16(two, 4), lower);
      low[row] = _mm512_dpbusd_epi32(
          low[row], x0, _mm512_maskz_shuffle_epi8(m0, low_table, n0));
      high[row] = _mm512_dpbusd_epi32(
          high[row], x0, _mm512_maskz_shuffle_epi8(m0, high_table, n0));
      low[row] = _mm512_dpbusd_epi32(
          low[row], x1, _mm512_maskz_shuffle_epi8(m1, low_table, n1));
      high[row] = _mm512_dpbusd_epi32(
          high[row], x1, _mm512_maskz_shuffle_epi8(m1, high_table, n1));
    }
    rows.nibbles += kRows * kBlockBytes;
    rows.nonzero += kRows * kMaskBytes;
  }
  __m512i totals[kRows];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row)
    totals[row] = _mm512_add_epi32(low[row], _mm512_slli_epi32(high[row], 4));
  return LaneSums(totals);
}

// 32 bytes of activations times 32 weights of at most 8, summed to 32 bits: two
// products of 255 * 8 fit into vpmaddubsw's 16.
__attribute__((target("avx2"))) inline __m256i DotAvx2(__m256i sum, __m256i x,
                                                       __m256i weights) {
  return _mm256_add_epi32(sum,
                          _mm256_madd_epi16(_mm256_maddubs_epi16(x, weights),
                                            _mm256_set1_epi16(1)));
}

// 0xff in byte i where bit i of the four bytes is set.
__attribute__((target("avx2"))) inline __m256i SpreadBits(const uint8_t* bits) {
  int32_t four;
  std::memcpy(&four, bits, 4);
  const __m256i bytes = _mm256_shuffle_epi8(
      _mm256_set1_epi32(four),
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202,
                         0x0303030303030303));
  const __m256i one_of_eight =
      _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, one_of_eight), one_of_eight);
}

__attribute__((target("avx2"))) inline __m256i TableAvx2(const int8_t* values) {
  return _mm256_broadcastsi128_si256(
      _mm_load_si128(reinterpret_cast<const __m128i*>(values)));
}

__attribute__((target("avx2"))) RowSums MultiplyAvx2(Rows rows,
                                                     const uint8_t* input,
                                                     int64_t blocks) {
  const bool wide = rows.nonzero != nullptr;
  const __m256i lower = _mm256_set1_epi8(15);
  const __m256i low_table = TableAvx2(wide ? kLow : kNarrow);
  const __m256i high_table = TableAvx2(kHigh);
  RowSums result = {};
  for (int64_t row = 0; row < kRows; ++row) {
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t at = block * kRows + row;
      for (int64_t begin = 0; begin < kBlock; begin += 32) {
        __m256i nibbles = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(
            rows.nibbles + at * kBlockBytes + begin % kHalf));
        if (begin >= kHalf) nibbles = _mm256_srli_epi16(nibbles, 4);
        nibbles = _mm256_and_si256(nibbles, lower);
        const __m256i x = _mm256_loadu_si256(
            reinterpret_cast<const __m256i*>(input + block * kBlock + begin));
        __m256i weights = _mm256_shuffle_epi8(low_table, nibbles);
        if (!wide) {
          low = DotAvx2(low, x, weights);
          continue;
        }
        const __m256i keep =
            SpreadBits(rows.nonzero + at * kMaskBytes + begin / 8);
        low = DotAvx2(low, x, _mm256_and_si256(weights, keep));
        weights = _mm256_shuffle_epi8(high_table, nibbles);
        high = DotAvx2(high, x, _mm256_and_si256(weights, keep));
      }
    }
    result[row] = LaneSum(low) + 16 * LaneSum(high);
  }
  return result;
}

#endif  // defined(__x86_64__)

RowSums MultiplyRows(IntegerInstructions instructions, const Rows& rows,
                     const uint8_t* input, int64_t blocks) {
  switch (instructions) {
#if defined(__x86_64__)
    case IntegerInstructions::kAvx512Vnni:
      return rows.nonzero == nullptr
                 ? MultiplyNarrowAvx512Vnni(rows, input, blocks)
                 : MultiplyWideAvx512Vnni(rows, input, blocks);
    case IntegerInstructions::kAvx2:
      return MultiplyAvx2(rows, input, blocks);
#endif
    default:
      return MultiplyPortable(rows, input, blocks);
  }
}

}  // namespace

int64_t PowerOfTwoLinear::blocks() const {
  return (shape_.inputs + kBlock - 1) / kBlock;
}
int64_t PowerOfTwoLinear::outputs_rounded_up() const {
  return (shape_.outputs + kRows - 1) / kRows * kRows;
}

absl::StatusOr<std::unique_ptr<PowerOfTwoLinear>> PowerOfTwoLinear::Create(
    const IntegerLinearShape& shape, std::span<const int16_t> weights,
    IntegerInstructions instructions) {
  RETURN_IF_ERROR(shape.Validate());
  if (static_cast<int64_t>(weights.size()) != shape.inputs * shape.outputs) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "power-of-two linear: %d weights; %d inputs and %d outputs have %d",
        weights.size(), shape.inputs, shape.outputs,
        shape.inputs * shape.outputs));
  }
  int largest = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const int magnitude = std::abs(weights[i]);
    if (magnitude > 128 ||
        (magnitude != 0 &&
         !std::has_single_bit(static_cast<unsigned>(magnitude)))) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "power-of-two linear: weight %d is %d; it must be 0 or a power of "
          "two up to 128, of either sign",
          i, weights[i]));
    }
    largest = std::max(largest, magnitude);
  }
  RETURN_IF_ERROR(CheckSumsFit("power-of-two linear", weights, shape.outputs));
  std::unique_ptr<PowerOfTwoLinear> linear(
      new PowerOfTwoLinear(shape, instructions));
  linear->wide_ = largest > 4;
  const int64_t parts = linear->outputs_rounded_up() * linear->blocks();
  linear->nibbles_ = Buffer(parts * kBlockBytes);
  auto* const nibbles = static_cast<uint8_t*>(linear->nibbles_.data());
  std::memset(nibbles, 0, linear->nibbles_.bytes());
  uint8_t* nonzero = nullptr;
  if (linear->wide_) {
    linear->nonzero_ = Buffer(parts * kMaskBytes);
    nonzero = static_cast<uint8_t*>(linear->nonzero_.data());
    std::memset(nonzero, 0, linear->nonzero_.bytes());
  }
  for (int64_t output = 0; output < shape.outputs; ++output) {
    for (int64_t input = 0; input < shape.inputs; ++input) {
      const int weight = weights[output * shape.inputs + input];
      if (weight == 0) continue;
      const int exponent =
          std::countr_zero(static_cast<unsigned>(std::abs(weight)));
      const int sign = weight < 0 ? 8 : 0;
      const int nibble = sign + (linear->wide_ ? exponent : exponent + 1);
      const int64_t within = input % kBlock;
      const int64_t part =
          (output / kRows * linear->blocks() + input / kBlock) * kRows +
          output % kRows;
      nibbles[part * kBlockBytes + within % kHalf] |=
          static_cast<uint8_t>(nibble << (within < kHalf ? 0 : 4));
      if (linear->wide_) {
        nonzero[part * kMaskBytes + within / 8] |=
            static_cast<uint8_t>(1 << (within % 8));
      }
    }
  }
  return linear;
}

void PowerOfTwoLinear::Multiply(int64_t batch, const uint8_t* input,
                                int32_t* sums) {
  const int64_t padded = blocks() * kBlock;
  if (static_cast<int64_t>(padded_.bytes()) < batch * padded)
    padded_ = Buffer(batch * padded);
  auto* const copy = static_cast<uint8_t*>(padded_.data());
  for (int64_t m = 0; m < batch; ++m) {
    std::memcpy(copy + m * padded, input + m * shape_.inputs, shape_.inputs);
    std::memset(copy + m * padded + shape_.inputs, 0, padded - shape_.inputs);
  }
  const auto* const nibbles = static_cast<const uint8_t*>(nibbles_.data());
  const auto* const nonzero = static_cast<const uint8_t*>(nonzero_.data());
  const int64_t groups = outputs_rounded_up() / kRows;
#pragma omp parallel for schedule(static)
  for (int64_t group = 0; group < groups; ++group) {
    const int64_t parts = group * kRows * blocks();
    const Rows rows = {nibbles + parts * kBlockBytes,
                       wide_ ? nonzero + parts * kMaskBytes : nullptr};
    for (int64_t m = 0; m < batch; ++m) {
      const RowSums row_sums =
          MultiplyRows(instructions_, rows, copy + m * padded, blocks());
      const int64_t first = group * kRows;
      const int64_t end = std::min(first + kRows, shape_.outputs);
      for (int64_t o = first; o < end; ++o)
        sums[m * shape_.outputs + o] = row_sums[o - first];
    }
  }
}

}  // namespace tritlab
