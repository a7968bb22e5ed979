#include "kernels/ordered_convolution.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// Output channels whose sums are taken side by side, in vector registers.
constexpr int64_t kBlock = 32;

// Multiply-adds below which threads are not worth waking.
constexpr int64_t kSerialBelow = 1 << 14;

int64_t BlocksOfGroup(const ConvolutionShape& shape) {
  return (shape.out_channels / shape.groups + kBlock - 1) / kBlock;
}

// Multiply-adds of one output value.
int64_t ProductsOf(const ConvolutionShape& shape) {
  return shape.weight_count() / shape.out_channels;
}

// Work is numbered [group][block][output pixel]: neighbours share weights.
// weights: of all groups, in blocks.
TRITLAB_VECTOR_CLONES
void ComputeBlocks(const ConvolutionShape& shape, const float* weights,
                   const float* scales, const float* biases, int64_t first,
                   int64_t end, const float* input, float* output) {
  const Shape in = shape.input, out = shape.output();
  const int64_t pixels = out.batch * out.height * out.width;
  const int64_t in_group = in.channels / shape.groups;
  const int64_t out_group = out.channels / shape.groups;
  const int64_t blocks = BlocksOfGroup(shape);
  for (int64_t work = first; work < end; ++work) {
    const int64_t pixel = work % pixels, block = work / pixels;
    const int64_t group = block / blocks;
    const int64_t x = pixel % out.width, y = pixel / out.width % out.height;
    const float* const image =
        input + pixel / (out.width * out.height) * in.image_size();
    const int64_t top = y * shape.stride - shape.padding;
    const int64_t left = x * shape.stride - shape.padding;
    const float* const of_block = weights + block * ProductsOf(shape) * kBlock;
    float sums[kBlock] = {};
    for (int64_t i = 0; i < shape.kernel_height; ++i) {
      if (top + i < 0 || top + i >= in.height) continue;
      for (int64_t j = 0; j < shape.kernel_width; ++j) {
        if (left + j < 0 || left + j >= in.width) continue;
        const float* const from =
            image + ((top + i) * in.width + left + j) * in.channels +
            group * in_group;
        const float* weight =
            of_block + (i * shape.kernel_width + j) * in_group * kBlock;
        for (int64_t c = 0; c < in_group; ++c, weight += kBlock) {
          const float value = from[c];
#pragma omp simd
          for (int64_t o = 0; o < kBlock; ++o) sums[o] += value * weight[o];
        }
      }
    }
    const int64_t begin = block % blocks * kBlock;
    const int64_t channel = group * out_group + begin;
    const int64_t count = std::min(kBlock, out_group - begin);
    float* const to = output + pixel * out.channels + channel;
    for (int64_t o = 0; o < count; ++o)
      to[o] = sums[o] * scales[channel + o] + biases[channel + o];
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<OrderedConvolution>> OrderedConvolution::Create(
    const ConvolutionShape& shape, std::span<const float> weights,
    std::span<const float> scales, std::span<const float> biases) {
  RETURN_IF_ERROR(shape.Validate());
  const auto channels = static_cast<size_t>(shape.out_channels);
  if (static_cast<int64_t>(weights.size()) != shape.weight_count() ||
      scales.size() != channels || biases.size() != channels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "convolution: ", weights.size(), " weights, ", scales.size(),
        " scales and ", biases.size(), " biases do not fit its shape of ",
        shape.weight_count(), " weights and ", channels, " output channels"));
  }
  const int64_t products = ProductsOf(shape), blocks = BlocksOfGroup(shape);
  // A group of one output takes a block as well.
  RETURN_IF_ERROR(CheckMemory("a convolution in f32",
                              static_cast<double>(shape.groups) * blocks *
                                  products * kBlock * sizeof(float),
                              "use fewer groups"));
  std::unique_ptr<OrderedConvolution> convolution(
      new OrderedConvolution(shape));
  convolution->scales_.assign(scales.begin(), scales.end());
  convolution->biases_.assign(biases.begin(), biases.end());
  const int64_t out_group = shape.out_channels / shape.groups;
  convolution->weights_.assign(shape.groups * blocks * products * kBlock, 0);
  for (int64_t channel = 0; channel < shape.out_channels; ++channel) {
    const int64_t in_group = channel % out_group;
    const int64_t block = channel / out_group * blocks + in_group / kBlock;
    float* const to = convolution->weights_.data() + block * products * kBlock +
                      in_group % kBlock;
    for (int64_t k = 0; k < products; ++k)
      to[k * kBlock] = weights[channel * products + k];
  }
  return convolution;
}

void OrderedConvolution::Run(const float* input, float* output) const {
  const Shape out = shape_.output();
  const int64_t work = shape_.groups * BlocksOfGroup(shape_) * out.batch *
                       out.height * out.width;
  const int64_t of_one = ProductsOf(shape_) * kBlock;
  ParallelFor(work, 1, kSerialBelow / of_one, [&](int64_t begin, int64_t end) {
    ComputeBlocks(shape_, weights_.data(), scales_.data(), biases_.data(),
                  begin, end, input, output);
  });
}

}  // namespace tritlab
