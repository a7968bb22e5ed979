// How a phase's quantized weights, and what their quantizers learn, moved in
// training.
#ifndef TRITLAB_REPORTS_RUN_DYNAMICS_FIGURES_H_
#define TRITLAB_REPORTS_RUN_DYNAMICS_FIGURES_H_

#include <vector>

#include "reports/page/page.h"
#include "reports/report.pb.h"

namespace tritlab {

// By epoch, of the first, the middle and the last layer whose weights are in
// sets (EpochResult.weight_sets): the shares of positives, zeros and negatives,
// a picture a layer; W_p and W_n (TTQ); the rate at which weights change their
// set, of all layers too; the gradients of positives and negatives over those
// of zeros, and of W_p and W_n over those of their sets (TTQ). None where the
// phase has no sets; only those that it has data for.
std::vector<Figure> DynamicsFigures(const Report& report,
                                    const PhaseResult& phase);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_DYNAMICS_FIGURES_H_
