#include "kernels/convolution_shape.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/extents.h"

namespace tritlab {

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

}  // namespace tritlab
