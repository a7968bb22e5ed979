#include "kernels/integer/vnni_convolution.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/integer/instruction_set.h"
#include "kernels/intrinsics.h"
#include "kernels/round_up.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

#if defined(__x86_64__)

#define TRITLAB_VNNI \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define TRITLAB_VNNI_INLINE TRITLAB_VNNI inline __attribute__((always_inline))

constexpr int64_t kLanes = 16;  // output channels of a vector
constexpr int64_t kFour = 4;    // input channels of a product
constexpr int64_t kVectorBytes = 64;
constexpr int64_t kAhead = 12;  // vectors of weights, fetched beforehand
constexpr int64_t kInputRowsBytes = 8192;  // of a group, at most if it can be

// What the inner loops see of a layer.
struct Layer {
  ConvolutionShape shape;
  Shape output;
  S8Convolution::Options options;
  int64_t quadruples = 0;  // of input channels
  int64_t row_pixels = 0;  // of a padded input row, with room at its end
  int64_t vectors = 0;     // of output channels
  const int8_t* weights = nullptr;  // as VnniConvolution::Pack orders them
  const int32_t* starts = nullptr;  // [vectors][kLanes], what sums begin at
  const float* scales = nullptr;    // likewise
  const float* biases = nullptr;    // likewise

  int64_t row_bytes() const { return quadruples * row_pixels * kFour; }
  int64_t weight_bytes() const {  // of one vector of output channels
    return shape.kernel_height * shape.kernel_width * quadruples * kVectorBytes;
  }
};

// Of 4 times 4 groups of 32 bits; its own inverse.
TRITLAB_VNNI_INLINE __m512i Transpose(__m512i value) {
  return _mm512_permutexvar_epi32(
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
      value);
}

// Sixteen bytes of each of four pixels, `pixel_bytes` apart, become four times
// sixteen bytes of four pixels, `quadruple_bytes` apart.
TRITLAB_VNNI_INLINE void CopySixteenChannels(const uint8_t* input,
                                             int64_t pixel_bytes, __m512i flip,
                                             uint8_t* output,
                                             int64_t quadruple_bytes) {
  const auto* const from = reinterpret_cast<const __m128i*>(input);
  __m512i four = _mm512_castsi128_si512(_mm_loadu_si128(from));
  const auto add = [&](auto which) TRITLAB_VNNI {
    four =
        _mm512_inserti32x4(four,
                           _mm_loadu_si128(reinterpret_cast<const __m128i*>(
                               input + decltype(which)::value * pixel_bytes)),
                           decltype(which)::value);
  };
  add(std::integral_constant<int, 1>());
  add(std::integral_constant<int, 2>());
  add(std::integral_constant<int, 3>());
  four = Transpose(_mm512_xor_si512(four, flip));
  const auto store = [&](auto which) TRITLAB_VNNI {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(
                         output + decltype(which)::value * quadruple_bytes),
                     _mm512_extracti32x4_epi32(four, decltype(which)::value));
  };
  store(std::integral_constant<int, 0>());
  store(std::integral_constant<int, 1>());
  store(std::integral_constant<int, 2>());
  store(std::integral_constant<int, 3>());
}

// What stands for 0 in an input row: signed bytes become unsigned by adding
// 128.
uint8_t ZeroOf(const Layer& layer) {
  return layer.options.input == ByteType::kS8 ? 128 : 0;
}

// One input row (null: above or below the image) as the inner loop reads it:
// [quadruples][row_pixels][4]. The padding beside it is there already.
TRITLAB_VNNI void FillRow(const Layer& layer, const uint8_t* input,
                          uint8_t* row) {
  const Shape& in = layer.shape.input;
  const uint8_t zero = ZeroOf(layer);
  if (input == nullptr) {
    std::memset(row, zero, layer.row_bytes());
    return;
  }
  const int64_t quadruple_bytes = layer.row_pixels * kFour;
  const int64_t left = layer.shape.padding * kFour;
  // Sixteen channels of four pixels at once, what is left by quadruples.
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(zero));
  const int64_t fast_channels = in.channels / 16 * 16;
  const int64_t fast_pixels = in.width / 4 * 4;
  for (int64_t c = 0; c < fast_channels; c += 16) {
    for (int64_t x = 0; x < fast_pixels; x += 4) {
      CopySixteenChannels(input + x * in.channels + c, in.channels, flip,
                          row + c / kFour * quadruple_bytes + left + x * kFour,
                          quadruple_bytes);
    }
  }
  const uint32_t flips = zero * 0x01010101u;
  for (int64_t c = 0; c < in.channels; c += kFour) {
    uint8_t* const to = row + c / kFour * quadruple_bytes + left;
    for (int64_t x = c < fast_channels ? fast_pixels : 0; x < in.width; ++x) {
      const int64_t at = x * in.channels + c;
      uint32_t bytes = 0;
      // The next pixel's bytes do no harm: their weights are 0.
      if (at + kFour <= in.width * in.channels) {
        std::memcpy(&bytes, input + at, kFour);
      } else {
        std::memcpy(&bytes, input + at, in.width * in.channels - at);
      }
      bytes ^= flips;
      std::memcpy(to + x * kFour, &bytes, kFour);
    }
  }
}

