#include "kernels/nonzero_products.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// Places that are counted at a time, over all images: their counts stay in the
// first-level cache.
constexpr int64_t kPlaces = 2048;
constexpr int64_t kGrain = 64;
// Values of all images together, below which threads are not worth waking.
constexpr int64_t kSerialBelow = 1 << 14;

TRITLAB_ALWAYS_INLINE int32_t IsNonzero(float value) { return value != 0; }
TRITLAB_ALWAYS_INLINE int32_t IsNonzero(BFloat16 value) {
  return (value.bits & 0x7fff) != 0;
}

// One function a type, since only plain functions can be cloned.
TRITLAB_VECTOR_CLONES
void AddNonzeros(const float* values, int64_t count, int32_t* nonzeros) {
#pragma omp simd
  for (int64_t k = 0; k < count; ++k) nonzeros[k] += IsNonzero(values[k]);
}
TRITLAB_VECTOR_CLONES
void AddNonzeros(const BFloat16* values, int64_t count, int32_t* nonzeros) {
#pragma omp simd
  for (int64_t k = 0; k < count; ++k) nonzeros[k] += IsNonzero(values[k]);
}

template <typename T>
void CountAll(const T* values, std::span<const int64_t> images,
              std::span<int32_t> nonzeros) {
  const auto size = static_cast<int64_t>(nonzeros.size());
  const int64_t serial_below =
      kSerialBelow / std::max<int64_t>(static_cast<int64_t>(images.size()), 1);
  ParallelFor(size, kGrain, serial_below, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k += kPlaces) {
      const int64_t places = std::min(kPlaces, end - k);
      for (const int64_t n : images)
        AddNonzeros(values + n * size + k, places, nonzeros.data() + k);
    }
  });
}

// The kernel's rows (or columns) that read row `at` of the input for some row
// of the output.
std::vector<int64_t> Reaching(int64_t at, int64_t kernel, int64_t stride,
                              int64_t padding, int64_t outputs) {
  std::vector<int64_t> reaching;
  for (int64_t i = 0; i < kernel; ++i) {
    const int64_t from = at + padding - i;
    if (from >= 0 && from % stride == 0 && from / stride < outputs)
      reaching.push_back(i);
  }
  return reaching;
}

// [kernel row][kernel column][input channel of all groups].
std::vector<int32_t> NonzeroWeights(const ConvolutionShape& shape,
                                    std::span<const float> weights) {
  const int64_t channels = shape.input.channels;
  const int64_t in_group = channels / shape.groups;
  const int64_t out_group = shape.out_channels / shape.groups;
  const int64_t positions = shape.kernel_height * shape.kernel_width;
  std::vector<int32_t> nonzero(positions * channels, 0);
  const float* weight = weights.data();
  for (int64_t o = 0; o < shape.out_channels; ++o) {
    const int64_t first = o / out_group * in_group;
    for (int64_t p = 0; p < positions; ++p) {
      int32_t* const counts = nonzero.data() + p * channels + first;
      for (int64_t c = 0; c < in_group; ++c) counts[c] += *weight++ != 0;
    }
  }
  return nonzero;
}

}  // namespace

void CountNonzeros(DataType type, const void* values,
                   std::span<const int64_t> images,
                   std::span<int32_t> nonzeros) {
  if (type == DataType::kF32) {
    CountAll(static_cast<const float*>(values), images, nonzeros);
  } else {
    CountAll(static_cast<const BFloat16*>(values), images, nonzeros);
  }
}

int64_t NonzeroProducts(const ConvolutionShape& shape,
                        std::span<const float> weights,
                        std::span<const int32_t> nonzeros) {
  const Shape in = shape.input, out = shape.output();
  const std::vector<int32_t> nonzero_weights = NonzeroWeights(shape, weights);
  std::vector<std::vector<int64_t>> columns;
  for (int64_t x = 0; x < in.width; ++x) {
    columns.push_back(Reaching(x, shape.kernel_width, shape.stride,
                               shape.padding, out.width));
  }
  int64_t products = 0;
#pragma omp parallel for schedule(static) reduction(+ : products)
  for (int64_t y = 0; y < in.height; ++y) {
    for (const int64_t i : Reaching(y, shape.kernel_height, shape.stride,
                                    shape.padding, out.height)) {
      for (int64_t x = 0; x < in.width; ++x) {
        const int32_t* const activations =
            nonzeros.data() + (y * in.width + x) * in.channels;
        for (const int64_t j : columns[x]) {
          const int32_t* const of_weights =
              nonzero_weights.data() +
              (i * shape.kernel_width + j) * in.channels;
          for (int64_t c = 0; c < in.channels; ++c)
            products += int64_t{activations[c]} * of_weights[c];
        }
      }
    }
  }
  return products;
}

}  // namespace tritlab
