// From a sweep's file to the experiments that it is made of.
#ifndef TRITLAB_EXPERIMENTS_SWEEP_SWEEP_H_
#define TRITLAB_EXPERIMENTS_SWEEP_SWEEP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "experiments/spec.pb.h"
#include "experiments/sweep/sweep.pb.h"

namespace tritlab {

struct SweepPoint {
  std::string name;                 // a folder's: "threshold=0.05,bits=2"
  std::vector<std::string> labels;  // one an axis
  ExperimentSpec spec;  // passes ValidateSpec; named after the point
};

struct Sweep {
  SweepRecord record;
  std::vector<SweepPoint> points;  // the last axis varies fastest
};

// Every combination of the axes' values, applied to `base` after the sweep's
// own settings, and after them `settings` ("path=value", from the command
// line). InvalidArgument, naming the axis, the field and the value, when one
// cannot be set; naming the point when what comes out is impossible; also for
// two points of one name, or of the same spec.
absl::StatusOr<Sweep> ExpandSweep(const SweepSpec& sweep,
                                  const ExperimentSpec& base,
                                  const std::vector<std::string>& settings);

// ExpandSweep of a file and the base that it names. Errors begin with the path
// of the file at fault.
absl::StatusOr<Sweep> LoadSweep(const std::string& path,
                                const std::vector<std::string>& settings);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SWEEP_SWEEP_H_
