#include "kernels/pooling.h"

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

std::string Describe(const PoolingShape& shape, DataType type) {
  return absl::StrCat(
      shape.kind == PoolingShape::Kind::kMax ? "max" : "average", " pooling ",
      ToString(shape.input), ", window ", shape.window_height, "x",
      shape.window_width, ", stride ", shape.stride, ", padding ",
      shape.padding, shape.ceil_mode ? ", ceil mode, " : ", ", Name(type));
}

int64_t Positions(int64_t extent, int64_t window, const PoolingShape& shape) {
  return PoolingPositions(extent, window, shape.stride, shape.padding,
                          shape.padding, shape.ceil_mode);
}

int64_t PaddingBehind(int64_t extent, int64_t window, int64_t positions,
                      const PoolingShape& shape) {
  return std::max(shape.padding, (positions - 1) * shape.stride + window -
                                     extent - shape.padding);
}

class OneDnnPooling final : public Pooling {
 public:
  OneDnnPooling(const PoolingShape& shape, DataType type, bool training) {
    const auto algorithm = shape.kind == PoolingShape::Kind::kMax
                               ? dnnl::algorithm::pooling_max
                               : dnnl::algorithm::pooling_avg_exclude_padding;
    const DataType arithmetic = onednn::StreamingType(type);
    const memory::desc input = onednn::ActivationDesc(shape.input, arithmetic);
    const memory::desc output =
        onednn::ActivationDesc(shape.output(), arithmetic);
    const memory::dims window = {shape.window_height, shape.window_width};
    const memory::dims strides = {shape.stride, shape.stride};
    const memory::dims dilation = {0, 0};  // oneDNN counts from 0
    const memory::dims before = {shape.padding, shape.padding};
    const memory::dims behind = {shape.padding_bottom(), shape.padding_right()};
    const dnnl::primitive_attr attributes = onednn::UserScratchpad();

    const dnnl::pooling_forward::primitive_desc forward(
        onednn::Engine(),
        training ? dnnl::prop_kind::forward_training
                 : dnnl::prop_kind::forward_inference,
        algorithm, input, output, strides, window, dilation, before, behind,
        attributes);
    // Average pooling and inference have no winners to keep: an empty desc.
    const memory::desc winners = forward.workspace_desc();
    forward_ = onednn::Execution(forward, dnnl::pooling_forward(forward),
                                 {onednn::Input(DNNL_ARG_SRC, input, type),
                                  onednn::Output(DNNL_ARG_DST, output, type),
                                  {DNNL_ARG_WORKSPACE, winners}});
    winners_ = Buffer(winners.get_size());
    implementations_ = absl::StrCat("forward ", forward.impl_info_str());
    if (!training) return;

    const dnnl::pooling_backward::primitive_desc backward(
        onednn::Engine(), algorithm, input, output, strides, window, dilation,
        before, behind, forward, attributes);
    backward_ =
        onednn::Execution(backward, dnnl::pooling_backward(backward),
                          {onednn::Input(DNNL_ARG_DIFF_DST, output, type),
                           {DNNL_ARG_WORKSPACE, winners},
                           onednn::Output(DNNL_ARG_DIFF_SRC, input, type)});
    absl::StrAppend(&implementations_, ", backward ", backward.impl_info_str());
  }

  void Forward(const void* input, void* output) override {
    forward_.Run({input, output, winners_.data()});
  }

  void Backward(const void* grad_output, void* grad_input) override {
    backward_.Run({grad_output, winners_.data(), grad_input});
  }

  std::string Implementations() const override { return implementations_; }

 private:
  std::string implementations_;
  Buffer winners_;  // for max in training: which pixel of the window won
  onednn::Execution forward_;
  onednn::Execution backward_;
};

}  // namespace

Shape PoolingShape::output() const {
  return {input.batch, Positions(input.height, window_height, *this),
          Positions(input.width, window_width, *this), input.channels};
}

int64_t PoolingShape::padding_bottom() const {
  return PaddingBehind(input.height, window_height, output().height, *this);
}

int64_t PoolingShape::padding_right() const {
  return PaddingBehind(input.width, window_width, output().width, *this);
}

int64_t PoolingPositions(int64_t extent, int64_t window, int64_t stride,
                         int64_t before, int64_t behind, bool ceil_mode) {
  const int64_t rest = extent + before + behind - window;
  const int64_t whole = rest / stride + 1;
  return whole + (ceil_mode && rest > 0 && rest % stride != 0 &&
                  whole * stride < extent + before);
}

absl::Status PoolingShape::Validate() const {
  constexpr char kName[] = "pooling";
  RETURN_IF_ERROR(CheckActivation(kName, "input", input));
  RETURN_IF_ERROR(CheckExtents(kName, {{"window_height", window_height},
                                       {"window_width", window_width},
                                       {"stride", stride},
                                       {"padding", padding, 0}}));
  if (padding >= window_height || padding >= window_width) {
    return absl::InvalidArgumentError(
        absl::StrCat("pooling: padding = ", padding,
                     " must be below the window's extents ", window_height, "x",
                     window_width, ", or a window would hold no pixel at all"));
  }
  if (!ceil_mode) {
    RETURN_IF_ERROR(
        CheckWindow(kName, "height", input.height, window_height, padding));
    RETURN_IF_ERROR(
        CheckWindow(kName, "width", input.width, window_width, padding));
  }
  return CheckActivation(kName, "output", output());
}

absl::StatusOr<std::unique_ptr<Pooling>> Pooling::Create(
    const PoolingShape& shape, DataType type, bool training) {
  RETURN_IF_ERROR(shape.Validate());
  return onednn::CatchErrors(
      Describe(shape, type), [&]() -> std::unique_ptr<Pooling> {
        return std::make_unique<OneDnnPooling>(shape, type, training);
      });
}

}  // namespace tritlab
