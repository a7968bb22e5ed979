// Internal to kernels/: the loops of batch normalization over activations of
// one type, by the calling thread: over `count` elements, row by row, where a
// row is some whole pixels. What is one value a channel is repeated along a row
// of `width` elements; the last row may be short, by whole pixels. Outputs may
// be inputs.
#ifndef TRITLAB_KERNELS_NORMALIZATION_LOOPS_H_
#define TRITLAB_KERNELS_NORMALIZATION_LOOPS_H_

#include <cstdint>

#include "kernels/bfloat16.h"

namespace tritlab {

// What stands behind the normalization.
enum class Tail { kNothing, kRelu, kAddRelu };

// Vectors of one value a channel, repeated along a row.
struct RowVectors {
  const float* mean;
  const float* factor;
  const float* shift;
};

// What the sums backwards are taken of; nullptr what the tail does not have.
template <typename T>
struct Received {
  const T* input;
  const T* output;
  const T* gradient;
  const T* gradient_2;
};

// sums += input - origin, squares += (input - origin)^2.
void Moments(const float* input, int64_t count, int64_t width,
             const float* origin, float* sums, float* squares);

// output = (input - mean) * factor + shift, and what the tail makes of it.
void Normalize(Tail tail, const float* input, const float* addend,
               float* output, int64_t count, int64_t width,
               const RowVectors& rows);

// With g the sum of the gradients behind the ReLU: sums += g, products += g
// (input - mean). With an addition, g is written to `masked`, which is null
// elsewhere.
void GradientSums(Tail tail, const Received<float>& from, float* masked,
                  int64_t count, int64_t width, const RowVectors& rows,
                  float* sums, float* products);

// grad_input = factor (g - mean_gradient - (input - mean) slope), with g the
// gradient behind the ReLU, where there is one.
void InputGradient(bool relu, const float* input, const float* gradient,
                   float* grad_input, int64_t count, int64_t width,
                   const RowVectors& rows, const float* mean_gradient,
                   const float* slope);

// The same over bf16, computed in f32. Where the processor converts to bf16,
// what is below f32's normal numbers becomes 0.
void Moments(const BFloat16* input, int64_t count, int64_t width,
             const float* origin, float* sums, float* squares);
void Normalize(Tail tail, const BFloat16* input, const BFloat16* addend,
               BFloat16* output, int64_t count, int64_t width,
               const RowVectors& rows);
void GradientSums(Tail tail, const Received<BFloat16>& from, BFloat16* masked,
                  int64_t count, int64_t width, const RowVectors& rows,
                  float* sums, float* products);
void InputGradient(bool relu, const BFloat16* input, const BFloat16* gradient,
                   BFloat16* grad_input, int64_t count, int64_t width,
                   const RowVectors& rows, const float* mean_gradient,
                   const float* slope);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_NORMALIZATION_LOOPS_H_
