#include "kernels/integer/byte_elementwise.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "base/vector_clones.h"

namespace tritlab {
namespace {

template <typename Byte>
TRITLAB_ALWAYS_INLINE Byte Saturate(float value) {
  constexpr float kLowest = std::numeric_limits<Byte>::lowest();
  constexpr float kHighest = std::numeric_limits<Byte>::max();
  value = value > kLowest ? value : kLowest;
  value = value < kHighest ? value : kHighest;
  // Between these, floats are whole numbers: adding rounds to nearest even, as
  // vector instructions do it without a call for each value.
  constexpr float kWholeNumbers = 3 << 22;
  return static_cast<Byte>(
      static_cast<int32_t>(value + kWholeNumbers - kWholeNumbers));
}

template <typename Byte>
void Quantize(const float* values, int64_t count, float step, Byte* output) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i)
    output[i] = Saturate<Byte>(values[i] / step);
}

// Output pixels first to end. window: memory for one value a channel.
template <typename Byte>
TRITLAB_ALWAYS_INLINE void PoolPixels(const PoolingShape& shape, float scale,
                                      int64_t first, int64_t end,
                                      const Byte* input, int32_t* window,
                                      Byte* output) {
  const Shape in = shape.input, out = shape.output();
  const int64_t channels = in.channels;
  const bool max = shape.kind == PoolingShape::Kind::kMax;
  for (int64_t pixel = first; pixel < end; ++pixel) {
    const int64_t x = pixel % out.width, y = pixel / out.width % out.height;
    const Byte* const image =
        input + pixel / (out.width * out.height) * in.image_size();
    const int64_t top = y * shape.stride - shape.padding;
    const int64_t left = x * shape.stride - shape.padding;
    const int64_t bottom = std::min(top + shape.window_height, in.height);
    const int64_t right = std::min(left + shape.window_width, in.width);
    std::fill_n(window, channels,
                max ? std::numeric_limits<Byte>::lowest() : 0);
    for (int64_t in_y = std::max<int64_t>(top, 0); in_y < bottom; ++in_y) {
      for (int64_t in_x = std::max<int64_t>(left, 0); in_x < right; ++in_x) {
        const Byte* const from = image + (in_y * in.width + in_x) * channels;
        if (max) {
          for (int64_t c = 0; c < channels; ++c)
            window[c] = std::max<int32_t>(window[c], from[c]);
        } else {
          for (int64_t c = 0; c < channels; ++c) window[c] += from[c];
        }
      }
    }
    Byte* const to = output + pixel * channels;
    if (max) {
      for (int64_t c = 0; c < channels; ++c)
        to[c] = static_cast<Byte>(window[c]);
    } else {
      for (int64_t c = 0; c < channels; ++c)
        to[c] = Saturate<Byte>(scale * static_cast<float>(window[c]));
    }
  }
}

TRITLAB_VECTOR_CLONES
void PoolRow(const PoolingShape& shape, float scale, int64_t first, int64_t end,
             const uint8_t* input, int32_t* window, uint8_t* output) {
  PoolPixels(shape, scale, first, end, input, window, output);
}
TRITLAB_VECTOR_CLONES
void PoolRow(const PoolingShape& shape, float scale, int64_t first, int64_t end,
             const int8_t* input, int32_t* window, int8_t* output) {
  PoolPixels(shape, scale, first, end, input, window, output);
}

// Windows of one pixel, as they are.
void Subsample(const PoolingShape& shape, const uint8_t* input,
               uint8_t* output) {
  const Shape& in = shape.input;
  const Shape out = shape.output();
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < out.batch * out.height; ++row) {
    const int64_t image = row / out.height, y = row % out.height;
    const uint8_t* from =
        input + (image * in.height + y * shape.stride) * in.width * in.channels;
    uint8_t* to = output + row * out.width * out.channels;
    for (int64_t x = 0; x < out.width; ++x) {
      std::memcpy(to, from, out.channels);
      to += out.channels;
      from += shape.stride * in.channels;
    }
  }
}

