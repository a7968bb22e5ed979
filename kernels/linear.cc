#include "kernels/linear.h"

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

std::string Describe(const LinearShape& shape, DataType type) {
  return absl::StrCat("linear ", shape.batch, "x", shape.in_features, " -> ",
                      shape.batch, "x", shape.out_features, ", ", Name(type));
}

memory::desc Rows(int64_t rows, int64_t columns, memory::data_type type) {
  return memory::desc({rows, columns}, type, memory::format_tag::ab);
}

class OneDnnLinear final : public Linear {
 public:
  OneDnnLinear(const LinearShape& shape, DataType type, bool training)
      : weight_count_(shape.in_features * shape.out_features) {
    const memory::data_type element =
        onednn::TypeOf(onednn::ArithmeticType(type));
    const memory::dims weight_dims = {shape.out_features, shape.in_features};
    const memory::desc plain =
        Rows(shape.out_features, shape.in_features, memory::data_type::f32);
    const memory::desc any(weight_dims, element, memory::format_tag::any);
    const memory::desc input = Rows(shape.batch, shape.in_features, element);
    const memory::desc output = Rows(shape.batch, shape.out_features, element);
    const memory::desc bias = onednn::VectorDesc(shape.out_features);
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();

    const dnnl::inner_product_forward::primitive_desc forward(
        onednn::Engine(),
        training ? dnnl::prop_kind::forward_training
                 : dnnl::prop_kind::forward_inference,
        input, any, bias, output, attributes);
    forward_ = onednn::Execution(forward, dnnl::inner_product_forward(forward),
                                 {onednn::Input(DNNL_ARG_SRC, input, type),
                                  {DNNL_ARG_WEIGHTS, forward.weights_desc()},
                                  {DNNL_ARG_BIAS, bias},
                                  onednn::Output(DNNL_ARG_DST, output, type)});
    weight_rounding_ = onednn::WeightRounding(weight_count_, type);
    forward_weights_ = Buffer(forward.weights_desc().get_size());
    to_forward_weights_ = onednn::Reorder(plain, forward.weights_desc());
    bias_ = Buffer(bias.get_size());
    implementations_ = absl::StrCat("forward ", forward.impl_info_str());
    if (!training) return;

    const dnnl::inner_product_backward_data::primitive_desc backward_input(
        onednn::Engine(), input, any, output, forward, attributes);
    backward_input_ = onednn::Execution(
        backward_input, dnnl::inner_product_backward_data(backward_input),
        {onednn::Input(DNNL_ARG_DIFF_DST, output, type),
         {DNNL_ARG_WEIGHTS, backward_input.weights_desc()},
         onednn::Output(DNNL_ARG_DIFF_SRC, input, type)});
    if (backward_input.weights_desc() != forward.weights_desc()) {
      backward_weights_ = Buffer(backward_input.weights_desc().get_size());
      to_backward_weights_ =
          onednn::Reorder(plain, backward_input.weights_desc());
    }

    const memory::desc any_f32(weight_dims, memory::data_type::f32,
                               memory::format_tag::any);
    const dnnl::inner_product_backward_weights::primitive_desc backward(
        onednn::Engine(), input, any_f32, bias, output, forward, attributes);
    const memory::desc gradient = backward.diff_weights_desc();
    backward_weights_pass_ = onednn::Execution(
        backward, dnnl::inner_product_backward_weights(backward),
        {onednn::Input(DNNL_ARG_SRC, input, type),
         onednn::Input(DNNL_ARG_DIFF_DST, output, type),
         {DNNL_ARG_DIFF_WEIGHTS, gradient},
         {DNNL_ARG_DIFF_BIAS, bias}});
    if (gradient != plain) {
      grad_weights_ = Buffer(gradient.get_size());
      from_grad_weights_ = onednn::Reorder(gradient, plain);
    }
    absl::StrAppend(&implementations_, ", backward input ",
                    backward_input.impl_info_str(), ", backward weights ",
                    backward.impl_info_str());
  }

  void SetWeights(std::span<const float> weights,
                  std::span<const float> bias) override {
    assert(static_cast<int64_t>(weights.size()) == weight_count_);
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
    assert(static_cast<int64_t>(grad_weights.size()) == weight_count_);
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
  const int64_t weight_count_;
  std::string implementations_;
  onednn::WeightRounding weight_rounding_;
  Buffer forward_weights_;
  Buffer backward_weights_;  // empty where forward's layout serves both
  Buffer bias_;
  Buffer grad_weights_;  // empty where the primitive writes rows itself
  onednn::Execution to_forward_weights_;
  onednn::Execution to_backward_weights_;
  onednn::Execution from_grad_weights_;
  onednn::Execution forward_;
  onednn::Execution backward_input_;
  onednn::Execution backward_weights_pass_;
};

}  // namespace

absl::Status LinearShape::Validate() const {
  RETURN_IF_ERROR(CheckExtents("linear", {{"batch", batch},
                                          {"in_features", in_features},
                                          {"out_features", out_features}}));
  RETURN_IF_ERROR(
      CheckActivation("linear", "input", {batch, 1, 1, in_features}));
  RETURN_IF_ERROR(
      CheckActivation("linear", "output", {batch, 1, 1, out_features}));
  return CheckActivation("linear", "weights",
                         {out_features, 1, 1, in_features});
}

absl::StatusOr<std::unique_ptr<Linear>> Linear::Create(const LinearShape& shape,
                                                       DataType type,
                                                       bool training) {
  RETURN_IF_ERROR(shape.Validate());
  return onednn::CatchErrors(
      Describe(shape, type), [&]() -> std::unique_ptr<Linear> {
        return std::make_unique<OneDnnLinear>(shape, type, training);
      });
}

}  // namespace tritlab
