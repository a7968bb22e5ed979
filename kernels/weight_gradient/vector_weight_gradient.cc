#include "kernels/weight_gradient/vector_weight_gradient.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "kernels/intrinsics.h"
#include "kernels/round_up.h"
#include "kernels/tensor.h"
#include "kernels/weight_gradient/pixel_pairs.h"
#include "kernels/weight_gradient/transposed_pixels.h"
#include "kernels/weight_gradient/weight_gradient_in_shares.h"

namespace tritlab {

#if defined(__x86_64__)
namespace {

#define TRITLAB_BF16 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define TRITLAB_BF16_INLINE TRITLAB_BF16 inline __attribute__((always_inline))

constexpr int64_t kLanes = 16;   // output channels of a vector
constexpr int64_t kColumns = 3;  // of the kernel
constexpr int64_t kPair = 2;     // pixels of a product

// As many rows are taken at a time as leave two vectors of output channels and
// a block of input channels in the first-level cache; and more where the sums
// do not stay in the second-level cache, which are read and written once for so
// many pairs of pixels.
constexpr int64_t kNearestBytes = 24 << 10;
constexpr int64_t kNearSums = 512 << 10;
constexpr int64_t kPairsOfFarSums = 512;

// The pixels of a row that a convolution's padded columns phase, phase +
// stride, phase + 2 stride ... hold.
struct ColumnPhase {
  int64_t before;       // columns before the image's first
  int64_t first_pixel;  // that the column after them holds
  int64_t pixels;

  ColumnPhase(const ConvolutionShape& shape, int64_t phase)
      : before(
            (std::max<int64_t>(shape.padding - phase, 0) + shape.stride - 1) /
            shape.stride),
        first_pixel(before * shape.stride + phase - shape.padding),
        pixels((std::max<int64_t>(shape.input.width - first_pixel, 0) +
                shape.stride - 1) /
               shape.stride) {}
};

// How a layer is divided, and how what is rewritten lies in memory:
//   input:    [block][input row][channel of the block][phase][column]
//   gradient: [two vectors, or a last one][output row][pair][vector][lane][2]
//   sums:     [vector][block][kernel row][channel of the block][kernel column]
//             [lane]
// A phase is what remains of a padded column when divided by the stride: tap j
// of output pixel x reads column x + j / stride of phase j % stride.
struct Plan {
  ConvolutionShape shape;
  Shape output;
  int64_t vectors = 0;     // of output channels
  int64_t block = 0;       // input channels
  int64_t blocks = 0;      // of input channels
  int64_t pairs = 0;       // of an output row's pixels
  int64_t columns = 0;     // of a phase
  int64_t rows = 0;        // output rows taken at a time, at most
  int64_t input_rows = 0;  // that those see, at most

  explicit Plan(const ConvolutionShape& shape);

