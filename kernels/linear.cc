#include "kernels/linear.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/extents.h"
#include "kernels/onednn.h"
#include "kernels/weighted_passes.h"

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

memory::data_type Element(DataType type) {
  return onednn::TypeOf(onednn::ArithmeticType(type));
}

// From here on, in f32, reordering the weights for the passes of a step and
// their gradient back costs more time than it saves, beside the memory of the
// copies: VGG-16's first two layers have 100 and 16.8 million.
constexpr int64_t kManyWeights = int64_t{1} << 24;

class OneDnnLinear final : public Linear {
 public:
  OneDnnLinear(const LinearShape& shape, DataType type, bool training)
      : input_(Rows(shape.batch, shape.in_features, Element(type))),
        output_(Rows(shape.batch, shape.out_features, Element(type))),
        bias_(onednn::VectorDesc(shape.out_features)),
        passes_(
            Rows(shape.out_features, shape.in_features, memory::data_type::f32),
            input_, output_, bias_, type) {
    const memory::dims weight_dims = {shape.out_features, shape.in_features};
    const bool stays_plain =
        training && Element(type) == memory::data_type::f32 &&
        shape.in_features * shape.out_features >= kManyWeights;
    const auto layout =
        stays_plain ? memory::format_tag::ab : memory::format_tag::any;
    const memory::desc weights(weight_dims, Element(type), layout);
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();

    const dnnl::inner_product_forward::primitive_desc forward(
        onednn::Engine(),
        training ? dnnl::prop_kind::forward_training
                 : dnnl::prop_kind::forward_inference,
        input_, weights, bias_, output_, attributes);
    passes_.AddForward<dnnl::inner_product_forward>(forward);
    if (!training) return;

    passes_.AddBackwardInput<dnnl::inner_product_backward_data>(
        {onednn::Engine(), input_, weights, output_, forward, attributes});
    const memory::desc grad_weights(weight_dims, memory::data_type::f32,
                                    layout);
    passes_.AddBackwardWeights<dnnl::inner_product_backward_weights>(
        {onednn::Engine(), input_, grad_weights, bias_, output_, forward,
         attributes});
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
  const memory::desc input_, output_, bias_;
  onednn::WeightedPasses passes_;
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
