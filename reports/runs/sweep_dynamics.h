// The points of a sweep over a method with learned scales (TTQ) side by side:
// how its weights, scales and gradients moved in training.
#ifndef TRITLAB_REPORTS_RUNS_SWEEP_DYNAMICS_H_
#define TRITLAB_REPORTS_RUNS_SWEEP_DYNAMICS_H_

#include <string>
#include <vector>

#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/runs/find_runs.h"

namespace tritlab {

struct SweepDynamics {
  std::string sweep;  // its folder, as FoundRun has it
  // A row a point: what it varies, top-1, the scales and gradients of the
  // middle one of the quantized layers, zeros and changes of set of all.
  Table table;
  // By epoch, a colour for each point: W_p and W_n, gradient ratios, changes of
  // set. Where there are many points, of some spread evenly over them.
  std::vector<Figure> figures;
};

// One entry a sweep that has such points, two at least; of each the first
// seed's last phase.
std::vector<SweepDynamics> DynamicsOfSweeps(const FoundRuns& found);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_SWEEP_DYNAMICS_H_
