#include "kernels/normalization_loops.h"

#include <algorithm>
#include <cstdint>

#include "base/vector_clones.h"
#include "kernels/relu.h"

namespace tritlab {
namespace {

TRITLAB_ALWAYS_INLINE float Normalized(float value, const RowVectors& rows,
                                       int64_t j) {
  return (value - rows.mean[j]) * rows.factor[j] + rows.shift[j];
}

// Outputs may be inputs, and no element depends on another, which is what
// `simd` promises the compiler.

template <Tail tail>
TRITLAB_ALWAYS_INLINE void NormalizeLoop(const float* input,
                                         const float* addend, float* output,
                                         int64_t count, int64_t width,
                                         const RowVectors& rows) {
  for (int64_t row = 0; row < count; row += width) {
    const int64_t end = std::min(width, count - row);
#pragma omp simd
    for (int64_t j = 0; j < end; ++j) {
      float value = Normalized(input[row + j], rows, j);
      if constexpr (tail == Tail::kAddRelu) value += addend[row + j];
      if constexpr (tail != Tail::kNothing) value = Relu(value);
      output[row + j] = value;
    }
  }
}

template <Tail tail, bool two>
TRITLAB_ALWAYS_INLINE void GradientSumsLoop(const Received<float>& from,
                                            float* masked, int64_t count,
                                            int64_t width,
                                            const RowVectors& rows, float* sums,
                                            float* products) {
  for (int64_t row = 0; row < count; row += width) {
    const int64_t end = std::min(width, count - row);
#pragma omp simd
    for (int64_t j = 0; j < end; ++j) {
      const int64_t i = row + j;
      const float value = from.input[i];
      float g = from.gradient[i];
      if constexpr (two) g += from.gradient_2[i];
      if constexpr (tail == Tail::kRelu)
        g = ValueIf(Normalized(value, rows, j) > 0, g);
      if constexpr (tail == Tail::kAddRelu) {
        g = ValueIf(from.output[i] > 0, g);
        masked[i] = g;
      }
      sums[j] += g;
      products[j] += g * (value - rows.mean[j]);
    }
  }
}

template <bool relu>
TRITLAB_ALWAYS_INLINE void InputGradientLoop(
    const float* input, const float* gradient, float* grad_input, int64_t count,
    int64_t width, const RowVectors& rows, const float* mean_gradient,
    const float* slope) {
  for (int64_t row = 0; row < count; row += width) {
    const int64_t end = std::min(width, count - row);
#pragma omp simd
    for (int64_t j = 0; j < end; ++j) {
      const int64_t i = row + j;
      const float value = input[i];
      float g = gradient[i];
      if constexpr (relu) g = ValueIf(Normalized(value, rows, j) > 0, g);
      const float rest =
          g - mean_gradient[j] - (value - rows.mean[j]) * slope[j];
      grad_input[i] = rows.factor[j] * rest;
    }
  }
}

}  // namespace

TRITLAB_VECTOR_CLONES
void Moments(const float* input, int64_t count, int64_t width,
             const float* origin, float* sums, float* squares) {
  for (int64_t row = 0; row < count; row += width) {
    const int64_t end = std::min(width, count - row);
#pragma omp simd
    for (int64_t j = 0; j < end; ++j) {
      const float difference = input[row + j] - origin[j];
      sums[j] += difference;
      squares[j] += difference * difference;
    }
  }
}

TRITLAB_VECTOR_CLONES
void Normalize(Tail tail, const float* input, const float* addend,
               float* output, int64_t count, int64_t width,
               const RowVectors& vectors) {
  const RowVectors rows = vectors;
  switch (tail) {
    case Tail::kNothing:
      return NormalizeLoop<Tail::kNothing>(input, addend, output, count, width,
                                           rows);
    case Tail::kRelu:
      return NormalizeLoop<Tail::kRelu>(input, addend, output, count, width,
                                        rows);
    case Tail::kAddRelu:
      return NormalizeLoop<Tail::kAddRelu>(input, addend, output, count, width,
                                           rows);
  }
}

TRITLAB_VECTOR_CLONES
void GradientSums(Tail tail, const Received<float>& received, float* masked,
                  int64_t count, int64_t width, const RowVectors& vectors,
                  float* sums, float* products) {
  const Received<float> from = received;
  const RowVectors rows = vectors;
  switch (tail) {
    case Tail::kNothing:
      return GradientSumsLoop<Tail::kNothing, false>(from, masked, count, width,
                                                     rows, sums, products);
    case Tail::kRelu:
      return GradientSumsLoop<Tail::kRelu, false>(from, masked, count, width,
                                                  rows, sums, products);
    case Tail::kAddRelu:
      if (from.gradient_2 != nullptr) {
        return GradientSumsLoop<Tail::kAddRelu, true>(
            from, masked, count, width, rows, sums, products);
      }
      return GradientSumsLoop<Tail::kAddRelu, false>(from, masked, count, width,
                                                     rows, sums, products);
  }
}

TRITLAB_VECTOR_CLONES
void InputGradient(bool relu, const float* input, const float* gradient,
                   float* grad_input, int64_t count, int64_t width,
                   const RowVectors& vectors, const float* mean_gradient,
                   const float* slope) {
  const RowVectors rows = vectors;
  if (relu) {
    InputGradientLoop<true>(input, gradient, grad_input, count, width, rows,
                            mean_gradient, slope);
  } else {
    InputGradientLoop<false>(input, gradient, grad_input, count, width, rows,
                             mean_gradient, slope);
  }
}

}  // namespace tritlab