template <typename Byte>
void Pool(const PoolingShape& shape, float scale, const Byte* input,
          Byte* output) {
  const Shape out = shape.output();
  const bool one_pixel =
      shape.window_height == 1 && shape.window_width == 1 && shape.padding == 0;
  if (one_pixel && (shape.kind == PoolingShape::Kind::kMax || scale == 1)) {
    return Subsample(shape, reinterpret_cast<const uint8_t*>(input),
                     reinterpret_cast<uint8_t*>(output));
  }
#pragma omp parallel
  {
    std::vector<int32_t> window(out.channels);
#pragma omp for schedule(static)
    for (int64_t row = 0; row < out.batch * out.height; ++row) {
      PoolRow(shape, scale, row * out.width, (row + 1) * out.width, input,
              window.data(), output);
    }
  }
}

TRITLAB_ALWAYS_INLINE float Scaled(float value, float scale, float bias) {
  return value * scale + bias;
}
TRITLAB_VECTOR_CLONES
void ScalePixel(const uint8_t* input, int64_t channels, const float* scales,
                const float* biases, uint8_t* output) {
  for (int64_t c = 0; c < channels; ++c)
    output[c] = Saturate<uint8_t>(Scaled(input[c], scales[c], biases[c]));
}
TRITLAB_VECTOR_CLONES
void ScalePixel(const int8_t* input, int64_t channels, const float* scales,
                const float* biases, uint8_t* output) {
  for (int64_t c = 0; c < channels; ++c)
    output[c] = Saturate<uint8_t>(Scaled(input[c], scales[c], biases[c]));
}

template <typename Byte>
void Scale(int64_t pixels, std::span<const float> scales,
           std::span<const float> biases, const Byte* input, uint8_t* output) {
  const auto channels = static_cast<int64_t>(scales.size());
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    ScalePixel(input + pixel * channels, channels, scales.data(), biases.data(),
               output + pixel * channels);
  }
}

template <typename Residual, typename Byte>
TRITLAB_ALWAYS_INLINE void RoundPiece(const float* values, int64_t count,
                                      float residual_scale,
                                      const Residual* residual, float lowest,
                                      Byte* output) {
  // The residual may be the output, which only `simd` allows to vectorize.
  if (residual_scale == 0) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i)
      output[i] = Saturate<Byte>(std::max(values[i], lowest));
  } else {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      const float value =
          values[i] + residual_scale * static_cast<float>(residual[i]);
      output[i] = Saturate<Byte>(std::max(value, lowest));
    }
  }
}
// Clones are made of functions, not of templates.
#define TRITLAB_ROUND_PIECE(Residual, Byte)                                 \
  TRITLAB_VECTOR_CLONES                                                     \
  void RoundPieceOf(const float* values, int64_t count, float scale,        \
                    const Residual* residual, float lowest, Byte* output) { \
    RoundPiece(values, count, scale, residual, lowest, output);             \
  }
TRITLAB_ROUND_PIECE(uint8_t, uint8_t)
TRITLAB_ROUND_PIECE(uint8_t, int8_t)
TRITLAB_ROUND_PIECE(int8_t, uint8_t)
TRITLAB_ROUND_PIECE(int8_t, int8_t)
#undef TRITLAB_ROUND_PIECE

template <typename Residual, typename Byte>
void Round(const float* values, int64_t count, float residual_scale,
           const Residual* residual, bool relu, Byte* output) {
  const float lowest = relu ? 0 : std::numeric_limits<float>::lowest();
  constexpr int64_t kPiece = 4096;
#pragma omp parallel for schedule(static)
  for (int64_t begin = 0; begin < count; begin += kPiece) {
    RoundPieceOf(values + begin, std::min(kPiece, count - begin),
                 residual_scale, residual + begin, lowest, output + begin);
  }
}