  int64_t channel_size() const { return shape.stride * columns; }
  int64_t input_row_size() const { return block * channel_size(); }
  int64_t gradient_row_size() const { return pairs * kLanes * kPair; }
  int64_t batch_rows() const { return output.batch * output.height; }
  int64_t sum_parts() const { return vectors; }
  int64_t block_sums() const { return block * kColumns * kLanes; }
  int64_t sums_of_vector() const {
    return blocks * shape.kernel_height * block_sums();
  }
  // Of lane 0.
  int64_t PlaceOfSums(int64_t vector, int64_t channel, int64_t i,
                      int64_t j) const {
    return vector * sums_of_vector() +
           (channel / block * shape.kernel_height + i) * block_sums() +
           (channel % block * kColumns + j) * kLanes;
  }
  int64_t sum_bytes() const {
    return vectors * sums_of_vector() * static_cast<int64_t>(sizeof(float));
  }
};

Plan::Plan(const ConvolutionShape& of) : shape(of), output(of.output()) {
  vectors = RoundUp(output.channels, kLanes) / kLanes;
  // Sums fill the registers: 2 vectors x 4 channels x 3 columns, or 1 x 8 x 3.
  block = vectors == 1 ? 8 : 4;
  blocks = RoundUp(shape.input.channels, block) / block;
  pairs = RoundUp(output.width, kPair) / kPair;
  columns = pairs * kPair + (kColumns - 1) / shape.stride;
  for (int64_t phase = 0; phase < shape.stride; ++phase) {
    const ColumnPhase of_phase(shape, phase);
    columns = std::max(
        columns, of_phase.before + RoundUp(of_phase.pixels, kTransposedPixels));
  }
  const int64_t together = std::min<int64_t>(vectors, 2);
  const int64_t row_bytes =
      (together * gradient_row_size() + shape.stride * input_row_size()) *
      static_cast<int64_t>(sizeof(BFloat16));
  rows = std::clamp<int64_t>(
      std::max(kNearestBytes / row_bytes,
               sum_bytes() > kNearSums ? kPairsOfFarSums / pairs : 0),
      1, batch_rows());
  const int64_t images = (rows + output.height - 2) / output.height + 1;
  input_rows = std::min(
      rows * shape.kernel_height,
      rows * shape.stride +
          images * std::max<int64_t>(shape.kernel_height - shape.stride, 0));
}

// One row of the image. output: its place in the first block; what stands
// beside the image there is 0 already.
template <int kBlock>
TRITLAB_BF16 void RewriteInput(const Plan& plan, const BFloat16* row,
                               BFloat16* output) {
  const int64_t channels = plan.shape.input.channels;
  const int64_t channel_size = plan.channel_size();
  const int64_t block_size = plan.input_rows * plan.input_row_size();
  const auto place = [=](int64_t channel) {
    return channel / kBlock * block_size + channel % kBlock * channel_size;
  };
  for (int64_t phase = 0; phase < plan.shape.stride; ++phase) {
    const ColumnPhase columns(plan.shape, phase);
    TransposePixels(row + columns.first_pixel * channels, channels,
                    plan.shape.stride * channels, columns.pixels, place,
                    output + phase * plan.columns + columns.before);
  }
}

// One row of the gradient. output: its place in the first two vectors.
TRITLAB_BF16 void RewriteGradient(const Plan& plan, const BFloat16* row,
                                  int64_t index, BFloat16* output) {
  const Shape& shape = plan.output;
  for (int64_t first = 0; first < plan.vectors; first += 2) {
    const int64_t together = std::min<int64_t>(2, plan.vectors - first);
    BFloat16* const to = output + (first * plan.rows + index * together) *
                                      plan.gradient_row_size();
    for (int64_t v = 0; v < together; ++v) {
      const int64_t channel = (first + v) * kLanes;
      StorePixelPairs({.row = row,
                       .values = shape.width * shape.channels,
                       .offset = channel,
                       .size = shape.channels,
                       .channels = shape.channels - channel},
                      plan.pairs, together * kLanes * kPair,
                      to + v * kLanes * kPair, nullptr);
    }
  }
}

// An output row and an input row that it sees: their places in what was
// rewritten.
struct RowPair {
  int64_t gradient;
  int64_t input;
};

// Adds to sum the products of kPairs neighbouring pairs of pixels, for kVectors
// vectors of output channels. With a stride of 1 the pairs share what is
// spread.
template <int kStride, int kVectors, int kChannels, int kPairs>
TRITLAB_BF16_INLINE void AddPairs(
    const BFloat16* gradient, const BFloat16* input, int64_t channel_size,
    int64_t columns, __m512 (&sum)[kVectors][kChannels][kColumns]) {
  static_assert(kStride == 1 || kPairs == 1);
  __m512bh two[kPairs][kVectors];
#pragma GCC unroll 2
  for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      two[p][v] = (__m512bh)_mm512_loadu_si512(gradient + (p * kVectors + v) *
                                                              kLanes * kPair);
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 8
    for (int i = 0; i < (kPairs - 1) * kPair + kColumns; ++i) {
      // Of a stride of 2, column 1 is the other phase's.
      const int64_t at = kStride == 1 ? i : i % 2 * columns + i / 2;
      int32_t bits;
      std::memcpy(&bits, input + c * channel_size + at, sizeof(bits));
      const auto spread = (__m512bh)_mm512_set1_epi32(bits);
#pragma GCC unroll 2
      for (int p = 0; p < kPairs; ++p) {
        const int column = i - p * static_cast<int>(kPair);
        if (column < 0 || column >= kColumns) continue;
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          sum[v][c][column] =
              _mm512_dpbf16_ps(sum[v][c][column], two[p][v], spread);
        }
      }
    }
  }
}

