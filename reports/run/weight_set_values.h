// Figures that follow from how weights are in sets (quant/weight_sets.proto).
#ifndef TRITLAB_REPORTS_RUN_WEIGHT_SET_VALUES_H_
#define TRITLAB_REPORTS_RUN_WEIGHT_SET_VALUES_H_

#include <optional>
#include <string>

#include "quant/weight_sets.pb.h"
#include "reports/report.pb.h"

namespace tritlab {

// Of a layer at the end of an epoch; null where there are none.
const WeightSets* FindSets(const EpochResult& epoch, const std::string& layer);

// The share of all weights in sets that the epoch moved to another one. Nothing
// where it is not known of every layer.
std::optional<double> ChangedShare(const PhaseResult& phase,
                                   const EpochResult& epoch);

// The root mean square of the gradients that the latent weights of the positive
// (or negative) set receive over that of the zeros'. Nothing where they are not
// known, or a set is empty.
std::optional<double> GradientRatio(const WeightSets& sets, bool negative);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_WEIGHT_SET_VALUES_H_