// Calls `with` with the array as what it is one of.
template <typename With>
void AsBytes(ByteType type, const void* array, const With& with) {
  if (type == ByteType::kU8) {
    with(static_cast<const uint8_t*>(array));
  } else {
    with(static_cast<const int8_t*>(array));
  }
}
template <typename With>
void AsBytes(ByteType type, void* array, const With& with) {
  if (type == ByteType::kU8) {
    with(static_cast<uint8_t*>(array));
  } else {
    with(static_cast<int8_t*>(array));
  }
}

}  // namespace

void LookUpBytes(int64_t pixels, int64_t channels, const uint8_t* tables,
                 const uint8_t* input, uint8_t* output) {
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t at = pixel * channels + c;
      output[at] = tables[c * 256 + input[at]];
    }
  }
}

void ScaleBytes(int64_t pixels, ByteType input_type,
                std::span<const float> scales, std::span<const float> biases,
                const void* input, uint8_t* output) {
  AsBytes(input_type, input, [&](const auto* bytes) {
    Scale(pixels, scales, biases, bytes, output);
  });
}

void RoundToBytes(const float* values, int64_t count, float residual_scale,
                  ByteType residual_type, const void* residual, bool relu,
                  ByteType type, void* output) {
  AsBytes(residual_type, residual, [&](const auto* of_residual) {
    AsBytes(type, output, [&](auto* bytes) {
      Round(values, count, residual_scale, of_residual, relu, bytes);
    });
  });
}

void ScaleSums(int64_t batch, std::span<const float> scales,
               const int32_t* sums, std::span<const float> more_scales,
               const int32_t* more_sums, std::span<const float> biases,
               float* values) {
  const auto channels = static_cast<int64_t>(scales.size());
#pragma omp parallel for schedule(static)
  for (int64_t at = 0; at < batch * channels; ++at) {
    const int64_t c = at % channels;
    float value = scales[c] * static_cast<float>(sums[at]);
    if (!more_scales.empty())
      value = value + more_scales[c] * static_cast<float>(more_sums[at]);
    values[at] = value + biases[c];
  }
}

void RoundSums(int64_t batch, std::span<const float> scales,
               const int32_t* sums, std::span<const float> more_scales,
               const int32_t* more_sums, std::span<const float> biases,
               bool relu, ByteType type, void* output) {
  std::vector<float> values(batch * scales.size());
  ScaleSums(batch, scales, sums, more_scales, more_sums, biases, values.data());
  // No residual.
  RoundToBytes(values.data(), static_cast<int64_t>(values.size()), 0, type,
               output, relu, type, output);
}

void QuantizeBytes(const float* values, int64_t count, float step,
                   ByteType type, void* output) {
  AsBytes(type, output,
          [&](auto* bytes) { Quantize(values, count, step, bytes); });
}

void PoolBytes(const PoolingShape& shape, ByteType type, float scale,
               const void* input, void* output) {
  AsBytes(type, output, [&]<typename Byte>(Byte* bytes) {
    Pool(shape, scale, static_cast<const Byte*>(input), bytes);
  });
}

void InsertChannelsOfBytes(int64_t pixels, int64_t in_channels, int64_t before,
                           int64_t out_channels, std::span<const uint8_t> table,
                           const uint8_t* input, uint8_t* output) {
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    const uint8_t* const from = input + pixel * in_channels;
    uint8_t* const to = output + pixel * out_channels + before;
    if (table.empty()) {
      std::memcpy(to, from, in_channels);
    } else {
      for (int64_t c = 0; c < in_channels; ++c) to[c] = table[from[c]];
    }
  }
}

void PadChannelsOfBytes(int64_t pixels, int64_t in_channels, int64_t before,
                        int64_t out_channels, const void* input, void* output) {
  const auto* const from = static_cast<const char*>(input);
  auto* const to = static_cast<char*>(output);
#pragma omp parallel for schedule(static)
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    char* const of_pixel = to + pixel * out_channels;
    std::memset(of_pixel, 0, out_channels);
    std::memcpy(of_pixel + before, from + pixel * in_channels, in_channels);
  }
}

}  // namespace tritlab
