// Mean and spread of a sample, such as one number over seeds.
#ifndef TRITLAB_REPORTS_RUNS_SAMPLE_H_
#define TRITLAB_REPORTS_RUNS_SAMPLE_H_

#include <optional>
#include <span>

namespace tritlab {

// Of one value or more.
double Mean(std::span<const double> values);

// The sample's standard deviation, over n - 1; nothing for fewer than two
// values.
std::optional<double> Deviation(std::span<const double> values);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUNS_SAMPLE_H_
