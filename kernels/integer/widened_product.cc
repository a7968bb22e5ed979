#include "kernels/integer/widened_product.h"

#include <algorithm>
#include <cstring>

#include "kernels/integer/intrinsics.h"

namespace tritlab {
namespace {

constexpr int64_t kLanes = 8;    // sums of a vector
constexpr int64_t kVectors = 4;  // side by side
constexpr int64_t kBlock = kLanes * kVectors;

void MultiplyPortable(const int16_t* row, int64_t pairs, int64_t outputs,
                      const int16_t* weights, int32_t* sums) {
  std::fill_n(sums, outputs, 0);
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const int32_t first = row[2 * pair], second = row[2 * pair + 1];
    const int16_t* const of_pair = weights + pair * outputs * 2;
    for (int64_t o = 0; o < outputs; ++o)
      sums[o] += first * of_pair[2 * o] + second * of_pair[2 * o + 1];
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void MultiplyAvx2(const int16_t* row,
                                                  int64_t pairs,
                                                  int64_t outputs,
                                                  const int16_t* weights,
                                                  int32_t* sums) {
  for (int64_t block = 0; block < outputs; block += kBlock) {
    __m256i totals[kVectors];
    for (__m256i& total : totals) total = _mm256_setzero_si256();
    const int16_t* of_pair = weights + block * 2;
    for (int64_t pair = 0; pair < pairs; ++pair) {
      int32_t both;
      std::memcpy(&both, row + 2 * pair, sizeof(both));
      const __m256i spread = _mm256_set1_epi32(both);
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
        totals[v] = _mm256_add_epi32(
            totals[v],
            _mm256_madd_epi16(
                spread, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(
                            of_pair + v * kLanes * 2))));
      }
      of_pair += outputs * 2;
    }
    for (int64_t v = 0; v < kVectors; ++v) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + block + v * kLanes),
                          totals[v]);
    }
  }
}

#endif  // defined(__x86_64__)

}  // namespace

WidenedProduct::WidenedProduct(int64_t inputs, int64_t outputs,
                               std::span<const int8_t> weights)
    : pairs_((inputs + 1) / 2),
      outputs_((outputs + kBlock - 1) / kBlock * kBlock),
      weights_(pairs_ * outputs_ * 2) {
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < inputs; ++i) {
      weights_[(i / 2 * outputs_ + o) * 2 + i % 2] = weights[o * inputs + i];
    }
  }
}

void WidenedProduct::Multiply(const int16_t* row, int32_t* sums,
                              IntegerInstructions instructions) const {
#if defined(__x86_64__)
  if (instructions != IntegerInstructions::kPortable)
    return MultiplyAvx2(row, pairs_, outputs_, weights_.data(), sums);
#endif
  MultiplyPortable(row, pairs_, outputs_, weights_.data(), sums);
}

}  // namespace tritlab
