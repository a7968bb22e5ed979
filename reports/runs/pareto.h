// Which of several results nothing else beats.
#ifndef TRITLAB_REPORTS_RUNS_PARETO_H_
#define TRITLAB_REPORTS_RUNS_PARETO_H_

#include <cstddef>
#include <vector>

namespace tritlab {

struct CostAndValue {
  double cost = 0;   // the less the better
  double value = 0;  // the more the better
};

// The indices of the Pareto front, by rising cost: the results of which no
// other one has as little cost and as much value, and one of both better. Of
// equal ones the first. Results that are not finite are on no front.
std::vector<size_t> ParetoFront(const std::vector<CostAndValue>& results);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_PARETO_H_
