// Numbers that several methods ask of a layer's weights. A weight that is no
// finite number shows in each result, so that training that diverges is seen
// to.
#ifndef TRITLAB_QUANT_STATISTICS_H_
#define TRITLAB_QUANT_STATISTICS_H_

#include <cstddef>
#include <span>

#include "absl/status/status.h"

namespace tritlab {

// InvalidArgument, naming the first one, unless all weights are finite.
absl::Status CheckFinite(std::span<const float> weights);

// max|w|; 0 of no weights.
float LargestMagnitude(std::span<const float> weights);

// The mean of |w|; 0 of no weights.
double MeanMagnitude(std::span<const float> weights);

// The `rank`-th smallest |w|, 1 <= rank <= weights.size().
float MagnitudeOfRank(std::span<const float> weights, size_t rank);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_STATISTICS_H_
