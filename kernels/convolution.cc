#include "kernels/convolution.h"

#include <algorithm>
#include <cassert>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/extents.h"
#include "kernels/onednn.h"

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

class OneDnnConvolution final : public Convolution {
 public:
  OneDnnConvolution(const ConvolutionShape& shape, DataType type, Use use)
      : shape_(shape) {
    const DataType arithmetic = onednn::ArithmeticType(type);
    const memory::desc plain = PlainWeights(shape);
    const memory::desc any(WeightDims(shape), onednn::TypeOf(arithmetic),
                           memory::format_tag::any);
    const memory::desc input = onednn::ActivationDesc(shape.input, arithmetic);
    const memory::desc output =
        onednn::ActivationDesc(shape.output(), arithmetic);
    const memory::desc bias =
        shape.bias ? onednn::VectorDesc(shape.out_channels) : memory::desc();
    const memory::dims strides = {shape.stride, shape.stride};
    const memory::dims dilation = {0, 0};  // oneDNN counts from 0
    const memory::dims padding = {shape.padding, shape.padding};
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();
    const auto algorithm = dnnl::algorithm::convolution_direct;

    const dnnl::convolution_forward::primitive_desc forward(
        onednn::Engine(),
        use.training || use.input_gradient ? dnnl::prop_kind::forward_training
                                           : dnnl::prop_kind::forward_inference,
        algorithm, input, any, bias, output, strides, dilation, padding,
        padding, attributes);
    forward_ = onednn::Execution(forward, dnnl::convolution_forward(forward),
                                 {onednn::Input(DNNL_ARG_SRC, input, type),
                                  {DNNL_ARG_WEIGHTS, forward.weights_desc()},
                                  {DNNL_ARG_BIAS, bias},
                                  onednn::Output(DNNL_ARG_DST, output, type)});
    weight_rounding_ = onednn::WeightRounding(shape.weight_count(), type);
    forward_weights_ = Buffer(forward.weights_desc().get_size());
    to_forward_weights_ = onednn::Reorder(plain, forward.weights_desc());
    bias_ = Buffer(shape.bias ? shape.out_channels * sizeof(float) : 0);
    implementations_ = absl::StrCat("forward ", forward.impl_info_str());

    if (use.input_gradient) {
      const dnnl::convolution_backward_data::primitive_desc backward(
          onednn::Engine(), algorithm, input, any, output, strides, dilation,
          padding, padding, forward, attributes);
      backward_input_ =
          onednn::Execution(backward, dnnl::convolution_backward_data(backward),
                            {onednn::Input(DNNL_ARG_DIFF_DST, output, type),
                             {DNNL_ARG_WEIGHTS, backward.weights_desc()},
                             onednn::Output(DNNL_ARG_DIFF_SRC, input, type)});
      if (backward.weights_desc() != forward.weights_desc()) {
        backward_weights_ = Buffer(backward.weights_desc().get_size());
        to_backward_weights_ = onednn::Reorder(plain, backward.weights_desc());
      }
      absl::StrAppend(&implementations_, ", backward input ",
                      backward.impl_info_str());
    }

    if (use.training) {
      const memory::desc any_f32(WeightDims(shape), memory::data_type::f32,
                                 memory::format_tag::any);
      const dnnl::convolution_backward_weights::primitive_desc backward(
          onednn::Engine(), algorithm, input, any_f32, bias, output, strides,
          dilation, padding, padding, forward, attributes);
      const memory::desc gradient = backward.diff_weights_desc();
      backward_weights_pass_ = onednn::Execution(
          backward, dnnl::convolution_backward_weights(backward),
          {onednn::Input(DNNL_ARG_SRC, input, type),
           onednn::Input(DNNL_ARG_DIFF_DST, output, type),
           {DNNL_ARG_DIFF_WEIGHTS, gradient},
           {DNNL_ARG_DIFF_BIAS, bias}});
      if (gradient != plain) {
        grad_weights_ = Buffer(gradient.get_size());
        from_grad_weights_ = onednn::Reorder(gradient, plain);
      }
      absl::StrAppend(&implementations_, ", backward weights ",
                      backward.impl_info_str());
    }
  }

  void SetWeights(std::span<const float> weights,
                  std::span<const float> bias) override {
    assert(static_cast<int64_t>(weights.size()) == shape_.weight_count());
    assert(bias.size() * sizeof(float) == bias_.bytes());
    const float* rounded = weight_rounding_.Round(weights);
    to_forward_weights_.Run({rounded, forward_weights_.data()});
    if (to_backward_weights_) {
      to_backward_weights_.Run({rounded, backward_weights_.data()});
    }
    std::copy(bias.begin(), bias.end(), bias_.floats());
  }

  void Forward(const void* input, void* output) override {
    forward_.Run({input, forward_weights_.data(), bias_.data(), output});
  }

  void BackwardInput(const void* grad_output, void* grad_input) override {
    backward_input_.Run({grad_output,
                         to_backward_weights_ ? backward_weights_.data()
                                              : forward_weights_.data(),
                         grad_input});
  }

  void BackwardWeights(const void* input, const void* grad_output,
                       std::span<float> grad_weights,
                       std::span<float> grad_bias) override {
    assert(static_cast<int64_t>(grad_weights.size()) == shape_.weight_count());
    assert(grad_bias.size() * sizeof(float) == bias_.bytes());
    if (from_grad_weights_) {
      backward_weights_pass_.Run(
          {input, grad_output, grad_weights_.data(), grad_bias.data()});
      from_grad_weights_.Run({grad_weights_.data(), grad_weights.data()});
    } else {
      backward_weights_pass_.Run(
          {input, grad_output, grad_weights.data(), grad_bias.data()});
    }
  }

  std::string Implementations() const override { return implementations_; }

 private:
  const ConvolutionShape shape_;
  std::string implementations_;
  onednn::WeightRounding weight_rounding_;
  Buffer forward_weights_;
  Buffer backward_weights_;  // empty where forward's layout serves both
  Buffer bias_;
  Buffer grad_weights_;  // empty where the primitive writes OHWI itself
  onednn::Execution to_forward_weights_;
  onednn::Execution to_backward_weights_;
  onednn::Execution from_grad_weights_;
  onednn::Execution forward_;
  onednn::Execution backward_input_;
  onednn::Execution backward_weights_pass_;
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
