#include "kernels/local_response_normalization.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/extents.h"
#include "kernels/onednn.h"

namespace tritlab {
namespace {

using dnnl::memory;

std::string Describe(const LocalResponseNormalizationShape& shape,
                     DataType type) {
  return absl::StrCat("local response normalization ", ToString(shape.input),
                      ", size ", shape.size, ", ", Name(type));
}

class OneDnnLocalResponseNormalization final
    : public LocalResponseNormalization {
 public:
  OneDnnLocalResponseNormalization(const LocalResponseNormalizationShape& shape,
                                   DataType type, bool training) {
    constexpr auto kAlgorithm = dnnl::algorithm::lrn_across_channels;
    const memory::desc values =
        onednn::ActivationDesc(shape.input, DataType::kF32);
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();

    const dnnl::lrn_forward::primitive_desc forward(
        onednn::Engine(),
        training ? dnnl::prop_kind::forward_training
                 : dnnl::prop_kind::forward_inference,
        kAlgorithm, values, values, shape.size, shape.alpha, shape.beta,
        shape.k, attributes);
    // Inference keeps nothing: an empty desc.
    const memory::desc kept = forward.workspace_desc();
    forward_ = onednn::Execution(forward, dnnl::lrn_forward(forward),
                                 {onednn::Input(DNNL_ARG_SRC, values, type),
                                  onednn::Output(DNNL_ARG_DST, values, type),
                                  {DNNL_ARG_WORKSPACE, kept}});
    kept_ = Buffer(kept.get_size());
    implementations_ = absl::StrCat("forward ", forward.impl_info_str());
    if (!training) return;

    const dnnl::lrn_backward::primitive_desc backward(
        onednn::Engine(), kAlgorithm, values, values, values, shape.size,
        shape.alpha, shape.beta, shape.k, forward, attributes);
    backward_ =
        onednn::Execution(backward, dnnl::lrn_backward(backward),
                          {onednn::Input(DNNL_ARG_SRC, values, type),
                           onednn::Input(DNNL_ARG_DIFF_DST, values, type),
                           {DNNL_ARG_WORKSPACE, kept},
                           onednn::Output(DNNL_ARG_DIFF_SRC, values, type)});
    absl::StrAppend(&implementations_, ", backward ", backward.impl_info_str());
  }

  void Forward(const void* input, void* output) override {
    forward_.Run({input, output, kept_.data()});
  }

  void Backward(const void* input, const void* grad_output,
                void* grad_input) override {
    backward_.Run({input, grad_output, kept_.data(), grad_input});
  }

  std::string Implementations() const override { return implementations_; }

 private:
  std::string implementations_;
  Buffer kept_;  // in training, from the forward to the backward pass
  onednn::Execution forward_;
  onednn::Execution backward_;
};

}  // namespace

absl::Status LocalResponseNormalizationShape::Validate() const {
  constexpr char kName[] = "local response normalization";
  RETURN_IF_ERROR(CheckActivation(kName, "input", input));
  RETURN_IF_ERROR(CheckExtents(kName, {{"size", size}}));
  const auto error = [&](const char* field, float value, const char* wanted) {
    return absl::InvalidArgumentError(absl::StrCat(
        kName, ": ", field, " is ", value, "; it must be ", wanted));
  };
  if (size % 2 == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(kName, ": size is ", size,
                     "; it must be odd, as many channels on either side"));
  }
  if (!(alpha >= 0 && std::isfinite(alpha)))
    return error("alpha", alpha, "at least 0");
  if (!(beta >= 0 && std::isfinite(beta)))
    return error("beta", beta, "at least 0");
  if (!(k > 0 && std::isfinite(k))) return error("k", k, "above 0");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<LocalResponseNormalization>>
LocalResponseNormalization::Create(const LocalResponseNormalizationShape& shape,
                                   DataType type, bool training) {
  RETURN_IF_ERROR(shape.Validate());
  return onednn::CatchErrors(
      Describe(shape, type),
      [&]() -> std::unique_ptr<LocalResponseNormalization> {
        return std::make_unique<OneDnnLocalResponseNormalization>(shape, type,
                                                                  training);
      });
}

}  // namespace tritlab
