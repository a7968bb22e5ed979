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

TRITLAB_VECTOR_CLONES
void QuantizePiece(const float* values, int64_t count, float per_step,
                   uint8_t* output) {
  for (int64_t i = 0; i < count; ++i)
    output[i] = Saturate<uint8_t>(values[i] * per_step);
}
TRITLAB_VECTOR_CLONES
void QuantizePiece(const float* values, int64_t count, float per_step,
                   int8_t* output) {
  for (int64_t i = 0; i < count; ++i)
    output[i] = Saturate<int8_t>(values[i] * per_step);
}

template <typename Byte>
void Quantize(const float* values, int64_t count, float step, Byte* output) {
  const float per_step = 1 / step;
  constexpr int64_t kPiece = 4096;
#pragma omp parallel for schedule(static)
  for (int64_t begin = 0; begin < count; begin += kPiece) {
    QuantizePiece(values + begin, std::min(kPiece, count - begin), per_step,
                  output + begin);
  }
}

template <typename Byte>
void Pool(const PoolingShape& shape, float scale, const Byte* input,
          Byte* output) {
  const Shape in = shape.input, out = shape.output();
  const bool max = shape.kind == PoolingShape::Kind::kMax;
#pragma omp parallel
  {
    std::vector<int32_t> window(in.channels);
#pragma omp for schedule(static)
    for (int64_t pixel = 0; pixel < out.batch * out.height * out.width;
         ++pixel) {
      const int64_t x = pixel % out.width, y = pixel / out.width % out.height;
      const Byte* const image =
          input + pixel / (out.width * out.height) * in.image_size();
      const int64_t top =
          std::max<int64_t>(y * shape.stride - shape.padding, 0);
      const int64_t left =
          std::max<int64_t>(x * shape.stride - shape.padding, 0);
      const int64_t bottom = std::min(
          y * shape.stride - shape.padding + shape.window_height, in.height);
      const int64_t right = std::min(
          x * shape.stride - shape.padding + shape.window_width, in.width);
      std::fill(window.begin(), window.end(),
                max ? std::numeric_limits<Byte>::lowest() : 0);
      for (int64_t in_y = top; in_y < bottom; ++in_y) {
        for (int64_t in_x = left; in_x < right; ++in_x) {
          const Byte* const from =
              image + (in_y * in.width + in_x) * in.channels;
          for (int64_t c = 0; c < in.channels; ++c) {
            window[c] = max ? std::max<int32_t>(window[c], from[c])
                            : window[c] + from[c];
          }
        }
      }
      Byte* const to = output + pixel * in.channels;
      for (int64_t c = 0; c < in.channels; ++c) {
        to[c] = max ? static_cast<Byte>(window[c])
                    : Saturate<Byte>(scale * static_cast<float>(window[c]));
      }
    }
  }
}

}  // namespace

void QuantizeBytes(const float* values, int64_t count, float step,
                   ByteType type, void* output) {
  if (type == ByteType::kU8) {
    Quantize(values, count, step, static_cast<uint8_t*>(output));
  } else {
    Quantize(values, count, step, static_cast<int8_t*>(output));
  }
}

void PoolBytes(const PoolingShape& shape, ByteType type, float scale,
               const void* input, void* output) {
  if (type == ByteType::kU8) {
    Pool(shape, scale, static_cast<const uint8_t*>(input),
         static_cast<uint8_t*>(output));
  } else {
    Pool(shape, scale, static_cast<const int8_t*>(input),
         static_cast<int8_t*>(output));
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
