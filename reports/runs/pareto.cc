#include "reports/runs/pareto.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace tritlab {

std::vector<size_t> ParetoFront(const std::vector<CostAndValue>& results) {
  std::vector<size_t> order;
  for (size_t i = 0; i < results.size(); ++i) {
    if (std::isfinite(results[i].cost) && std::isfinite(results[i].value))
      order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (results[a].cost != results[b].cost)
      return results[a].cost < results[b].cost;
    return results[a].value > results[b].value;
  });
  std::vector<size_t> front;
  for (const size_t i : order) {
    if (front.empty() || results[i].value > results[front.back()].value)
      front.push_back(i);
  }
  return front;
}

}  // namespace tritlab
