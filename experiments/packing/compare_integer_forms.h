// What a trained network is worth over bytes, by the choices that its packed
// model and its program leave: how the ranges of activations follow from what
// was seen of them, and what the first and the last layer are computed in.
#ifndef TRITLAB_EXPERIMENTS_PACKING_COMPARE_INTEGER_FORMS_H_
#define TRITLAB_EXPERIMENTS_PACKING_COMPARE_INTEGER_FORMS_H_

#include "absl/status/statusor.h"
#include "experiments/finished_phase.h"
#include "reports/page/table.h"

namespace tritlab {

// One row for each method of calibration (inference/calibration.h), both
// arithmetics of the first and the last layer, and one product or two (exact)
// where a layer's weights are not exact as bytes: top-1 on the test set, and
// what weights take in memory. Unimplemented, naming the node, when the network
// has no integer form.
absl::StatusOr<Table> CompareIntegerForms(FinishedPhase& phase);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PACKING_COMPARE_INTEGER_FORMS_H_
