// The name of a sweep's point, and of its folder: "bits=5,portions=0.5_1".
// //experiments:sweep gives it, find_runs.h reads it.
#ifndef TRITLAB_REPORTS_RUNS_POINT_NAME_H_
#define TRITLAB_REPORTS_RUNS_POINT_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tritlab {

struct AxisValue {
  std::string axis;   // "bits"
  std::string value;  // "5"
};

// `text` with what stands between its words as one `between`, and none behind
// the last. Words are of letters, digits and `kept`.
std::string JoinWords(absl::string_view text, absl::string_view kept,
                      char between);

// A value as a name has it, for a folder's name cannot hold all signs: "0.5_1"
// of "0.5, 1", and of "0.5_1" itself. Empty where nothing is left of it.
std::string ValueInName(absl::string_view value);

// Of the point that takes these values, be they as they are shown or as a name
// has them.
std::string PointName(const std::vector<AxisValue>& axes);

// From "bits=5,partition=random"; empty for any other name.
std::vector<AxisValue> AxesOfName(absl::string_view name);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_POINT_NAME_H_
