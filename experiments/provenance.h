// What must be known to run an experiment again, and to compare two runs.
#ifndef TRITLAB_EXPERIMENTS_PROVENANCE_H_
#define TRITLAB_EXPERIMENTS_PROVENANCE_H_

#include <cstdint>

#include "datasets/dataset.h"
#include "experiments/spec.pb.h"
#include "kernels/tensor.h"
#include "reports/report.pb.h"

namespace tritlab {

Provenance MakeProvenance(const ExperimentSpec& spec, uint32_t seed,
                          DataType type, const Dataset& train,
                          const Dataset& test);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PROVENANCE_H_
