#include "kernels/integer/s8_convolution.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/convolution_layout.h"
#include "kernels/integer/integer_shape.h"
#include "kernels/integer/resident_weights.h"
#include "kernels/integer/vnni_convolution.h"
#include "kernels/integer/widened_convolution.h"
#include "kernels/onednn.h"
#include "kernels/onednn_info.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

using dnnl::memory;

memory::data_type TypeOf(ByteType type) {
  return type == ByteType::kU8 ? memory::data_type::u8 : memory::data_type::s8;
}

memory::desc Activation(const Shape& shape, memory::data_type type) {
  return memory::desc({shape.batch, shape.channels, shape.height, shape.width},
                      type, memory::format_tag::nhwc);
}

dnnl::primitive_attr Attributes(const ConvolutionShape& shape,
                                const S8Convolution::Options& options) {
  dnnl::primitive_attr attributes = onednn::UserScratchpad();
  // One scale for each output channel: of the group and within it.
  attributes.set_scales_mask(DNNL_ARG_WEIGHTS, shape.groups > 1 ? 3 : 1);
  dnnl::post_ops post_ops;
  if (options.residual_scale != 0) {
    post_ops.append_sum(
        options.residual_scale, 0,
        options.values ? memory::data_type::f32 : TypeOf(options.residual));
  }
  if (options.relu)
    post_ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
  attributes.set_post_ops(post_ops);
  return attributes;
}

int64_t Product(const memory::dims& dims) {
  int64_t product = 1;
  for (const memory::dim dim : dims) product *= dim;
  return product;
}

// OHWI weights in the layout that a primitive wants.
ResidentWeights Blocked(const ConvolutionShape& shape,
                        const memory::desc& layout, const int8_t* weights,
                        bool packed) {
  Buffer bytes(layout.get_size());
  onednn::Reorder(onednn::PlainWeights(shape, memory::data_type::s8), layout)
      .Run({weights, bytes.data()});
  // Behind the weights there may be sums of them, which are no small set.
  return ResidentWeights(std::move(bytes), Product(layout.get_padded_dims()),
                         packed);
}

class OneDnnS8Convolution final : public S8Convolution {
 public:
  OneDnnS8Convolution(const ConvolutionShape& shape, const Options& options,
                      std::span<const int8_t> weights,
                      std::span<const float> scales,
                      std::span<const float> biases)
      : scales_(scales.begin(), scales.end()),
        biases_(biases.begin(), biases.end()) {
    const memory::desc input = Activation(shape.input, TypeOf(options.input));
    const memory::desc output =
        Activation(shape.output(), options.values ? memory::data_type::f32
                                                  : TypeOf(options.output));
    const memory::desc any(onednn::WeightDims(shape), memory::data_type::s8,
                           memory::format_tag::any);
    const memory::desc per_channel = onednn::VectorDesc(shape.out_channels);
    const memory::dims strides = {shape.stride, shape.stride};
    const memory::dims dilation = {0, 0};  // oneDNN counts from 0
    const memory::dims padding = {shape.padding, shape.padding};
    const dnnl::convolution_forward::primitive_desc description(
        onednn::Engine(), dnnl::prop_kind::forward_inference,
        dnnl::algorithm::convolution_direct, input, any, per_channel, output,
        strides, dilation, padding, padding, Attributes(shape, options));
    implementation_ = description.impl_info_str();
    convolution_ = onednn::Execution(
        description, dnnl::convolution_forward(description),
        {{DNNL_ARG_SRC, input},
         {DNNL_ARG_WEIGHTS, description.weights_desc()},
         {DNNL_ARG_BIAS, per_channel},
         {DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, per_channel},
         {DNNL_ARG_DST, output}});
    weights_ = Blocked(shape, description.weights_desc(), weights.data(),
                       options.packed);
  }

  void Run(const void* input, void* output) override {
    convolution_.Run(
        {input, weights_.Get(), biases_.data(), scales_.data(), output});
  }
  int64_t weight_bytes() const override { return weights_.bytes(); }
  std::string Implementations() const override { return implementation_; }

 private:
  const std::vector<float> scales_, biases_;
  ResidentWeights weights_;
  onednn::Execution convolution_;
  std::string implementation_;
};

// What was measured: AMX beats any use of vpdpbusd, and with many channels
// oneDNN's is the faster use of it.
bool VnniIsFaster(const ConvolutionShape& shape) {
  return !HasTiles() && (shape.input.channels <= 4 ||
                         (shape.out_channels <= 32 && shape.stride == 1));
}

}  // namespace

absl::StatusOr<std::unique_ptr<S8Convolution>> S8Convolution::Create(
    const ConvolutionShape& shape, const Options& options,
    std::span<const int8_t> weights, std::span<const float> scales,
    std::span<const float> biases, Implementation implementation) {
  RETURN_IF_ERROR(shape.Validate());
  const std::string what =
      absl::StrCat("s8 convolution ", ToString(shape.input), " -> ",
                   ToString(shape.output()));
  const auto channels = static_cast<size_t>(shape.out_channels);
  if (static_cast<int64_t>(weights.size()) != shape.weight_count() ||
      scales.size() != channels || biases.size() != channels) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": it has ", weights.size(), " weights, ",
                     scales.size(), " scales and ", biases.size(), " biases"));
  }
  RETURN_IF_ERROR(CheckSumsFit(what, weights, shape.out_channels));
  if (implementation == Implementation::kVnni ||
      (implementation == Implementation::kFastest && VnniIsFaster(shape))) {
    if (auto convolution =
            MakeVnniConvolution(shape, options, weights, scales, biases))
      return convolution;
    if (implementation == Implementation::kVnni)
      return absl::UnimplementedError(absl::StrCat(what, ": not with VNNI"));
  }
  if (implementation == Implementation::kWidened ||
      (implementation == Implementation::kFastest && !HasExactByteProducts()))
    return MakeWidenedConvolution(shape, options, weights, scales, biases);
  return onednn::CatchErrors(what, [&]() -> std::unique_ptr<S8Convolution> {
    return std::make_unique<OneDnnS8Convolution>(shape, options, weights,
                                                 scales, biases);
  });
}

}  // namespace tritlab
