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

Provenance MakeProvenance(const ExperimentSpec& spec, uint32_t seed,
                          DataType type, const Dataset& train,
                          const Dataset& test, int ranks = 1);

// The provenance of the run in `folder`: `now` at its first start, which is
// then kept in provenance.textproto, and later what was kept, with the commits
// that went on with it.
// FailedPrecondition, saying which, when ranks, threads, data type,
// instruction set, library or images are not what the run began with: it would
// not end with the same bits.
absl::StatusOr<Provenance> KeepProvenance(const std::string& folder,
                                          const Provenance& now);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PROVENANCE_H_
