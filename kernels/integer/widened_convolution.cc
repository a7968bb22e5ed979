#include "kernels/integer/widened_convolution.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/integer/widened_product.h"
#include "kernels/intrinsics.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

// Of the windows that a thread gathers before it multiplies them: half of a
// usual second-level cache.
constexpr int64_t kWindowsBytes = 128 * 1024;

// What becomes of a group's sums. Options and arrays are the layer's.
struct Epilogue {
  S8Convolution::Options options;
  const float* scales;
  const float* biases;
};

float Residual(const S8Convolution::Options& options, const void* output,
               int64_t at) {
  if (options.values) return static_cast<const float*>(output)[at];
  if (options.residual == ByteType::kU8)
    return static_cast<const uint8_t*>(output)[at];
  return static_cast<const int8_t*>(output)[at];
}

// sums: of the channels from `first` to `end` of one pixel, whose output of
// channel 0 is at `pixel_at`.
void StorePortable(const Epilogue& epilogue, const int32_t* sums, int64_t first,
                   int64_t end, int64_t pixel_at, void* output) {
  const S8Convolution::Options& options = epilogue.options;
  for (int64_t c = first; c < end; ++c) {
    const int64_t at = pixel_at + c;
    float value = static_cast<float>(sums[c - first]) * epilogue.scales[c];
    value = value + epilogue.biases[c];
    if (options.residual_scale != 0) {
      value = std::fma(options.residual_scale, Residual(options, output, at),
                       value);
    }
    if (options.relu) value = std::max(value, 0.0f);
    if (options.values) {
      static_cast<float*>(output)[at] = value;
    } else if (options.output == ByteType::kU8) {
      static_cast<uint8_t*>(output)[at] =
          static_cast<uint8_t>(std::nearbyint(std::clamp(value, 0.f, 255.f)));
    } else {
      static_cast<int8_t*>(output)[at] =
          static_cast<int8_t>(std::nearbyint(std::clamp(value, -128.f, 127.f)));
    }
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) inline __m256 EightResiduals(
    const S8Convolution::Options& options, const void* output, int64_t at) {
  if (options.values)
    return _mm256_loadu_ps(static_cast<const float*>(output) + at);
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(
      static_cast<const uint8_t*>(output) + at));
  return _mm256_cvtepi32_ps(options.residual == ByteType::kU8
                                ? _mm256_cvtepu8_epi32(bytes)
                                : _mm256_cvtepi8_epi32(bytes));
}

// The same, eight channels at a time. The compiler may not fuse products and
// sums here (see BUILD).
__attribute__((target("avx2,fma"))) void StoreAvx2(const Epilogue& epilogue,
                                                   const int32_t* sums,
                                                   int64_t first, int64_t end,
                                                   int64_t pixel_at,
                                                   void* output) {
  const S8Convolution::Options& options = epilogue.options;
  const bool is_unsigned = options.output == ByteType::kU8;
  const __m256 lowest = _mm256_set1_ps(is_unsigned ? 0 : -128);
  const __m256 highest = _mm256_set1_ps(is_unsigned ? 255 : 127);
  int64_t c = first;
  for (; c + 8 <= end; c += 8) {
    const int64_t at = pixel_at + c;
    const __m256 sum = _mm256_cvtepi32_ps(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + c - first)));
    __m256 value = _mm256_mul_ps(sum, _mm256_loadu_ps(epilogue.scales + c));
    value = _mm256_add_ps(value, _mm256_loadu_ps(epilogue.biases + c));
    if (options.residual_scale != 0) {
      value = _mm256_fmadd_ps(_mm256_set1_ps(options.residual_scale),
                              EightResiduals(options, output, at), value);
    }
    if (options.relu) value = _mm256_max_ps(value, _mm256_setzero_ps());
    if (options.values) {
      _mm256_storeu_ps(static_cast<float*>(output) + at, value);
      continue;
    }
    value = _mm256_min_ps(_mm256_max_ps(value, lowest), highest);
    const __m256i whole = _mm256_cvtps_epi32(value);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole),
                                          _mm256_extracti128_si256(whole, 1));
    const __m128i bytes = is_unsigned ? _mm_packus_epi16(words, words)
                                      : _mm_packs_epi16(words, words);
    _mm_storel_epi64(
        reinterpret_cast<__m128i*>(static_cast<uint8_t*>(output) + at), bytes);
  }
  StorePortable(epilogue, sums + c - first, c, end, pixel_at, output);
}

#endif  // defined(__x86_64__)

using StoreFunction = void (*)(const Epilogue&, const int32_t* sums,
                               int64_t first, int64_t end, int64_t pixel_at,
                               void* output);
StoreFunction BestStore() {
#if defined(__x86_64__)
  if (BestIntegerInstructions() != IntegerInstructions::kPortable &&
      __builtin_cpu_supports("fma"))
    return StoreAvx2;
#endif
  return StorePortable;
}