// The sums of kVectors vectors of output channels for kPixels neighbouring
// pixels. rows: the input rows that they see; offset: of the first byte that
// they see in each. kColumns: the kernel's; or 1, for any number of columns,
// one after another.
template <int kColumns, int kStride, int kVectors, int kPixels>
TRITLAB_VNNI_INLINE void AddBlock(const Layer& layer,
                                  const uint8_t* const* rows, int64_t offset,
                                  const int8_t* weights,
                                  __m512i (&sums)[kVectors][kPixels]) {
  constexpr int kInputs = (kPixels - 1) * kStride + kColumns;
  const int64_t quadruple_bytes = layer.row_pixels * kFour;
  const int64_t columns = kColumns > 1 ? kColumns : layer.shape.kernel_width;
  for (int64_t y = 0; y < layer.shape.kernel_height; ++y) {
    const uint8_t* four = rows[y] + offset;
    for (int64_t q = 0; q < layer.quadruples; ++q, four += quadruple_bytes) {
      for (int64_t first = 0; first < columns; first += kColumns) {
        __m512i w[kColumns][kVectors];
#pragma GCC unroll 16
        for (int column = 0; column < kColumns; ++column) {
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            w[column][v] = _mm512_load_si512(weights);
            _mm_prefetch(weights + kAhead * kVectorBytes, _MM_HINT_T0);
            weights += kVectorBytes;
          }
        }
#pragma GCC unroll 64
        for (int i = 0; i < kInputs; ++i) {
          int32_t bytes;
          std::memcpy(&bytes, four + (first + i) * kFour, sizeof(bytes));
          const __m512i spread = _mm512_set1_epi32(bytes);
#pragma GCC unroll 16
          for (int column = 0; column < kColumns; ++column) {
            const int before = i - column;
            if (before < 0 || before % kStride != 0 ||
                before / kStride >= kPixels)
              continue;
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) {
              sums[v][before / kStride] = _mm512_dpbusd_epi32(
                  sums[v][before / kStride], spread, w[column][v]);
            }
          }
        }
      }
    }
  }
}

// One vector of output channels of one pixel, as s8_convolution.h says: from
// the sum to the value. The compiler may not fuse products and sums here (see
// BUILD).
template <bool kResidual>
TRITLAB_VNNI_INLINE void StoreValue(const Layer& layer, __m512i sum,
                                    __m512 scale, __m512 bias, __mmask16 mask,
                                    float* output) {
  __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale);
  value = _mm512_add_ps(value, bias);
  if (kResidual) {
    value = _mm512_fmadd_ps(_mm512_set1_ps(layer.options.residual_scale),
                            _mm512_maskz_loadu_ps(mask, output), value);
  }
  if (layer.options.relu) value = _mm512_max_ps(value, _mm512_setzero_ps());
  _mm512_mask_storeu_ps(output, mask, value);
}

// Likewise from the sum to whole output steps; packing to bytes saturates.
// residual: bytes, read under `mask`.
template <bool kResidual>
TRITLAB_VNNI_INLINE __m512i Rounded(const Layer& layer, __m512i sum,
                                    __m512 scale, __m512 bias, __mmask16 mask,
                                    const uint8_t* residual) {
  __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale);
  value = _mm512_add_ps(value, bias);
  if (kResidual) {
    const __m128i bytes = _mm_maskz_loadu_epi8(mask, residual);
    const __m512i wide = layer.options.residual == ByteType::kS8
                             ? _mm512_cvtepi8_epi32(bytes)
                             : _mm512_cvtepu8_epi32(bytes);
    value = _mm512_fmadd_ps(_mm512_set1_ps(layer.options.residual_scale),
                            _mm512_cvtepi32_ps(wide), value);
  }
  if (layer.options.relu && layer.options.output == ByteType::kS8)
    value = _mm512_max_ps(value, _mm512_setzero_ps());
  return _mm512_cvtps_epi32(value);
}

