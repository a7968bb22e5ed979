// What must be known to run an experiment again, and to compare two runs.
#ifndef TRITLAB_EXPERIMENTS_PROVENANCE_H_
#define TRITLAB_EXPERIMENTS_PROVENANCE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "experiments/spec.pb.h"
#include "kernels/tensor.h"
#include "reports/report.pb.h"

namespace tritlab {

// What this process, begun now, is about to do: `spec` with `seed`, activations
// stored as `type`, on these images, with the threads of kernels/threads.h on
// each of `ranks` processes. Takes the commit from git in the workspace of
// `bazel run` and the processor from /proc/cpuinfo, each "unknown" where it
// cannot be found out; a commit with changes on top ends with "-dirty". `ranks`
// is left out where it is 1. Asks both datasets for their checksums, for which
// they may read all images. Errors are those of reading the spec's network
// file.
absl::StatusOr<Provenance> MakeProvenance(const ExperimentSpec& spec,
                                          uint32_t seed, DataType type,
                                          const Dataset& train,
                                          const Dataset& test, int ranks = 1);

// The provenance of the run in `folder`: `now` at its first start, which is
// then kept in provenance.textproto, and later what was kept, with the commits
// that went on with it.
// FailedPrecondition, saying which, when ranks, threads, data type,
// instruction set, library, images or network file are not what the run began
// with: it would not end with the same bits.
absl::StatusOr<Provenance> KeepProvenance(const std::string& folder,
                                          const Provenance& now);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PROVENANCE_H_
