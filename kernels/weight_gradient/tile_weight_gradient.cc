#include "kernels/weight_gradient/tile_weight_gradient.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/intrinsics.h"
#include "kernels/round_up.h"
#include "kernels/tensor.h"
#include "kernels/weight_gradient/pixel_pairs.h"
#include "kernels/weight_gradient/tile_size.h"
#include "kernels/weight_gradient/transposed_pixels.h"
#include "kernels/weight_gradient/weight_gradient_in_shares.h"
#if defined(TRITLAB_EMULATED_TILES)
#include "kernels/weight_gradient/emulated_tiles.h"
#else
#include "kernels/weight_gradient/tiles.h"
#endif

namespace tritlab {

#if defined(__x86_64__)
namespace {

#define TRITLAB_REWRITE __attribute__((target("avx512f,avx512bw,avx512vl")))

constexpr int64_t kTilePixels = 32;  // of one product
constexpr int64_t kLineValues = 32;  // bf16 of a cache line
constexpr int64_t kPairValues = 2 * kTile;

// As many positions are taken at a time as keep what is multiplied at a time
// near the first-level cache, and all of them in the second-level cache; more
// where the sums do not stay there, which are read and written once for so
// many.
constexpr int64_t kNearBytes = 60 << 10;
constexpr int64_t kFarPositions = 1024;
constexpr int64_t kNearSums = 512 << 10;
constexpr int64_t kRewrittenBytes = 1 << 20;

// How a batch lies in memory once it is rewritten. Every image is a grid of
// positions, row after row, with zeros around it: so that what a tap sees of a
// run of output pixels is one run of the input, so many positions further.
// Where zeros end one row and begin the next, they are the same zeros.
//
//   gradient: [channel][position]
//   input:    [row phase][column phase][parity][block of channels]
//             [pair of positions][channel of the block][2]
//   sums:     [block of output channels][tap][block of input channels]
//             [output channel][input channel]
//
// A phase is what remains of a padded row or column when divided by the stride.
// Where a kernel's row has few channels, all its columns' values, which are
// neighbours in the image, are taken for the channels of a single column.
// Pairs of parity 0 begin with an even position, those of parity 1 with an odd
// one: so that every tap has its pairs.
struct Plan {
  ConvolutionShape shape;
  Shape output;
  int64_t channels = 0;    // of the input, or of a row of the kernel
  int64_t columns = 0;     // of the kernel
  int64_t grid_width = 0;  // even
  int64_t grid_height = 0;
  int64_t row_reach = 0;      // rows of a grid from the first tap to the last
  int64_t input_blocks = 0;   // of 16 channels
  int64_t output_blocks = 0;  // of 16 channels
  int64_t rows = 0;           // of grids, taken at a time
  int64_t positions = 0;      // of those
  int64_t line = 0;           // values of an output channel
  int64_t block_size = 0;     // values of a block of input channels

  explicit Plan(const ConvolutionShape& shape);