// Packs and saturates one vector of output channels of four pixels, and stores
// the first `pixels`.
TRITLAB_VNNI_INLINE void Store(const Layer& layer, const __m512i (&rounded)[4],
                               __mmask16 mask, int64_t pixels,
                               uint8_t* output) {
  const __m512i low = _mm512_packs_epi32(rounded[0], rounded[1]);
  const __m512i high = _mm512_packs_epi32(rounded[2], rounded[3]);
  const __m512i bytes = Transpose(layer.options.output == ByteType::kS8
                                      ? _mm512_packs_epi16(low, high)
                                      : _mm512_packus_epi16(low, high));
  const int64_t channels = layer.output.channels;
  if (channels == kLanes && pixels == 4) {
    _mm512_storeu_si512(output, bytes);
    return;
  }
  const __m128i pixel[4] = {
      _mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
      _mm512_extracti32x4_epi32(bytes, 2), _mm512_extracti32x4_epi32(bytes, 3)};
  for (int64_t i = 0; i < pixels; ++i)
    _mm_mask_storeu_epi8(output + i * channels, mask, pixel[i]);
}

// kVectors vectors of output channels, from `vector` on, of one output row.
// Blocks at a row's end compute pixels beyond it, which are not stored.
template <int kColumns, int kStride, int kVectors, int kPixels, bool kResidual>
TRITLAB_VNNI void RunRow(const Layer& layer, const uint8_t* const* rows,
                         int64_t vector, void* output) {
  const int64_t width = layer.output.width, channels = layer.output.channels;
  const int8_t* const weights = layer.weights + vector * layer.weight_bytes();
  for (int64_t x = 0; x < width; x += kPixels) {
    __m512i sums[kVectors][kPixels];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __m512i start =
          _mm512_loadu_si512(layer.starts + (vector + v) * kLanes);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) sums[v][p] = start;
    }
    AddBlock<kColumns, kStride, kVectors, kPixels>(
        layer, rows, x * kStride * kFour, weights, sums);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const int64_t channel = (vector + v) * kLanes;
      const auto mask = static_cast<__mmask16>(
          (1u << std::min(kLanes, channels - channel)) - 1);
      const __m512 scale = _mm512_loadu_ps(layer.scales + channel);
      const __m512 bias = _mm512_loadu_ps(layer.biases + channel);
      const int64_t at = x * channels + channel;
      if (layer.options.values) {
        float* const to = static_cast<float*>(output) + at;
#pragma GCC unroll 16
        for (int p = 0; p < kPixels; ++p) {
          const __mmask16 inside = x + p < width ? mask : 0;
          StoreValue<kResidual>(layer, sums[v][p], scale, bias, inside,
                                to + p * channels);
        }
        continue;
      }
#pragma GCC unroll 4
      for (int p = 0; p < kPixels; p += 4) {
        uint8_t* const to = static_cast<uint8_t*>(output) + at + p * channels;
        __m512i rounded[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          const __mmask16 readable = x + p + i < width ? mask : 0;
          rounded[i] = Rounded<kResidual>(layer, sums[v][p + i], scale, bias,
                                          readable, to + i * channels);
        }
        Store(layer, rounded, mask, std::min<int64_t>(4, width - x - p), to);
      }
    }
  }
}

using RowFunction = void (*)(const Layer&, const uint8_t* const* rows,
                             int64_t vector, void* output);

// Sums, weights and the spread quadruple share 32 registers.
template <int kColumns, int kStride, bool kResidual>
RowFunction RowFunctionOf(int64_t vectors, int64_t width) {
  if (vectors == 2) return RunRow<kColumns, kStride, 2, 8, kResidual>;
  return width > 8 ? RunRow<kColumns, kStride, 1, 16, kResidual>
                   : RunRow<kColumns, kStride, 1, 8, kResidual>;
}
template <int kColumns, int kStride>
RowFunction RowFunctionOf(int64_t vectors, int64_t width, bool residual) {
  return residual ? RowFunctionOf<kColumns, kStride, true>(vectors, width)
                  : RowFunctionOf<kColumns, kStride, false>(vectors, width);
}
// For strides of 1 and 2.
RowFunction RowFunctionOf(const Layer& layer, int64_t vectors) {
  const int64_t width = layer.output.width;
  const bool residual = layer.options.residual_scale != 0;
  const bool three = layer.shape.kernel_width == 3;
  if (layer.shape.stride == 1) {
    return three ? RowFunctionOf<3, 1>(vectors, width, residual)
                 : RowFunctionOf<1, 1>(vectors, width, residual);
  }
  return three ? RowFunctionOf<3, 2>(vectors, width, residual)
               : RowFunctionOf<1, 2>(vectors, width, residual);
}

