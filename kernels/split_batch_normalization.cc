#include "kernels/split_batch_normalization.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/relu.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// Sums are taken over so many parts of the pixels, whatever the number of
// threads, and then over the parts in turn.
constexpr int64_t kParts = 32;

// Below 16 Ki elements, waking threads costs more than the loop.
int64_t PixelsWorthThreads(int64_t channels) {
  return (1 << 14) / channels + 1;
}

int64_t Pixels(const BatchNormalizationShape& shape) {
  return shape.input.size() / shape.input.channels;
}

std::vector<float> InverseDeviation(std::span<const float> variance,
                                    float epsilon) {
  std::vector<float> inverse;
  for (const float v : variance) {
    inverse.push_back(
        static_cast<float>(1 / std::sqrt(static_cast<double>(v) + epsilon)));
  }
  return inverse;
}

// Where a ReLU was closed, nothing came through. `output` is nullptr without
// one.
template <typename T>
TRITLAB_ALWAYS_INLINE float BehindRelu(float gradient, const T* output,
                                       int64_t i) {
  if (output == nullptr) return gradient;
  return ValueIf(Load(output[i]) > 0, gradient);
}

// One value a channel each.
struct Coefficients {
  const float* a;
  const float* b;
  const float* c;
};

// The loops, once for both types, over `pixels` of `channels` values.

template <typename T>
TRITLAB_ALWAYS_INLINE void SumLoop(const T* input, int64_t pixels,
                                   int64_t channels, double* sums,
                                   double* squares) {
  for (int64_t p = 0; p < pixels; ++p, input += channels) {
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      const double x = Load(input[c]);
      sums[c] += x;
      squares[c] += x * x;
    }
  }
}

// output = a + b * (input - c), 0 for what is negative if there is a ReLU.
template <typename T>
TRITLAB_ALWAYS_INLINE void ApplyLoop(const T* input, int64_t pixels,
                                     int64_t channels, const Coefficients& of,
                                     bool relu, T* output) {
  for (int64_t p = 0; p < pixels; ++p, input += channels, output += channels) {
    if (relu) {
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        Store(Relu(of.a[c] + of.b[c] * (Load(input[c]) - of.c[c])), output[c]);
      }
    } else {
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c)
        Store(of.a[c] + of.b[c] * (Load(input[c]) - of.c[c]), output[c]);
    }
  }
}

template <typename T>
TRITLAB_ALWAYS_INLINE void GradientSumLoop(const T* input, const T* output,
                                           const T* grad_output, int64_t pixels,
                                           int64_t channels, const float* mean,
                                           const float* inverse, double* sums,
                                           double* products) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t begin = p * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = begin + c;
      const float g = BehindRelu(Load(grad_output[i]), output, i);
      sums[c] += g;
      products[c] +=
          static_cast<double>(g) * ((Load(input[i]) - mean[c]) * inverse[c]);
    }
  }
}

// grad_input = a * (g - b - (input - mean) * c)
template <typename T>
TRITLAB_ALWAYS_INLINE void GradientLoop(const T* input, const T* output,
                                        const T* grad_output, int64_t pixels,
                                        int64_t channels, const float* mean,
                                        const Coefficients& of, T* grad_input) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t begin = p * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = begin + c;
      const float g = BehindRelu(Load(grad_output[i]), output, i);
      Store(of.a[c] * (g - of.b[c] - (Load(input[i]) - mean[c]) * of.c[c]),
            grad_input[i]);
    }
  }
}

// One function a type and loop, since only plain functions can be cloned.

TRITLAB_VECTOR_CLONES
void SumPart(const float* input, int64_t pixels, int64_t channels, double* sums,
             double* squares) {
  SumLoop(input, pixels, channels, sums, squares);
}
TRITLAB_VECTOR_CLONES
void SumPart(const BFloat16* input, int64_t pixels, int64_t channels,
             double* sums, double* squares) {
  SumLoop(input, pixels, channels, sums, squares);
}