  int64_t taps() const { return shape.kernel_height * columns; }
  int64_t batch_rows() const { return output.batch * grid_height; }
  int64_t gradient_size() const { return output_blocks * kTile * line; }
  int64_t input_size() const { return PlaceOfInput(shape.stride, 0, 0, 0); }
  int64_t PlaceOfInput(int64_t row_phase, int64_t column_phase, int64_t parity,
                       int64_t block) const {
    return (((row_phase * shape.stride + column_phase) * 2 + parity) *
                input_blocks +
            block) *
           block_size;
  }
  int64_t sum_parts() const { return output_blocks * taps() * input_blocks; }
  int64_t sum_bytes() const {
    return sum_parts() * kTileSums * static_cast<int64_t>(sizeof(float));
  }
};

Plan::Plan(const ConvolutionShape& of) : shape(of), output(of.output()) {
  const int64_t stride = shape.stride;
  row_reach = (shape.kernel_height - 1) / stride;
  channels = shape.input.channels;
  columns = shape.kernel_width;
  const bool few_channels =
      RoundUp(columns * channels, kTile) < columns * RoundUp(channels, kTile);
  if (few_channels) channels *= std::exchange(columns, 1);
  const int64_t column_reach = (columns - 1) / stride;
  // With a stride of 1 as many zeros end a row as begin it.
  const int64_t shared = stride == 1 ? shape.padding : 0;
  grid_height = output.height + row_reach - shared;
  grid_width =
      RoundUp(output.width + column_reach - (few_channels ? 0 : shared), 2);
  input_blocks = RoundUp(channels, kTile) / kTile;
  output_blocks = RoundUp(output.channels, kTile) / kTile;
  // Of a position in a block of channels.
  constexpr int64_t kBytes = kTile * static_cast<int64_t>(sizeof(BFloat16));
  const int64_t near_bytes = (std::min<int64_t>(output_blocks, 2) +
                              2 * std::min<int64_t>(input_blocks, 2)) *
                             kBytes;
  const int64_t all_bytes =
      (output_blocks + 2 * stride * stride * input_blocks) * kBytes;
  const int64_t wanted = std::min(
      sum_bytes() > kNearSums ? kFarPositions : kNearBytes / near_bytes,
      kRewrittenBytes / all_bytes);
  rows = std::clamp<int64_t>(wanted / grid_width, 1, batch_rows());
  positions = RoundUp(rows * grid_width, kTilePixels);
  // An odd number of cache lines, so that channels do not share their places in
  // the caches.
  line =
      (RoundUp(positions + kTransposedPixels, kLineValues) / kLineValues | 1) *
      kLineValues;
  block_size =
      (positions + row_reach * grid_width + RoundUp(column_reach, 2)) * kTile;
}

// Sixteen input channels as one tap sees them, and where their sums are among
// those of a block of output channels.
struct Operand {
  const BFloat16* input;
  int64_t sums;
};

// Calls what(std::integral_constant<int, i>()) for i from 0 to kCount - 1.
template <int kCount, typename What>
inline void ForEach(const What& what) {
  [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) {
    (what(std::integral_constant<int, kIndex>()), ...);
  }
  (std::make_integer_sequence<int, kCount>());
}

// Adds up the products of kBlocks blocks of output channels and kOperands
// operands (or begins with them).
template <int kBlocks, int kOperands>
void AddTiles(const Plan& plan, const BFloat16* gradient,
              const Operand* operands, int64_t products, bool begin,
              float* sums) {
  constexpr int kGradientTile = kBlocks * kOperands;
  constexpr int kInputTile = kGradientTile + kBlocks;
  static_assert(kInputTile < 8);
  const int64_t line_bytes = plan.line * static_cast<int64_t>(sizeof(BFloat16));
  const BFloat16* inputs[kOperands];
  float* places[kOperands];
  for (int operand = 0; operand < kOperands; ++operand) {
    inputs[operand] = operands[operand].input;
    places[operand] = sums + operands[operand].sums;
  }
  const int64_t sums_apart = plan.taps() * plan.input_blocks * kTileSums;
  ForEach<kOperands>([&](auto operand) {
    ForEach<kBlocks>([&](auto block) {
      constexpr int kSums = operand * kBlocks + block;
      if (begin) {
        ZeroTile<kSums>();
      } else {
        LoadTile<kSums>(places[operand] + block * sums_apart, kTileRowBytes);
      }
    });
  });
  for (int64_t product = 0; product < products; ++product) {
    ForEach<kBlocks>([&](auto block) {
      LoadTile<kGradientTile + block>(
          gradient + block * kTile * plan.line + product * kTilePixels,
          line_bytes);
    });
    ForEach<kOperands>([&](auto operand) {
      LoadTile<kInputTile>(inputs[operand] + product * kTileValues,
                           kTileRowBytes);
      ForEach<kBlocks>([&](auto block) {
        MultiplyTiles<operand * kBlocks + block, kGradientTile + block,
                      kInputTile>();
      });
    });
  }
  ForEach<kOperands>([&](auto operand) {
    ForEach<kBlocks>([&](auto block) {
      StoreTile<operand * kBlocks + block>(places[operand] + block * sums_apart,
                                           kTileRowBytes);
    });
  });
}

// One thread's memory.
class Share {
 public:
  static constexpr char kName[] = "tritlab:avx512_core_amx";

