#include "kernels/integer/widened_product.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/vector_clones.h"
#include "kernels/intrinsics.h"

namespace tritlab {
namespace {

constexpr int64_t kRows = WidenedProduct::kRows;
constexpr int64_t kOutputs = WidenedProduct::kOutputs;
constexpr int64_t kPairBytes = 2 * kOutputs;  // of a block's weights

// One block of outputs of kCount rows, which lie `row_stride` apart, their sums
// `sum_stride`.
template <int64_t kCount>
void MultiplyPortable(const int8_t* weights, const int16_t* rows,
                      int64_t row_stride, int64_t pairs, int32_t* sums,
                      int64_t sum_stride) {
  for (int64_t row = 0; row < kCount; ++row) {
    int32_t totals[kOutputs] = {};
    for (int64_t pair = 0; pair < pairs; ++pair) {
      const int8_t* const of_pair = weights + pair * kPairBytes;
      const int32_t first = rows[2 * pair], second = rows[2 * pair + 1];
      for (int64_t o = 0; o < kOutputs; ++o)
        totals[o] += first * of_pair[2 * o] + second * of_pair[2 * o + 1];
    }
    std::copy_n(totals, kOutputs, sums);
    rows += row_stride;
    sums += sum_stride;
  }
}

#if defined(__x86_64__)

// Twelve sums, the pair's weights and the row's pair share 16 registers.
template <int64_t kCount>
__attribute__((target("avx2"))) void MultiplyAvx2(const int8_t* weights,
                                                  const int16_t* rows,
                                                  int64_t row_stride,
                                                  int64_t pairs, int32_t* sums,
                                                  int64_t sum_stride) {
  __m256i totals[kCount][2];
#pragma GCC unroll 6
  for (int64_t row = 0; row < kCount; ++row)
    totals[row][0] = totals[row][1] = _mm256_setzero_si256();
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const auto* const of_pair =
        reinterpret_cast<const __m128i*>(weights + pair * kPairBytes);
    const __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128(of_pair));
    const __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128(of_pair + 1));
#pragma GCC unroll 6
    for (int64_t row = 0; row < kCount; ++row) {
      int32_t both;
      std::memcpy(&both, rows + row * row_stride + 2 * pair, sizeof(both));
      const __m256i spread = _mm256_set1_epi32(both);
      totals[row][0] =
          _mm256_add_epi32(totals[row][0], _mm256_madd_epi16(spread, low));
      totals[row][1] =
          _mm256_add_epi32(totals[row][1], _mm256_madd_epi16(spread, high));
    }
  }
#pragma GCC unroll 6
  for (int64_t row = 0; row < kCount; ++row) {
    auto* const to = reinterpret_cast<__m256i*>(sums + row * sum_stride);
    _mm256_storeu_si256(to, totals[row][0]);
    _mm256_storeu_si256(to + 1, totals[row][1]);
  }
}

#endif  // defined(__x86_64__)

using BlockFunction = void (*)(const int8_t* weights, const int16_t* rows,
                               int64_t row_stride, int64_t pairs, int32_t* sums,
                               int64_t sum_stride);

template <int64_t kCount>
BlockFunction FunctionOf(IntegerInstructions instructions) {
#if defined(__x86_64__)
  if (instructions != IntegerInstructions::kPortable)
    return MultiplyAvx2<kCount>;
#endif
  return MultiplyPortable<kCount>;
}

// For `count` rows, 1 to kRows.
BlockFunction FunctionOf(int64_t count, IntegerInstructions instructions) {
  switch (count) {
    case 1:
      return FunctionOf<1>(instructions);
    case 2:
      return FunctionOf<2>(instructions);
    case 3:
      return FunctionOf<3>(instructions);
    case 4:
      return FunctionOf<4>(instructions);
    case 5:
      return FunctionOf<5>(instructions);
    default:
      return FunctionOf<kRows>(instructions);
  }
}

}  // namespace

WidenedProduct::WidenedProduct(int64_t inputs, int64_t outputs,
                               std::span<const int8_t> weights, bool packed)
    : pairs_((inputs + 1) / 2), blocks_((outputs + kOutputs - 1) / kOutputs) {
  Buffer matrix(blocks_ * pairs_ * kPairBytes);
  auto* const bytes = static_cast<int8_t*>(matrix.data());
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < inputs; ++i) {
      const int64_t pair = o / kOutputs * pairs_ + i / 2;
      bytes[pair * kPairBytes + o % kOutputs * 2 + i % 2] =
          weights[o * inputs + i];
    }
  }
  const auto count = static_cast<int64_t>(matrix.bytes());
  weights_ = ResidentWeights(std::move(matrix), count, packed);
}

void WidenedProduct::Multiply(const int8_t* matrix, int64_t count,
                              const int16_t* rows, int64_t first_block,
                              int64_t end_block, int32_t* sums,
                              IntegerInstructions instructions) const {
  // A block's weights stay in the nearest caches for all rows.
  for (int64_t block = first_block; block < end_block; ++block) {
    for (int64_t row = 0; row < count; row += kRows) {
      const BlockFunction multiply =
          FunctionOf(std::min(kRows, count - row), instructions);
      multiply(matrix + block * pairs_ * kPairBytes,
               rows + row * padded_inputs(), padded_inputs(), pairs_,
               sums + row * padded_outputs() + block * kOutputs,
               padded_outputs());
    }
  }
}

TRITLAB_VECTOR_CLONES
void WidenBytes(const uint8_t* input, int64_t count, int16_t* output) {
  for (int64_t i = 0; i < count; ++i) output[i] = input[i];
}
TRITLAB_VECTOR_CLONES
void WidenBytes(const int8_t* input, int64_t count, int16_t* output) {
  for (int64_t i = 0; i < count; ++i) output[i] = int16_t{input[i]};
}

}  // namespace tritlab