TRITLAB_VECTOR_CLONES
void ApplyPart(const float* input, int64_t pixels, int64_t channels,
               const Coefficients& of, bool relu, float* output) {
  ApplyLoop(input, pixels, channels, of, relu, output);
}
TRITLAB_VECTOR_CLONES
void ApplyPart(const BFloat16* input, int64_t pixels, int64_t channels,
               const Coefficients& of, bool relu, BFloat16* output) {
  ApplyLoop(input, pixels, channels, of, relu, output);
}

TRITLAB_VECTOR_CLONES
void GradientSumPart(const float* input, const float* output,
                     const float* grad_output, int64_t pixels, int64_t channels,
                     const float* mean, const float* inverse, double* sums,
                     double* products) {
  GradientSumLoop(input, output, grad_output, pixels, channels, mean, inverse,
                  sums, products);
}
TRITLAB_VECTOR_CLONES
void GradientSumPart(const BFloat16* input, const BFloat16* output,
                     const BFloat16* grad_output, int64_t pixels,
                     int64_t channels, const float* mean, const float* inverse,
                     double* sums, double* products) {
  GradientSumLoop(input, output, grad_output, pixels, channels, mean, inverse,
                  sums, products);
}

TRITLAB_VECTOR_CLONES
void GradientPart(const float* input, const float* output,
                  const float* grad_output, int64_t pixels, int64_t channels,
                  const float* mean, const Coefficients& of,
                  float* grad_input) {
  GradientLoop(input, output, grad_output, pixels, channels, mean, of,
               grad_input);
}
TRITLAB_VECTOR_CLONES
void GradientPart(const BFloat16* input, const BFloat16* output,
                  const BFloat16* grad_output, int64_t pixels, int64_t channels,
                  const float* mean, const Coefficients& of,
                  BFloat16* grad_input) {
  GradientLoop(input, output, grad_output, pixels, channels, mean, of,
               grad_input);
}

// Calls function(T{}), T being the element of `type`.
template <typename Function>
void WithElement(DataType type, Function function) {
  if (type == DataType::kF32) {
    function(float{});
  } else {
    function(BFloat16{});
  }
}

template <typename T>
const T* As(const void* memory, int64_t offset) {
  return memory == nullptr ? nullptr : static_cast<const T*>(memory) + offset;
}

// sums, [2][channels], of what part(first pixel, pixels, sums, second sums)
// adds to its own sums.
template <typename Function>
void SumOverParts(int64_t pixels, int64_t channels, std::span<double> sums,
                  Function part) {
  const int64_t parts =
      pixels < PixelsWorthThreads(channels) ? 1 : std::min(kParts, pixels);
  std::vector<double> partial(parts * 2 * channels, 0.0);
#pragma omp parallel for schedule(static) if (parts > 1)
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t begin = pixels * i / parts;
    const int64_t end = pixels * (i + 1) / parts;
    double* const own = partial.data() + i * 2 * channels;
    part(begin, end - begin, own, own + channels);
  }
  std::fill(sums.begin(), sums.end(), 0.0);
  for (int64_t i = 0; i < parts; ++i) {
    for (int64_t k = 0; k < 2 * channels; ++k)
      sums[k] += partial[i * 2 * channels + k];
  }
}

}  // namespace

void BatchNormalizationSums(const BatchNormalizationShape& shape, DataType type,
                            const void* input, std::span<double> sums) {
  const int64_t channels = shape.input.channels;
  assert(static_cast<int64_t>(sums.size()) == 2 * channels);
  WithElement(type, [&](auto element) {
    using T = decltype(element);
    SumOverParts(
        Pixels(shape), channels, sums,
        [&](int64_t first, int64_t pixels, double* own, double* squares) {
          SumPart(As<T>(input, first * channels), pixels, channels, own,
                  squares);
        });
  });
}

