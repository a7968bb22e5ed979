#include "kernels/convolution.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "kernels/bfloat16.h"
#include "kernels/convolution_layout.h"
#include "kernels/onednn.h"
#include "kernels/small_image_convolution.h"
#include "kernels/weight_gradient/bfloat16_weight_gradient.h"
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
        passes_(onednn::PlainWeights(shape, memory::data_type::f32), input_,
                output_, bias_, type) {
    const memory::desc any(onednn::WeightDims(shape),
                           onednn::TypeOf(arithmetic_),
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
    if (use.training && arithmetic_ == DataType::kBF16 && !shape.bias)
      weight_gradient_ = BFloat16WeightGradient::Create(shape);
    if (use.training && weight_gradient_ == nullptr) {
      const memory::desc any_f32(onednn::WeightDims(shape),
                                 memory::data_type::f32,
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
    if (weight_gradient_ == nullptr)
      return passes_.BackwardWeights(input, grad_output, grad_weights,
                                     grad_bias);
    weight_gradient_->Run(static_cast<const BFloat16*>(input),
                          static_cast<const BFloat16*>(grad_output),
                          grad_weights);
  }
  std::string Implementations() const override {
    if (weight_gradient_ == nullptr) return passes_.implementations();
    return absl::StrCat(passes_.implementations(), ", backward weights ",
                        weight_gradient_->Name());
  }

 private:
  const DataType arithmetic_;
  const memory::desc input_, output_, bias_;
  onednn::WeightedPasses passes_;
  // In oneDNN's place where it is faster.
  std::unique_ptr<BFloat16WeightGradient> weight_gradient_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Convolution>> Convolution::Create(
    const ConvolutionShape& shape, DataType type, Use use) {
  RETURN_IF_ERROR(shape.Validate());
  const std::string what = Describe(shape, type);
  if (IsOfSmallImages(shape)) {
    auto created = CreateSmallImageConvolution(shape, type, use);
    if (!created.ok()) return WithPrefix(what, created.status());
    return created;
  }
  return onednn::CatchErrors(what, [&]() -> std::unique_ptr<Convolution> {
    return std::make_unique<OneDnnConvolution>(shape, type, use);
  });
}

}  // namespace tritlab