// Adds up the products of `rows` (or begins with them) for kVectors vectors of
// output channels and a block of kChannels input channels, one kernel row.
template <int kStride, int kVectors, int kChannels>
TRITLAB_BF16 void AddBlock(const Plan& plan, const std::vector<RowPair>& rows,
                           const BFloat16* gradient, const BFloat16* input,
                           bool begin, float* sums) {
  // For two vectors spreading takes less time than their products.
  constexpr int kPairs = kStride == 1 && kVectors == 1 ? 2 : 1;
  const int64_t channel_size = plan.channel_size(), columns = plan.columns;
  const int64_t pairs = plan.pairs;
  __m512 sum[kVectors][kChannels][kColumns];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
    for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 3
      for (int j = 0; j < kColumns; ++j) sum[v][c][j] = _mm512_setzero_ps();
    }
  }
  for (const RowPair& row : rows) {
    const BFloat16* g =
        gradient + row.gradient * kVectors * plan.gradient_row_size();
    const BFloat16* x = input + row.input * plan.input_row_size();
    int64_t pair = 0;
    for (; pair + kPairs <= pairs; pair += kPairs) {
      AddPairs<kStride, kVectors, kChannels, kPairs>(g, x, channel_size,
                                                     columns, sum);
      g += kPairs * kVectors * kLanes * kPair;
      x += kPairs * kPair;
    }
    if (pair < pairs) {
      AddPairs<kStride, kVectors, kChannels, 1>(g, x, channel_size, columns,
                                                sum);
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    float* to = sums + v * plan.sums_of_vector();
#pragma GCC unroll 8
    for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 3
      for (int j = 0; j < kColumns; ++j, to += kLanes) {
        _mm512_storeu_ps(
            to, begin ? sum[v][c][j]
                      : _mm512_add_ps(_mm512_loadu_ps(to), sum[v][c][j]));
      }
    }
  }
}

using AddFunction = void (*)(const Plan&, const std::vector<RowPair>&,
                             const BFloat16* gradient, const BFloat16* input,
                             bool begin, float* sums);

template <int kStride>
AddFunction AddFunctionOf(const Plan& plan, bool two_vectors) {
  if (two_vectors) return AddBlock<kStride, 2, 4>;
  return plan.block == 8 ? AddBlock<kStride, 1, 8> : AddBlock<kStride, 1, 4>;
}
AddFunction AddFunctionOf(const Plan& plan, bool two_vectors) {
  return plan.shape.stride == 1 ? AddFunctionOf<1>(plan, two_vectors)
                                : AddFunctionOf<2>(plan, two_vectors);
}

// Some memory that comes into the second-level cache in so many steps. What
// lies beyond the array's end does no harm.
class Fetching {
 public:
  Fetching() = default;
  Fetching(const BFloat16* begin, int64_t count, int64_t steps)
      : next_(reinterpret_cast<const char*>(begin)),
        bytes_((count * static_cast<int64_t>(sizeof(BFloat16)) + steps - 1) /
               steps) {}

  void Go() {
    for (int64_t at = 0; at < bytes_; at += 64)
      _mm_prefetch(next_ + at, _MM_HINT_T1);
    next_ += bytes_;
  }

 private:
  const char* next_ = nullptr;
  int64_t bytes_ = 0;  // a step
};

// One thread's memory.
class Share {
 public:
  static constexpr char kName[] = "tritlab:avx512_core_bf16";

  explicit Share(const Plan& plan)
      : plan_(plan),
        input_(plan.blocks * plan.input_rows * plan.input_row_size() *
               sizeof(BFloat16)),
        gradient_(plan.vectors * plan.rows * plan.gradient_row_size() *
                  sizeof(BFloat16)),
        sums_(plan.sum_bytes()),
        places_(plan.shape.input.height),
        seen_(plan.shape.kernel_height) {
    std::memset(input_.data(), 0, input_.bytes());
  }

  // The sums over the output rows [begin, end) of the whole batch.
  void Sum(const BFloat16* input, const BFloat16* grad_output, int64_t begin,
           int64_t end) {
    for (int64_t row = begin; row < end || row == begin; row += plan_.rows) {
      Rewrite(input, grad_output, row, std::min(row + plan_.rows, end));
      FetchAhead(input, grad_output, row + plan_.rows,
                 std::min(row + 2 * plan_.rows, end));
      AddRows(/*begin=*/row == begin);
    }
  }

  // The threads' sums of one vector of output channels, in the caller's order:
  // sixteen input channels at a time, for they lie together there.
  static void Collect(const Plan& plan, std::span<const Share> shares,
                      int64_t vector, std::span<float> grad_weights) {
    const ConvolutionShape& shape = plan.shape;
    const int64_t channels = shape.input.channels;
    const int64_t lanes =
        std::min(kLanes, plan.output.channels - vector * kLanes);
    for (int64_t i = 0; i < shape.kernel_height; ++i) {
      for (int64_t first = 0; first < channels; first += kLanes) {
        const int64_t count = std::min(kLanes, channels - first);
        for (int64_t j = 0; j < kColumns; ++j) {
          float sums[kLanes][kLanes] = {};
          for (int64_t c = 0; c < count; ++c) {
            const int64_t at = plan.PlaceOfSums(vector, first + c, i, j);
            for (const Share& share : shares) {
              for (int64_t lane = 0; lane < kLanes; ++lane)
                sums[c][lane] += share.sums_.floats()[at + lane];
            }
          }
          for (int64_t lane = 0; lane < lanes; ++lane) {
            float* const to =
                grad_weights.data() +
                (((vector * kLanes + lane) * shape.kernel_height + i) *
                     kColumns +
                 j) *
                    channels +
                first;
            for (int64_t c = 0; c < count; ++c) to[c] = sums[c][lane];
          }
        }
      }
    }
  }

