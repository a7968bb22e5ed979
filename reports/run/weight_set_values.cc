#include "reports/run/weight_set_values.h"

#include <cmath>
#include <map>

namespace tritlab {

const WeightSets* FindSets(const EpochResult& epoch, const std::string& layer) {
  for (const WeightSets& sets : epoch.weight_sets()) {
    if (sets.layer() == layer) return &sets;
  }
  return nullptr;
}

std::optional<double> ChangedShare(const PhaseResult& phase,
                                   const EpochResult& epoch) {
  std::map<std::string, double> weights;
  for (const LayerResult& layer : phase.layers())
    weights[layer.name()] = layer.weights();
  double changed = 0, count = 0;
  for (const WeightSets& sets : epoch.weight_sets()) {
    if (!sets.has_changed()) return std::nullopt;
    changed += sets.changed() * weights[sets.layer()];
    count += weights[sets.layer()];
  }
  if (count == 0) return std::nullopt;
  return changed / count;
}

std::optional<double> GradientRatio(const WeightSets& sets, bool negative) {
  if (!sets.has_gradients()) return std::nullopt;
  const SetGradients& norms = sets.gradients();
  const auto mean_square = [](double norm, double share) {
    return norm * norm / share;
  };
  const double ratio =
      std::sqrt((negative ? mean_square(norms.negative(), sets.negative())
                          : mean_square(norms.positive(), sets.positive())) /
                mean_square(norms.zero(), sets.zero()));
  if (!std::isfinite(ratio)) return std::nullopt;
  return ratio;
}

}  // namespace tritlab