void BatchNormalizationStatistics(std::span<const double> sums, double pixels,
                                  std::span<float> mean,
                                  std::span<float> variance) {
  const size_t channels = mean.size();
  assert(sums.size() == 2 * channels);
  for (size_t c = 0; c < channels; ++c) {
    const double exact = sums[c] / pixels;
    mean[c] = static_cast<float>(exact);
    const double difference = sums[channels + c] / pixels - exact * exact;
    // Rounding may leave a constant channel just below 0; NaN comes through.
    variance[c] = static_cast<float>(0 > difference ? 0 : difference);
  }
}

void BatchNormalizationApply(const BatchNormalizationShape& shape,
                             DataType type, const void* input,
                             std::span<const float> scale,
                             std::span<const float> shift,
                             std::span<const float> mean,
                             std::span<const float> variance, void* output) {
  const int64_t channels = shape.input.channels;
  std::vector<float> factor = InverseDeviation(variance, shape.epsilon);
  for (int64_t c = 0; c < channels; ++c) factor[c] *= scale[c];
  const Coefficients of{shift.data(), factor.data(), mean.data()};
  WithElement(type, [&](auto element) {
    using T = decltype(element);
    ParallelFor(Pixels(shape), /*grain=*/1, PixelsWorthThreads(channels),
                [&](int64_t begin, int64_t end) {
                  ApplyPart(As<T>(input, begin * channels), end - begin,
                            channels, of, shape.relu,
                            static_cast<T*>(output) + begin * channels);
                });
  });
}

void BatchNormalizationGradientSums(const BatchNormalizationShape& shape,
                                    DataType type, const void* input,
                                    const void* output, const void* grad_output,
                                    std::span<const float> mean,
                                    std::span<const float> variance,
                                    std::span<double> sums) {
  const int64_t channels = shape.input.channels;
  assert(static_cast<int64_t>(sums.size()) == 2 * channels);
  const std::vector<float> inverse = InverseDeviation(variance, shape.epsilon);
  const void* const relu_output = shape.relu ? output : nullptr;
  WithElement(type, [&](auto element) {
    using T = decltype(element);
    SumOverParts(
        Pixels(shape), channels, sums,
        [&](int64_t first, int64_t pixels, double* own, double* products) {
          const int64_t offset = first * channels;
          GradientSumPart(As<T>(input, offset), As<T>(relu_output, offset),
                          As<T>(grad_output, offset), pixels, channels,
                          mean.data(), inverse.data(), own, products);
        });
  });
}

void BatchNormalizationInputGradient(
    const BatchNormalizationShape& shape, DataType type, const void* input,
    const void* output, const void* grad_output, std::span<const float> scale,
    std::span<const float> mean, std::span<const float> variance,
    std::span<const double> sums, double pixels, void* grad_input) {
  const int64_t channels = shape.input.channels;
  const std::vector<float> inverse = InverseDeviation(variance, shape.epsilon);
  std::vector<float> factor(channels), mean_gradient(channels), slope(channels);
  for (int64_t c = 0; c < channels; ++c) {
    factor[c] = scale[c] * inverse[c];
    mean_gradient[c] = static_cast<float>(sums[c] / pixels);
    slope[c] = static_cast<float>(sums[channels + c] / pixels) * inverse[c];
  }
  const Coefficients of{factor.data(), mean_gradient.data(), slope.data()};
  const void* const relu_output = shape.relu ? output : nullptr;
  WithElement(type, [&](auto element) {
    using T = decltype(element);
    ParallelFor(Pixels(shape), /*grain=*/1, PixelsWorthThreads(channels),
                [&](int64_t begin, int64_t end) {
                  const int64_t offset = begin * channels;
                  GradientPart(As<T>(input, offset), As<T>(relu_output, offset),
                               As<T>(grad_output, offset), end - begin,
                               channels, mean.data(), of,
                               static_cast<T*>(grad_input) + offset);
                });
  });
}

}  // namespace tritlab
