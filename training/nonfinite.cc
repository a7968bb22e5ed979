#include "training/nonfinite.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "absl/strings/str_cat.h"

namespace tritlab {

std::string FirstNonfiniteOutput(const TrainedNetwork& network,
                                 Program& program, const float* images) {
  int first = -1;
  int64_t bad = 0, all = 0;
  program.Observe([&](int node, std::span<const float> values) {
    if (first >= 0) return;
    bad = std::count_if(values.begin(), values.end(),
                        [](float value) { return !std::isfinite(value); });
    all = static_cast<int64_t>(values.size());
    if (bad > 0) first = node;
  });
  program.Forward(images);
  program.Observe({});
  if (first < 0) return "";
  return absl::StrCat("it begins in layer ",
                      network.whole_graph().nodes(first).name(), ", where ",
                      bad, " of ", all,
                      " outputs are not finite and its weights and inputs are");
}

std::string WhereNonfinite(const TrainedNetwork& network, Program& program,
                           const float* images) {
  if (const std::string value = network.FirstNonfiniteValue(); !value.empty()) {
    return absl::StrCat(value, " is no longer finite since the step before it");
  }
  std::string output = FirstNonfiniteOutput(network, program, images);
  if (!output.empty()) return output;
  const std::string gradient = network.FirstNonfiniteGradient();
  return gradient.empty()
             ? "the outputs of all layers are finite, their cross-entropy is "
               "not"
             : absl::StrCat("the gradient of ", gradient, " is not finite");
}

}  // namespace tritlab
