// Whether a sweep's points can run at all, seen before the first of them does.
#ifndef TRITLAB_EXPERIMENTS_SWEEP_SWEEP_CHECK_H_
#define TRITLAB_EXPERIMENTS_SWEEP_SWEEP_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "experiments/sweep/sweep.h"

namespace tritlab {

// Opens each dataset that the points name, once, for training and for testing,
// builds their networks and applies every policy to them. The error names the
// point and the phase.
absl::Status CheckPoints(const std::vector<SweepPoint>& points,
                         const std::string& data_root);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SWEEP_SWEEP_CHECK_H_