// The padded input rows that a group of output rows sees, of one thread. The
// next group sees some of them again.
class InputRows {
 public:
  InputRows(const Layer& layer, int64_t group)
      : layer_(layer),
        rows_((group - 1) * layer.shape.stride + layer.shape.kernel_height),
        held_(rows_.size()),
        memory_(rows_.size() * layer.row_bytes()) {
    std::memset(memory_.data(), ZeroOf(layer), memory_.bytes());
  }

  // Other images begin.
  void Forget() { std::fill(held_.begin(), held_.end(), -1); }

  // Those that `count` output rows, from y on, of image `number` see.
  const uint8_t* const* SeenBy(const uint8_t* image, int64_t number, int64_t y,
                               int64_t count) {
    const ConvolutionShape& shape = layer_.shape;
    const int64_t first = y * shape.stride;  // counted with the padding
    const int64_t end =
        first + (count - 1) * shape.stride + shape.kernel_height;
    const int64_t of_image = shape.input.height + 2 * shape.padding;
    for (int64_t padded = first; padded < end; ++padded) {
      const int64_t id = number * of_image + padded;
      const size_t slot = id % rows_.size();
      auto* const memory =
          static_cast<uint8_t*>(memory_.data()) + slot * layer_.row_bytes();
      if (held_[slot] != id) {
        const int64_t row = padded - shape.padding;
        const bool inside = row >= 0 && row < shape.input.height;
        FillRow(layer_,
                inside ? image + row * shape.input.width * shape.input.channels
                       : nullptr,
                memory);
        held_[slot] = id;
      }
      rows_[padded - first] = memory;
    }
    return rows_.data();
  }

 private:
  const Layer& layer_;
  std::vector<const uint8_t*> rows_;
  std::vector<int64_t> held_;  // [slot]: which row, counted over all images
  Buffer memory_;
};

class VnniConvolution final : public S8Convolution {
 public:
  VnniConvolution(const ConvolutionShape& shape, const Options& options,
                  std::span<const int8_t> weights,
                  std::span<const float> scales, std::span<const float> biases)
      : starts_(RoundUp(shape.out_channels, kLanes), 0),
        scales_(starts_.size(), 0),
        biases_(starts_.size(), 0) {
    layer_.shape = shape;
    layer_.output = shape.output();
    layer_.options = options;
    layer_.quadruples = RoundUp(shape.input.channels, kFour) / kFour;
    const int64_t width = layer_.output.width;
    layer_.row_pixels = std::max(
        RoundUp(width, width > 8 ? 16 : 8) * shape.stride + shape.kernel_width,
        shape.input.width + 2 * shape.padding);
    layer_.vectors = RoundUp(shape.out_channels, kLanes) / kLanes;
    std::copy(scales.begin(), scales.end(), scales_.begin());
    std::copy(biases.begin(), biases.end(), biases_.begin());
    Pack(weights);
    layer_.weights = static_cast<const int8_t*>(weights_.data());
    layer_.starts = starts_.data();
    layer_.scales = scales_.data();
    layer_.biases = biases_.data();
    group_ = RowsOfGroup();
    for (int thread = 0; thread < Threads(); ++thread)
      input_rows_.emplace_back(layer_, group_);
    pair_ = RowFunctionOf(layer_, 2);
    single_ = RowFunctionOf(layer_, 1);
  }

  int64_t weight_bytes() const override {
    return static_cast<int64_t>(weights_.bytes());
  }

  void Run(const void* input, void* output) override {
    const ConvolutionShape& shape = layer_.shape;
    const Shape& out = layer_.output;
    const auto* const from = static_cast<const uint8_t*>(input);
    auto* const to = static_cast<uint8_t*>(output);
    const int64_t row_bytes =
        out.width * out.channels * (layer_.options.values ? sizeof(float) : 1);
    // Rows are computed in groups, so that the weights of two vectors stay in
    // the first-level cache for all of a group's rows.
    const int64_t groups = (out.height + group_ - 1) / group_;
    // An image at a time, where there are several for each thread: a thread
    // that is held up then holds nobody up.
    const auto threads = static_cast<int64_t>(input_rows_.size());
    const int64_t at_once = out.batch >= 4 * threads
                                ? groups
                                : (out.batch * groups + threads - 1) / threads;
#pragma omp parallel num_threads(static_cast <int>(input_rows_.size()))
    {
      InputRows& input_rows = input_rows_[omp_get_thread_num()];
      input_rows.Forget();
#pragma omp for schedule(dynamic, at_once)
      for (int64_t i = 0; i < out.batch * groups; ++i) {
        const int64_t image = i / groups, y = i % groups * group_;
        const int64_t count = std::min(group_, out.height - y);
        const uint8_t* const* const rows = input_rows.SeenBy(
            from + image * shape.input.image_size(), image, y, count);
        uint8_t* const of_group = to + (image * out.height + y) * row_bytes;
        for (int64_t vector = 0; vector < layer_.vectors; vector += 2) {
          const RowFunction run =
              vector + 2 <= layer_.vectors ? pair_ : single_;
          for (int64_t row = 0; row < count; ++row) {
            run(layer_, rows + row * shape.stride, vector,
                of_group + row * row_bytes);
          }
        }
      }
    }
  }

