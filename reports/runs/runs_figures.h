// The pictures of many runs: what accuracy costs, and how it goes with what a
// sweep varies.
#ifndef TRITLAB_REPORTS_RUNS_RUNS_FIGURES_H_
#define TRITLAB_REPORTS_RUNS_RUNS_FIGURES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/runs/run_results.h"

namespace tritlab {

// "resnet20, resnet32 on cifar10, bf16": what captions say of results.
std::string NetworksAndData(const std::vector<const RunResult*>& results);

// Results on the same data, each at a cost.
struct Tradeoff {
  struct Point {
    const RunResult* result;
    double cost;
  };
  std::string name;  // letters, digits and underscores
  std::string cost;  // "bytes of weights"
  std::string what;  // a sentence on the cost, for captions
  std::vector<Point> points;
};

// By what the weights of convolutions and linear layers take.
Tradeoff BytesTradeoff(const std::vector<const RunResult*>& results);

// By the modelled energy of one image. Results without an estimate are left
// out.
Tradeoff EnergyTradeoff(const std::vector<const RunResult*>& results,
                        const EnergyKey& key);

// Top-1 against the cost, with the Pareto front drawn and its points numbered,
// and the spread over seeds.
Figure TradeoffFigure(const Tradeoff& tradeoff);

// The points of the front, numbered as in the figure.
Table FrontTable(const Tradeoff& tradeoff);

// Top-1 by the values of one axis, of the points of one sweep: a line for each
// combination of the other axes, with the spread over seeds. Where the axis has
// other values than numbers, a row for each value. No series where the points
// do not differ in the axis.
Figure AxisFigure(const std::vector<const RunResult*>& points, size_t axis);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_RUNS_FIGURES_H_
