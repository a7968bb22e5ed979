// What INQ's re-training in stages costs (Zhou et al., ICLR 2017, algorithm 1),
// against rounding all weights at once, and what the same would cost with
// networks and images of ImageNet's size.
#ifndef TRITLAB_REPORTS_RUN_ITERATION_COST_H_
#define TRITLAB_REPORTS_RUN_ITERATION_COST_H_

#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {

// A row for the phase that this one starts from, one for its weights rounded
// all at once without training, one for each stage, one for all stages, and
// one for each other phase that starts from the same: epochs, seconds,
// multiply-adds, the share of weights that are frozen, top-1 after it. No rows
// unless the phase has more than one stage and has finished all of them.
Table StageTableOf(const Report& report, const PhaseResult& phase);

// A row for each of report.reference_networks: what an epoch of ImageNet's
// training images and all epochs of the phase would take on this machine, if it
// did as many multiply-adds a second on them as it did in this phase. No rows
// unless the phase is staged and its speed is known.
Table ExtrapolationTableOf(const Report& report, const PhaseResult& phase);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_ITERATION_COST_H_
