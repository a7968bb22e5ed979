// The picture of ternary kernels, as Zhu et al. 2017 (Trained Ternary
// Quantization) show those of their AlexNet: which weights are positive, zero
// and negative, as squares.
#ifndef TRITLAB_REPORTS_PAGE_KERNEL_PICTURE_H_
#define TRITLAB_REPORTS_PAGE_KERNEL_PICTURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reports/report.pb.h"

namespace tritlab {

// An <svg> element to stand in an HTML page: a row for each filter, in it a
// kernel for each input channel. Positive weights are filled with --series-1,
// negative ones with --series-2, zeros with --grid (reports/page/plot.h), with
// fallbacks for a white ground. `name` is of letters, digits and underscores
// and unique on its page; `title` says to readers who hear the page what is
// shown. The same picture gives the same bytes.
// InvalidArgument when the signs are none or do not fit the extents.
absl::StatusOr<std::string> DrawKernels(const KernelPicture& picture,
                                        absl::string_view name,
                                        absl::string_view title);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_KERNEL_PICTURE_H_