 private:
  // The output rows [begin, end) and what they see.
  void Rewrite(const BFloat16* input, const BFloat16* grad_output,
               int64_t begin, int64_t end) {
    const ConvolutionShape& shape = plan_.shape;
    const Shape& output = plan_.output;
    auto* const rewritten = static_cast<BFloat16*>(input_.data());
    for (std::vector<RowPair>& rows : seen_) rows.clear();
    int64_t filled = 0;
    for (int64_t row = begin; row < end; ++row) {
      const int64_t image = row / output.height, y = row % output.height;
      if (row == begin || y == 0) std::fill(places_.begin(), places_.end(), -1);
      RewriteGradient(plan_, grad_output + row * output.width * output.channels,
                      row - begin, static_cast<BFloat16*>(gradient_.data()));
      for (int64_t i = 0; i < shape.kernel_height; ++i) {
        const int64_t from = y * shape.stride + i - shape.padding;
        if (from < 0 || from >= shape.input.height) continue;
        if (places_[from] < 0) {
          const auto rewrite =
              plan_.block == 8 ? RewriteInput<8> : RewriteInput<4>;
          rewrite(plan_,
                  input + (image * shape.input.height + from) *
                              shape.input.width * shape.input.channels,
                  rewritten + filled * plan_.input_row_size());
          places_[from] = filled++;
        }
        seen_[i].push_back({.gradient = row - begin, .input = places_[from]});
      }
    }
  }

  // While rows are added up, what the output rows [begin, end) will be
  // rewritten from comes into the second-level cache.
  void FetchAhead(const BFloat16* input, const BFloat16* grad_output,
                  int64_t begin, int64_t end) {
    const Shape& in = plan_.shape.input;
    const Shape& out = plan_.output;
    const int64_t rows = std::max<int64_t>(end - begin, 0);
    const int64_t first = begin / out.height * in.height +
                          begin % out.height * plan_.shape.stride;
    const int64_t steps =
        (plan_.vectors + 1) / 2 * plan_.blocks * plan_.shape.kernel_height;
    ahead_[0] =
        Fetching(input + first * in.width * in.channels,
                 rows * plan_.shape.stride * in.width * in.channels, steps);
    ahead_[1] = Fetching(grad_output + begin * out.width * out.channels,
                         rows * out.width * out.channels, steps);
  }

  void AddRows(bool begin) {
    for (int64_t vector = 0; vector < plan_.vectors; vector += 2) {
      const bool two = vector + 2 <= plan_.vectors;
      const AddFunction add = AddFunctionOf(plan_, two);
      const BFloat16* const gradient =
          static_cast<const BFloat16*>(gradient_.data()) +
          vector * plan_.rows * plan_.gradient_row_size();
      float* sums = sums_.floats() + vector * plan_.sums_of_vector();
      for (int64_t block = 0; block < plan_.blocks; ++block) {
        const BFloat16* const input =
            static_cast<const BFloat16*>(input_.data()) +
            block * plan_.input_rows * plan_.input_row_size();
        for (const std::vector<RowPair>& rows : seen_) {
          for (Fetching& fetching : ahead_) fetching.Go();
          add(plan_, rows, gradient, input, begin, sums);
          sums += plan_.block_sums();
        }
      }
    }
  }

  const Plan& plan_;
  Buffer input_, gradient_, sums_;
  std::vector<int64_t> places_;             // [row of the image], -1: nowhere
  std::vector<std::vector<RowPair>> seen_;  // [kernel row]
  Fetching ahead_[2];
};

}  // namespace
#endif  // defined(__x86_64__)

std::unique_ptr<BFloat16WeightGradient> CreateVectorWeightGradient(
    [[maybe_unused]] const ConvolutionShape& shape) {
#if defined(__x86_64__)
  const bool fits = shape.kernel_width == kColumns && shape.stride <= 2 &&
                    shape.groups == 1 && shape.input.channels >= 8;
  if (fits) return WeightGradientInShares<Plan, Share>::Create(Plan(shape));
#endif
  return nullptr;
}

}  // namespace tritlab
