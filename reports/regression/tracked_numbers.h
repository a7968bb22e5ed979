// What is tracked of runs, and how each number is judged: top-1, loss,
// sparsity, bytes, energy, what quantizers learned, and the speed.
#ifndef TRITLAB_REPORTS_REGRESSION_TRACKED_NUMBERS_H_
#define TRITLAB_REPORTS_REGRESSION_TRACKED_NUMBERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reports/regression/baseline.pb.h"
#include "reports/runs/find_runs.h"

namespace tritlab {

struct MeasuredNumber {
  TrackedNumber judgement;     // without mean and deviation
  std::vector<double> values;  // one a seed that has the number
};

// One phase of one experiment, over the seeds that it was run with.
struct MeasuredEntry {
  std::string experiment;
  std::string phase;
  std::vector<uint32_t> seeds = {};
  std::string data_checksum;
  std::string instruction_set;
  uint32_t threads = 0;
  std::vector<MeasuredNumber> numbers = {};
};

// The numbers of all phases, in the order of the runs. Of a point of a sweep
// only the last phase is taken: the others are runs of their own, in the
// sweep's folder of shared phases. There each is called after its phase; where
// two of one name have the same seed, they are told apart by those of network,
// dataset, data type, method and epochs in which they differ:
// "full_precision (bf16)".
//
//   top1, loss         on the test set, percent and cross-entropy
//   log odds over start   of being right (reports/regression/normal_scale.h),
//   minus those
//                      of the phase that it starts from
//   integer_top1       of the integer program (the last phase's), percent
//   weight_sparsity    share of zeros
//   weight_bytes       packed
//   file_bytes         of model.trit (the last phase's)
//   energy PROCESS     picojoules of one image as int8, reports/energy/energy.h
//   mean NAME          over layers, of what their quantizers describe: w_n
//   scale asymmetry    ln of the root mean square of ln(W_p / W_n), of TTQ
//   speed              training images per million multiply-adds of the
//                      calibration loop, kernels/calibration.h
//
// FailedPrecondition, naming both folders, when two runs of one experiment have
// the same seed, or other images: which of them is meant cannot be known; and,
// naming them, when two phases of one experiment have other seeds.
absl::StatusOr<std::vector<MeasuredEntry>> MeasuredNumbers(
    const std::vector<FoundRun>& runs);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_TRACKED_NUMBERS_H_