  explicit Share(const Plan& plan)
      : plan_(plan),
        gradient_(plan.gradient_size() * sizeof(BFloat16)),
        input_(plan.input_size() * sizeof(BFloat16)),
        sums_(plan.sum_bytes()) {
    std::memset(gradient_.data(), 0, gradient_.bytes());
    std::memset(input_.data(), 0, input_.bytes());
    // Operands that share what they read stand together: it stays in the
    // first-level cache from one to the next.
    for (int64_t block = 0; block < plan.input_blocks; block += 2) {
      const int64_t end = std::min(block + 2, plan.input_blocks);
      for (const int64_t parity : {0, 1}) {
        for (int64_t j = 0; j < plan.columns; ++j) {
          if (j / plan.shape.stride % 2 == parity) AddOperands(j, block, end);
        }
      }
    }
  }

  // The sums over the grid rows [begin, end) of the whole batch.
  void Sum(const BFloat16* input, const BFloat16* grad_output, int64_t begin,
           int64_t end) {
    const TileRegisters registers;
    for (int64_t row = begin; row < end || row == begin; row += plan_.rows) {
      const int64_t count = std::min(plan_.rows, end - row);
      RewriteGradient(grad_output, row, count);
      RewriteInput(input, row, count + plan_.row_reach);
      AddRows(RoundUp(count * plan_.grid_width, kTilePixels) / kTilePixels,
              /*begin=*/row == begin);
    }
  }

  // The threads' sums of one tile, in the caller's order.
  static void Collect(const Plan& plan, std::span<const Share> shares,
                      int64_t tile, std::span<float> grad_weights) {
    const int64_t channels = plan.channels;
    const int64_t input_block = tile % plan.input_blocks;
    const int64_t tap = tile / plan.input_blocks % plan.taps();
    const int64_t output_block = tile / plan.input_blocks / plan.taps();
    const int64_t first = input_block * kTile;
    const int64_t count = std::min(kTile, channels - first);
    float sums[kTileSums] = {};
    for (const Share& share : shares) {
      const float* const from = share.sums_.floats() + tile * kTileSums;
      for (int64_t i = 0; i < kTileSums; ++i) sums[i] += from[i];
    }
    for (int64_t o = 0; o < kTile; ++o) {
      const int64_t channel = output_block * kTile + o;
      if (channel >= plan.output.channels) break;
      std::copy_n(sums + o * kTile, count,
                  grad_weights.data() +
                      (channel * plan.taps() + tap) * channels + first);
    }
  }

 private:
  // Those of the kernel's column j and some blocks of input channels.
  void AddOperands(int64_t j, int64_t begin, int64_t end) {
    const int64_t stride = plan_.shape.stride;
    for (int64_t i = 0; i < plan_.shape.kernel_height; ++i) {
      const int64_t shift = i / stride * plan_.grid_width + j / stride;
      const int64_t tap = i * plan_.columns + j;
      for (int64_t block = begin; block < end; ++block) {
        operands_.push_back(
            {.input =
                 static_cast<const BFloat16*>(input_.data()) +
                 plan_.PlaceOfInput(i % stride, j % stride, shift % 2, block) +
                 shift / 2 * kPairValues,
             .sums = (tap * plan_.input_blocks + block) * kTileSums});
      }
    }
  }

  // The grid rows [begin, begin + count); beyond them there are zeros.
  TRITLAB_REWRITE void RewriteGradient(const BFloat16* grad_output,
                                       int64_t begin, int64_t count) {
    const Shape& output = plan_.output;
    const int64_t line = plan_.line;
    const auto place = [line](int64_t channel) { return channel * line; };
    for (int64_t row = 0; row < plan_.rows; ++row) {
      const int64_t image = (begin + row) / plan_.grid_height;
      const int64_t y = (begin + row) % plan_.grid_height;
      auto* const to =
          static_cast<BFloat16*>(gradient_.data()) + row * plan_.grid_width;
      if (row < count && y < output.height) {
        TransposePixels(grad_output + (image * output.height + y) *
                                          output.width * output.channels,
                        output.channels, output.channels, output.width, place,
                        to);
      } else {
        for (int64_t channel = 0; channel < output.channels; ++channel)
          std::fill_n(to + place(channel), plan_.grid_width, BFloat16());
      }
    }
  }

