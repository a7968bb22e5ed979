#include "kernels/convolution.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/extents.h"
#include "kernels/onednn.h"
#include "kernels/weighted_passes.h"

namespace tritlab {
namespace {

using dnnl::memory;

std::string Describe(const ConvolutionShape& shape, DataType type) {
  return absl::StrCat("convolution ", ToString(shape.input), " -> ",
                      ToString(shape.output()), ", kernel ",
                      shape.kernel_height, "x", shape.kernel_width, ", stride ",
                      shape.stride, ", padding ", shape.padding, ", groups ",
                      shape.groups, ", ", Name(type));
}

// oneDNN's weight dimensions are (groups,) O, I, H, W within a group.
memory::dims WeightDims(const ConvolutionShape& shape) {
  const int64_t groups = shape.groups;
  memory::dims dims = {shape.out_channels / groups,
                       shape.input.channels / groups, shape.kernel_height,
                       shape.kernel_width};
  if (groups > 1) dims.insert(dims.begin(), groups);
  return dims;
}

// OHWI in memory. With groups, the output channels of one group lie together,
// so that [G][O/G][H][W][I/G] is the same memory.
memory::desc PlainWeights(const ConvolutionShape& shape) {
  const int64_t inputs = shape.input.channels / shape.groups;
  const int64_t filter = shape.kernel_height * shape.kernel_width * inputs;
  memory::dims strides = {filter, 1, shape.kernel_width * inputs, inputs};
  if (shape.groups > 1) {
    strides.insert(strides.begin(), shape.out_channels / shape.groups * filter);
  }
  return memory::desc(WeightDims(shape), memory::data_type::f32, strides);
}

memory::desc Bias(const ConvolutionShape& shape) {
  return shape.bias ? onednn::VectorDesc(shape.out_channels) : memory::desc();
}

class OneDnnConvolution final : public Convolution {
 public:
  OneDnnConvolution(const ConvolutionShape& shape, DataType type, Use use)
      : arithmetic_(onednn::ArithmeticType(type)),
        input_(onednn::ActivationDesc(shape.input, arithmetic_)),
        output_(onednn::ActivationDesc(shape.output(), arithmetic_)),
        bias_(Bias(shape)),
        passes_(PlainWeights(shape), input_, output_, bias_, type) {
    const memory::desc any(WeightDims(shape), onednn::TypeOf(arithmetic_),
                           memory::format_tag::any);
    const memory::dims strides = {shape.stride, shape.stride};
    const memory::dims dilation = {0, 0};  // oneDNN counts from 0
    const memory::dims padding = {shape.padding, shape.padding};
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();
    const auto algorithm = dnnl::algorithm::convolution_direct;

    const dnnl::convolution_forward::primitive_desc forward(
        onednn::Engine(),
        use.training || use.input_gradient ? dnnl::prop_kind::forward_training
                                           : dnnl::prop_kind::forward_inference,
        algorithm, input_, any, bias_, output_, strides, dilation, padding,
        padding, attributes);
    passes_.AddForward<dnnl::convolution_forward>(forward);
    if (use.input_gradient) {
      passes_.AddBackwardInput<dnnl::convolution_backward_data>(
          {onednn::Engine(), algorithm, input_, any, output_, strides, dilation,
           padding, padding, forward, attributes});
    }
    if (use.training) {
      const memory::desc any_f32(WeightDims(shape), memory::data_type::f32,
                                 memory::format_tag::any);
      passes_.AddBackwardWeights<dnnl::convolution_backward_weights>(
          {onednn::Engine(), algorithm, input_, any_f32, bias_, output_,
           strides, dilation, padding, padding, forward, attributes});
    }
  }

  void SetWeights(std::span<const float> weights,
                  std::span<const float> bias) override {
    passes_.SetWeights(weights, bias);
  }
  void Forward(const void* input, void* output) override {
    passes_.Forward(input, output);
  }
  void BackwardInput(const void* grad_output, void* grad_input) override {
    passes_.BackwardInput(grad_output, grad_input);
  }
  void BackwardWeights(const void* input, const void* grad_output,
                       std::span<float> grad_weights,
                       std::span<float> grad_bias) override {
    passes_.BackwardWeights(input, grad_output, grad_weights, grad_bias);
  }
  std::string Implementations() const override {
    return passes_.implementations();
  }

 private:
  const DataType arithmetic_;
  const memory::desc input_, output_, bias_;
  onednn::WeightedPasses passes_;
};

}  // namespace

Shape ConvolutionShape::output() const {
  return {input.batch,
          WindowPositions(input.height, kernel_height, stride, padding),
          WindowPositions(input.width, kernel_width, stride, padding),
          out_channels};
}

absl::Status ConvolutionShape::Validate() const {
  constexpr char kName[] = "convolution";
  RETURN_IF_ERROR(CheckActivation(kName, "input", input));
  RETURN_IF_ERROR(CheckExtents(kName, {{"out_channels", out_channels},
                                       {"kernel_height", kernel_height},
                                       {"kernel_width", kernel_width},
                                       {"stride", stride},
                                       {"padding", padding, 0},
                                       {"groups", groups}}));
  if (input.channels % groups != 0 || out_channels % groups != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "convolution: groups = ", groups, " must divide both input.channels = ",
        input.channels, " and out_channels = ", out_channels));
  }
  RETURN_IF_ERROR(
      CheckWindow(kName, "height", input.height, kernel_height, padding));
  RETURN_IF_ERROR(
      CheckWindow(kName, "width", input.width, kernel_width, padding));
  RETURN_IF_ERROR(CheckActivation(
      kName, "weights",
      {out_channels, kernel_height, kernel_width, input.channels / groups}));
  return CheckActivation(kName, "output", output());
}

absl::StatusOr<std::unique_ptr<Convolution>> Convolution::Create(
    const ConvolutionShape& shape, DataType type, Use use) {
  RETURN_IF_ERROR(shape.Validate());
  return onednn::CatchErrors(
      Describe(shape, type), [&]() -> std::unique_ptr<Convolution> {
        return std::make_unique<OneDnnConvolution>(shape, type, use);
      });
}

}  // namespace tritlab
