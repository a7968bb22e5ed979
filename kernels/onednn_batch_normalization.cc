#include "kernels/onednn_batch_normalization.h"

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/elementwise.h"
#include "kernels/onednn.h"

namespace tritlab {
namespace {

using dnnl::memory;
using dnnl::normalization_flags;

std::string Describe(const BatchNormalizationShape& shape, DataType type) {
  return absl::StrCat("batch normalization ", ToString(shape.input),
                      shape.add ? " with addition" : "",
                      shape.relu ? " with ReLU, " : ", ", Name(type));
}

class OneDnnBatchNormalization final : public BatchNormalization {
 public:
  OneDnnBatchNormalization(const BatchNormalizationShape& shape, DataType type,
                           bool training)
      : type_(type),
        add_(shape.add),
        count_(shape.input.size()),
        channels_(shape.input.channels) {
    const memory::desc image =
        onednn::ActivationDesc(shape.input, onednn::StreamingType(type));
    const memory::desc vector = onednn::VectorDesc(channels_);
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();
    normalization_flags flags =
        normalization_flags::use_scale | normalization_flags::use_shift;
    if (shape.relu && !shape.add) flags |= normalization_flags::fuse_norm_relu;

    const dnnl::batch_normalization_forward::primitive_desc inference(
        onednn::Engine(), dnnl::prop_kind::forward_inference, image, image,
        shape.epsilon, flags | normalization_flags::use_global_stats,
        attributes);
    inference_ = onednn::Execution(inference,
                                   dnnl::batch_normalization_forward(inference),
                                   {onednn::Input(DNNL_ARG_SRC, image, type),
                                    {DNNL_ARG_MEAN, vector},
                                    {DNNL_ARG_VARIANCE, vector},
                                    {DNNL_ARG_SCALE, vector},
                                    {DNNL_ARG_SHIFT, vector},
                                    onednn::Output(DNNL_ARG_DST, image, type)});
    implementations_ = absl::StrCat("inference ", inference.impl_info_str());
    if (!training) return;

    const dnnl::batch_normalization_forward::primitive_desc forward(
        onednn::Engine(), dnnl::prop_kind::forward_training, image, image,
        shape.epsilon, flags, attributes);
    forward_ =
        onednn::Execution(forward, dnnl::batch_normalization_forward(forward),
                          {onednn::Input(DNNL_ARG_SRC, image, type),
                           {DNNL_ARG_SCALE, vector},
                           {DNNL_ARG_SHIFT, vector},
                           onednn::Output(DNNL_ARG_DST, image, type),
                           {DNNL_ARG_MEAN, vector},
                           {DNNL_ARG_VARIANCE, vector},
                           {DNNL_ARG_WORKSPACE, forward.workspace_desc()}});
    const dnnl::batch_normalization_backward::primitive_desc backward(
        onednn::Engine(), dnnl::prop_kind::backward, image, image, image,
        shape.epsilon, flags, forward, attributes);
    backward_ = onednn::Execution(
        backward, dnnl::batch_normalization_backward(backward),
        {onednn::Input(DNNL_ARG_SRC, image, type),
         {DNNL_ARG_MEAN, vector},
         {DNNL_ARG_VARIANCE, vector},
         onednn::Input(DNNL_ARG_DIFF_DST, image, type),
         {DNNL_ARG_SCALE, vector},
         {DNNL_ARG_WORKSPACE, backward.workspace_desc()},
         onednn::Output(DNNL_ARG_DIFF_SRC, image, type),
         {DNNL_ARG_DIFF_SCALE, vector},
         {DNNL_ARG_DIFF_SHIFT, vector}});
    relu_mask_ = Buffer(forward.workspace_desc().get_size());
    mean_ = Buffer(vector.get_size());
    variance_ = Buffer(vector.get_size());
    absl::StrAppend(&implementations_, ", forward ", forward.impl_info_str(),
                    ", backward ", backward.impl_info_str());
  }

  void ForwardTraining(const void* input, const void* addend,
                       std::span<const float> scale,
                       std::span<const float> shift, void* output,
                       std::span<float> mean,
                       std::span<float> variance) override {
    assert(HasOneForEachChannel(
        {scale.size(), shift.size(), mean.size(), variance.size()}));
    forward_.Run({input, scale.data(), shift.data(), output, mean_.data(),
                  variance_.data(), relu_mask_.data()});
    if (add_) AddForward(type_, count_, output, addend, /*relu=*/true, output);
    std::copy_n(mean_.floats(), channels_, mean.begin());
    std::copy_n(variance_.floats(), channels_, variance.begin());
  }

  void ForwardInference(const void* input, const void* addend,
                        std::span<const float> scale,
                        std::span<const float> shift,
                        std::span<const float> mean,
                        std::span<const float> variance,
                        void* output) override {
    assert(HasOneForEachChannel(
        {scale.size(), shift.size(), mean.size(), variance.size()}));
    inference_.Run({input, mean.data(), variance.data(), scale.data(),
                    shift.data(), output});
    if (add_) AddForward(type_, count_, output, addend, /*relu=*/true, output);
  }

  void Backward(const void* input, const void* output,
                const Gradients& gradients, std::span<const float> scale,
                std::span<float> grad_scale,
                std::span<float> grad_shift) override {
    assert(HasOneForEachChannel(
        {scale.size(), grad_scale.size(), grad_shift.size()}));
    const void* grad_normalized = gradients.output;
    if (add_) {
      AddReluBackward(type_, count_, output, gradients.output,
                      gradients.output_2, gradients.addend);
      grad_normalized = gradients.addend;
    }
    backward_.Run({input, mean_.data(), variance_.data(), grad_normalized,
                   scale.data(), relu_mask_.data(), gradients.input,
                   grad_scale.data(), grad_shift.data()});
  }

  std::string Implementations() const override { return implementations_; }

 private:
  [[maybe_unused]] bool HasOneForEachChannel(
      std::initializer_list<size_t> sizes) const {
    return std::all_of(sizes.begin(), sizes.end(), [&](size_t size) {
      return static_cast<int64_t>(size) == channels_;
    });
  }

  const DataType type_;
  const bool add_;
  const int64_t count_, channels_;
  std::string implementations_;
  // What ForwardTraining keeps for Backward.
  Buffer mean_;
  Buffer variance_;
  Buffer relu_mask_;
  onednn::Execution inference_;
  onednn::Execution forward_;
  onednn::Execution backward_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BatchNormalization>>
CreateOneDnnBatchNormalization(const BatchNormalizationShape& shape,
                               DataType type, bool training) {
  RETURN_IF_ERROR(shape.Validate());
  return onednn::CatchErrors(
      Describe(shape, type), [&]() -> std::unique_ptr<BatchNormalization> {
        return std::make_unique<OneDnnBatchNormalization>(shape, type,
                                                          training);
      });
}

}  // namespace tritlab