  void RewriteInput(const BFloat16* input, int64_t begin, int64_t count) {
    const ConvolutionShape& shape = plan_.shape;
    const Shape& in = shape.input;
    for (int64_t row = 0; row < plan_.rows + plan_.row_reach; ++row) {
      const int64_t image = (begin + row) / plan_.grid_height;
      const int64_t y = (begin + row) % plan_.grid_height;
      for (int64_t phase = 0; phase < Phases(shape.kernel_height); ++phase) {
        const int64_t from = y * shape.stride + phase - shape.padding;
        const bool inside =
            row < count && image < in.batch && from >= 0 && from < in.height;
        RewriteRow(
            inside ? input + (image * in.height + from) * in.width * in.channels
                   : nullptr,
            phase, row * plan_.grid_width / 2 * kPairValues);
      }
    }
  }

  // Those that the kernel sees.
  int64_t Phases(int64_t kernel) const {
    return std::min(kernel, plan_.shape.stride);
  }

  // One row of an image; null: zeros. place: of its first pair.
  void RewriteRow(const BFloat16* row, int64_t row_phase, int64_t place) {
    const ConvolutionShape& shape = plan_.shape;
    const Shape& in = shape.input;
    for (int64_t phase = 0; phase < Phases(plan_.columns); ++phase) {
      for (int64_t block = 0; block < plan_.input_blocks; ++block) {
        auto* const to = static_cast<BFloat16*>(input_.data()) + place;
        const int64_t channel = block * kTile;
        // Only where two taps see a phase does one begin with an odd position.
        StorePixelPairs(
            {.row = row,
             .values = row == nullptr ? 0 : in.width * in.channels,
             .offset = (phase - shape.padding) * in.channels + channel,
             .size = shape.stride * in.channels,
             .channels = plan_.channels - channel},
            plan_.grid_width / 2, kPairValues,
            to + plan_.PlaceOfInput(row_phase, phase, 0, block),
            phase + shape.stride < plan_.columns
                ? to + plan_.PlaceOfInput(row_phase, phase, 1, block)
                : nullptr);
      }
    }
  }

  void AddRows(int64_t products, bool begin) {
    int64_t block = 0;
    for (; block + 2 <= plan_.output_blocks; block += 2)
      AddBlocks<2, 2, 1>(block, products, begin);
    if (block < plan_.output_blocks) AddBlocks<1, 6, 3>(block, products, begin);
  }

  // kBlocks blocks of output channels from `block` on, with kMany operands at a
  // time, then kFew, then one.
  template <int kBlocks, int kMany, int kFew>
  void AddBlocks(int64_t block, int64_t products, bool begin) {
    const BFloat16* const gradient =
        static_cast<const BFloat16*>(gradient_.data()) +
        block * kTile * plan_.line;
    const auto count = static_cast<int64_t>(operands_.size());
    float* const sums = sums_.floats() + block * count * kTileSums;
    int64_t operand = 0;
    const auto add = [&]<int kOperands>() {
      for (; count - operand >= kOperands; operand += kOperands) {
        AddTiles<kBlocks, kOperands>(plan_, gradient, &operands_[operand],
                                     products, begin, sums);
      }
    };
    add.template operator()<kMany>();
    add.template operator()<kFew>();
    add.template operator()<1>();
  }

  const Plan& plan_;
  Buffer gradient_, input_, sums_;
  std::vector<Operand> operands_;  // taps and blocks of input channels
};

}  // namespace
#endif  // defined(__x86_64__)

std::unique_ptr<BFloat16WeightGradient> CreateTileWeightGradient(
    [[maybe_unused]] const ConvolutionShape& shape) {
#if defined(__x86_64__)
  // Rows of outputs that see nothing but padding would be longer than the
  // grid's.
  if (shape.groups == 1 && shape.stride <= 2 &&
      shape.padding < std::min(shape.kernel_height, shape.kernel_width))
    return WeightGradientInShares<Plan, Share>::Create(Plan(shape));
#endif
  return nullptr;
}

}  // namespace tritlab