  std::string Implementations() const override { return "tritlab:avx512_vnni"; }

 private:
  // As many as kInputRowsBytes allow, and work for every thread.
  int64_t RowsOfGroup() const {
    const int64_t all = layer_.output.batch * layer_.output.height;
    return std::clamp<int64_t>(
        kInputRowsBytes / layer_.row_bytes() / layer_.shape.stride, 1,
        std::min((all + Threads() - 1) / Threads(), layer_.output.height));
  }

  // [pairs of vectors, a last one alone][kernel row][quadruple][kernel column]
  // [vector of the pair][lane][4]
  void Pack(std::span<const int8_t> weights) {
    const ConvolutionShape& shape = layer_.shape;
    weights_ = Buffer(layer_.vectors * layer_.weight_bytes());
    auto* const packed = static_cast<int8_t*>(weights_.data());
    const bool is_signed = layer_.options.input == ByteType::kS8;
    size_t from = 0;
    for (int64_t o = 0; o < shape.out_channels; ++o) {
      const int64_t vector = o / kLanes, first = vector / 2 * 2;
      const int64_t together = std::min<int64_t>(2, layer_.vectors - first);
      int8_t* const of_pair = packed + first * layer_.weight_bytes();
      for (int64_t y = 0; y < shape.kernel_height; ++y) {
        for (int64_t x = 0; x < shape.kernel_width; ++x) {
          for (int64_t c = 0; c < shape.input.channels; ++c, ++from) {
            const int64_t column =
                (y * layer_.quadruples + c / kFour) * shape.kernel_width + x;
            of_pair[(column * together + vector - first) * kVectorBytes +
                    o % kLanes * kFour + c % kFour] = weights[from];
            // What adding 128 to signed inputs adds to the sum.
            if (is_signed) starts_[o] -= 128 * weights[from];
          }
        }
      }
    }
  }

  Layer layer_;
  Buffer weights_;
  std::vector<int32_t> starts_;
  std::vector<float> scales_, biases_;
  int64_t group_ = 1;                  // output rows
  std::vector<InputRows> input_rows_;  // [thread]
  RowFunction pair_ = nullptr, single_ = nullptr;
};

// Whether every result fits 32 bits before it saturates.
bool ResultsFit(const S8Convolution::Options& options,
                std::span<const int8_t> weights, std::span<const float> scales,
                std::span<const float> biases) {
  const size_t of_channel = weights.size() / scales.size();
  for (size_t o = 0; o < scales.size(); ++o) {
    double sum = 0;
    for (const int8_t w : weights.subspan(o * of_channel, of_channel))
      sum += 255.0 * std::abs(static_cast<double>(w));
    const double largest = sum * std::abs(scales[o]) + std::abs(biases[o]) +
                           255 * std::abs(options.residual_scale);
    if (!(largest < 1e9)) return false;
  }
  return true;
}

#endif  // defined(__x86_64__)

}  // namespace

std::unique_ptr<S8Convolution> MakeVnniConvolution(
    [[maybe_unused]] const ConvolutionShape& shape,
    [[maybe_unused]] const S8Convolution::Options& options,
    [[maybe_unused]] std::span<const int8_t> weights,
    [[maybe_unused]] std::span<const float> scales,
    [[maybe_unused]] std::span<const float> biases) {
#if defined(__x86_64__)
  if (BestIntegerInstructions() == IntegerInstructions::kAvx512Vnni &&
      shape.groups == 1 && shape.stride <= 2 &&
      ResultsFit(options, weights, scales, biases)) {
    return std::make_unique<VnniConvolution>(shape, options, weights, scales,
                                             biases);
  }
#endif
  return nullptr;
}

}  // namespace tritlab
