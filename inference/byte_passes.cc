#include "inference/byte_passes.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "kernels/integer/byte_elementwise.h"
#include "kernels/integer/byte_local_response_normalization.h"

namespace tritlab {
namespace {

int64_t PixelsOf(const Shape& shape) { return shape.size() / shape.channels; }

}  // namespace

absl::StatusOr<std::vector<float>> NormalizedPixels(
    const PackedModelDescription& description, int64_t channels) {
  if (description.mean_size() != channels ||
      description.deviation_size() != channels) {
    return absl::InvalidArgumentError(
        "the model does not say how images are normalized; pack it anew");
  }
  std::vector<float> normalized;
  for (int c = 0; c < description.mean_size(); ++c) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      normalized.push_back(
          (static_cast<float>(pixel) / 255 - description.mean(c)) /
          description.deviation(c));
    }
  }
  const float step = StepOfPixels(normalized);
  if (!(step > 0 && std::isfinite(step)) ||
      std::any_of(normalized.begin(), normalized.end(),
                  [](float value) { return std::isnan(value); }))
    return absl::InvalidArgumentError(
        "the images' normalization is impossible; pack it anew");
  return normalized;
}

float StepOfPixels(const std::vector<float>& normalized) {
  float largest = 0;
  for (const float value : normalized)
    largest = std::max(largest, std::abs(value));
  return StepOf(largest, ByteType::kS8);
}

ByteStep ImageAsBytes(const std::vector<float>& normalized,
                      const ByteTensor& to) {
  std::vector<uint8_t> tables(normalized.size());
  QuantizeBytes(normalized.data(), static_cast<int64_t>(normalized.size()),
                to.step, to.type, tables.data());
  return [tables = std::move(tables), pixels = PixelsOf(to.shape),
          channels = to.shape.channels, to = to.buffer](ByteMemory& memory) {
    LookUpBytes(pixels, channels, tables.data(), memory.pixels,
                memory.Unsigned(to));
  };
}

ByteStep ImageAsFloats(std::vector<float> normalized, const Shape& shape,
                       int to_buffer) {
  return [tables = std::move(normalized), pixels = PixelsOf(shape),
          channels = shape.channels, to_buffer](ByteMemory& memory) {
    const uint8_t* const from = memory.pixels;
    float* const to = memory.Floats(to_buffer);
#pragma omp parallel for schedule(static)
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t at = pixel * channels + c;
        to[at] = tables[c * 256 + from[at]];
      }
    }
  };
}

ByteStep BytesAsFloats(const ByteTensor& from, int to_buffer) {
  return [count = from.shape.size(), type = from.type, from = from.buffer,
          to_buffer](ByteMemory& memory) {
    const auto convert = [&](const auto* bytes) {
      std::copy(bytes, bytes + count, memory.Floats(to_buffer));
    };
    if (type == ByteType::kU8) return convert(memory.Unsigned(from));
    convert(static_cast<const int8_t*>(memory.At(from)));
  };
}

ByteStep ScaleChannels(const ByteTensor& from, std::vector<float> scale,
                       std::vector<float> shift, const ByteTensor& to) {
  for (size_t c = 0; c < scale.size(); ++c) {
    scale[c] *= from.step / to.step;
    shift[c] /= to.step;
  }
  return [pixels = PixelsOf(from.shape), type = from.type,
          scale = std::move(scale), shift = std::move(shift),
          from = from.buffer, to = to.buffer](ByteMemory& memory) {
    ScaleBytes(pixels, type, scale, shift, memory.At(from),
               memory.Unsigned(to));
  };
}

ByteStep Pool(const PoolingShape& shape, const ByteTensor& from,
              const ByteTensor& to) {
  const auto window =
      static_cast<float>(shape.window_height * shape.window_width);
  return [shape, scale = from.step / (window * to.step), type = from.type,
          from = from.buffer, to = to.buffer](ByteMemory& memory) {
    PoolBytes(shape, type, scale, memory.At(from), memory.At(to));
  };
}

ByteStep PadChannels(const ByteTensor& from, int64_t before,
                     const ByteTensor& to) {
  return [pixels = PixelsOf(from.shape), channels = from.shape.channels, before,
          out_channels = to.shape.channels, from = from.buffer,
          to = to.buffer](ByteMemory& memory) {
    PadChannelsOfBytes(pixels, channels, before, out_channels, memory.At(from),
                       memory.At(to));
  };
}

ByteStep InsertChannels(const ByteTensor& from, int64_t before,
                        const ByteTensor& to) {
  std::vector<uint8_t> table;
  if (from.step != to.step) {
    std::vector<float> values(256);
    for (int byte = 0; byte < 256; ++byte)
      values[byte] = static_cast<float>(byte) * from.step;
    table.resize(256);
    QuantizeBytes(values.data(), 256, to.step, ByteType::kU8, table.data());
  }
  return [pixels = PixelsOf(to.shape), channels = from.shape.channels, before,
          out_channels = to.shape.channels, table = std::move(table),
          from = from.buffer, to = to.buffer](ByteMemory& memory) {
    InsertChannelsOfBytes(pixels, channels, before, out_channels, table,
                          memory.Unsigned(from), memory.Unsigned(to));
  };
}

ByteStep NormalizeLocalResponse(const LocalResponseNormalizationShape& shape,
                                const ByteTensor& from, const ByteTensor& to) {
  return [shape, input_step = from.step, output_step = to.step,
          from = from.buffer, to = to.buffer](ByteMemory& memory) {
    NormalizeLocalResponseOfBytes(shape, input_step, output_step,
                                  memory.Unsigned(from), memory.Unsigned(to));
  };
}

}  // namespace tritlab
