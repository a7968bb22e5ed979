#include "kernels/integer/s8_linear.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/integer/widened_product.h"
#include "kernels/onednn.h"
#include "kernels/onednn_info.h"
#include "kernels/tensor.h"

namespace tritlab {
namespace {

using dnnl::memory;

class OneDnnS8Linear final : public S8Linear {
 public:
  OneDnnS8Linear(int64_t batch, const IntegerLinearShape& shape,
                 std::span<const int8_t> weights) {
    const memory::desc input({batch, shape.inputs}, memory::data_type::u8,
                             memory::format_tag::ab);
    const memory::desc output({batch, shape.outputs}, memory::data_type::s32,
                              memory::format_tag::ab);
    const memory::dims extents = {shape.outputs, shape.inputs};
    const memory::desc any(extents, memory::data_type::s8,
                           memory::format_tag::any);
    const dnnl::inner_product_forward::primitive_desc description(
        onednn::Engine(), dnnl::prop_kind::forward_inference, input, any,
        output, onednn::UserScratchpad());
    implementation_ = description.impl_info_str();
    product_ =
        onednn::Execution(description, dnnl::inner_product_forward(description),
                          {{DNNL_ARG_SRC, input},
                           {DNNL_ARG_WEIGHTS, description.weights_desc()},
                           {DNNL_ARG_DST, output}});
    weights_ = Buffer(description.weights_desc().get_size());
    onednn::Reorder(
        memory::desc(extents, memory::data_type::s8, memory::format_tag::ab),
        description.weights_desc())
        .Run({weights.data(), weights_.data()});
  }

  void Multiply(const uint8_t* input, int32_t* sums) override {
    product_.Run({input, weights_.data(), sums});
  }
  int64_t weight_bytes() const override {
    return static_cast<int64_t>(weights_.bytes());
  }
  std::string Implementations() const override { return implementation_; }

 private:
  onednn::Execution product_;
  Buffer weights_;
  std::string implementation_;
};

// For processors on which oneDNN's sums saturate.
class WidenedS8Linear final : public S8Linear {
 public:
  WidenedS8Linear(int64_t batch, const IntegerLinearShape& shape,
                  std::span<const int8_t> weights)
      : batch_(batch),
        shape_(shape),
        product_(shape.inputs, shape.outputs, weights) {}

  void Multiply(const uint8_t* input, int32_t* sums) override {
    const int64_t inputs = product_.padded_inputs();
    const int64_t outputs = product_.padded_outputs();
    std::vector<int16_t> rows(batch_ * inputs, 0);
    for (int64_t m = 0; m < batch_; ++m) {
      WidenBytes(input + m * shape_.inputs, shape_.inputs,
                 rows.data() + m * inputs);
    }
    std::vector<int32_t> padded(batch_ * outputs);
    const int8_t* const matrix = product_.Matrix();
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < product_.blocks(); ++block) {
      product_.Multiply(matrix, batch_, rows.data(), block, block + 1,
                        padded.data());
    }
    for (int64_t m = 0; m < batch_; ++m) {
      std::copy_n(padded.data() + m * outputs, shape_.outputs,
                  sums + m * shape_.outputs);
    }
  }
  int64_t weight_bytes() const override { return product_.bytes(); }
  std::string Implementations() const override { return "widened"; }

 private:
  const int64_t batch_;
  const IntegerLinearShape shape_;
  const WidenedProduct product_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<S8Linear>> S8Linear::Create(
    int64_t batch, const IntegerLinearShape& shape,
    std::span<const int8_t> weights) {
  RETURN_IF_ERROR(shape.Validate());
  RETURN_IF_ERROR(CheckExtents("s8 linear", {{"batch", batch}}));
  const std::string what = absl::StrCat("s8 linear ", batch, "x", shape.inputs,
                                        " -> ", batch, "x", shape.outputs);
  if (static_cast<int64_t>(weights.size()) != shape.inputs * shape.outputs) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": it has ", weights.size(), " weights"));
  }
  RETURN_IF_ERROR(CheckSumsFit(what, weights, shape.outputs));
  if (!HasExactByteProducts())
    return std::make_unique<WidenedS8Linear>(batch, shape, weights);
  return onednn::CatchErrors(what, [&]() -> std::unique_ptr<S8Linear> {
    return std::make_unique<OneDnnS8Linear>(batch, shape, weights);
  });
}

}  // namespace tritlab