class WidenedConvolution final : public S8Convolution {
 public:
  WidenedConvolution(const ConvolutionShape& shape, const Options& options,
                     std::span<const int8_t> weights,
                     std::span<const float> scales,
                     std::span<const float> biases)
      : shape_(shape),
        options_(options),
        scales_(scales.begin(), scales.end()),
        biases_(biases.begin(), biases.end()) {
    const int64_t outputs = shape.out_channels / shape.groups;
    const int64_t inputs = shape.weight_count() / shape.out_channels;
    for (int64_t group = 0; group < shape.groups; ++group) {
      products_.emplace_back(
          inputs, outputs,
          weights.subspan(group * outputs * inputs, outputs * inputs),
          options.packed);
    }
  }

  void Run(const void* input, void* output) override {
    for (int64_t group = 0; group < shape_.groups; ++group) {
      if (options_.input == ByteType::kU8) {
        RunGroup(group, static_cast<const uint8_t*>(input), output);
      } else {
        RunGroup(group, static_cast<const int8_t*>(input), output);
      }
    }
  }
  int64_t weight_bytes() const override {
    int64_t bytes = 0;
    for (const WidenedProduct& product : products_) bytes += product.bytes();
    return bytes;
  }
  std::string Implementations() const override { return "widened"; }

 private:
  // Output pixels whose windows are multiplied together.
  int64_t PixelsOfTile(int64_t pixels) const {
    constexpr int64_t kRows = WidenedProduct::kRows;
    const int64_t of_window =
        products_[0].padded_inputs() * int64_t{sizeof(int16_t)};
    const int64_t of_cache = kWindowsBytes / of_window / kRows * kRows;
    // Work for every thread.
    const int64_t share = (pixels + Threads() - 1) / Threads();
    return std::min(std::max(of_cache, kRows), share);
  }

  template <typename Input>
  void RunGroup(int64_t group, const Input* input, void* output) const {
    const WidenedProduct& product = products_[group];
    const int8_t* const matrix = product.Matrix();
    const Shape out = shape_.output();
    const int64_t pixels = out.batch * out.height * out.width;
    const int64_t tile = PixelsOfTile(pixels);
    const int64_t channels = shape_.out_channels / shape_.groups;
    const Epilogue epilogue = {options_, scales_.data(), biases_.data()};
    const StoreFunction store = BestStore();
#pragma omp parallel
    {
      // Zeros: what lies behind a window is multiplied, if with 0.
      std::vector<int16_t> windows(tile * product.padded_inputs(), 0);
      std::vector<int32_t> sums(tile * product.padded_outputs());
#pragma omp for schedule(static)
      for (int64_t first = 0; first < pixels; first += tile) {
        const int64_t count = std::min(tile, pixels - first);
        for (int64_t i = 0; i < count; ++i) {
          Gather(input, first + i, group,
                 windows.data() + i * product.padded_inputs());
        }
        product.Multiply(matrix, count, windows.data(), 0, product.blocks(),
                         sums.data());
        for (int64_t i = 0; i < count; ++i) {
          store(epilogue, sums.data() + i * product.padded_outputs(),
                group * channels, (group + 1) * channels,
                (first + i) * shape_.out_channels, output);
        }
      }
    }
  }

  // The group's channels of what an output pixel sees, 0 where it is padding.
  template <typename Input>
  void Gather(const Input* input, int64_t pixel, int64_t group,
              int16_t* window) const {
    const Shape& in = shape_.input;
    const Shape out = shape_.output();
    const int64_t left = pixel % out.width * shape_.stride - shape_.padding;
    const int64_t top =
        pixel / out.width % out.height * shape_.stride - shape_.padding;
    const int64_t image = pixel / (out.width * out.height);
    const int64_t channels = in.channels / shape_.groups;
    const int64_t of_row = shape_.kernel_width * channels;
    const bool whole_rows = shape_.groups == 1 && left >= 0 &&
                            left + shape_.kernel_width <= in.width;
    for (int64_t y = top; y < top + shape_.kernel_height; ++y) {
      if (y < 0 || y >= in.height) {
        std::fill_n(window, of_row, 0);
        window += of_row;
        continue;
      }
      const Input* const row =
          input + (image * in.height + y) * in.width * in.channels +
          group * channels;
      if (whole_rows) {
        WidenBytes(row + left * in.channels, of_row, window);
      } else {
        for (int64_t column = 0; column < shape_.kernel_width; ++column) {
          const int64_t x = left + column;
          int16_t* const to = window + column * channels;
          if (x < 0 || x >= in.width) {
            std::fill_n(to, channels, 0);
          } else {
            WidenBytes(row + x * in.channels, channels, to);
          }
        }
      }
      window += of_row;
    }
  }

  const ConvolutionShape shape_;
  const Options options_;
  const std::vector<float> scales_, biases_;
  std::vector<WidenedProduct> products_;  // [group]
};

}  // namespace

std::unique_ptr<S8Convolution> MakeWidenedConvolution(
    const ConvolutionShape& shape, const S8Convolution::Options& options,
    std::span<const int8_t> weights, std::span<const float> scales,
    std::span<const float> biases) {
  return std::make_unique<WidenedConvolution>(shape, options, weights, scales,
                                              biases);
}

}  // namespace tritlab
