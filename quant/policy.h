// From a policy to the quantizer of each layer.
#ifndef TRITLAB_QUANT_POLICY_H_
#define TRITLAB_QUANT_POLICY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

// Whether `pattern`, in which * stands for any characters, is all of `name`.
bool MatchesPattern(absl::string_view pattern, absl::string_view name);

// The quantizer of one method; nullptr for full precision.
absl::StatusOr<std::unique_ptr<WeightQuantizer>> MakeQuantizer(
    const QuantizerSpec& spec);

// One quantizer for each of `layers` (the names of a network's convolutions and
// linear layers, first to last); nullptr where the layer stays in full
// precision. InvalidArgument, naming the rule, when a setting is impossible or
// a rule's pattern matches no layer (a misspelt layer would silently stay in
// full precision).
absl::StatusOr<std::vector<std::unique_ptr<WeightQuantizer>>> ApplyPolicy(
    const Policy& policy, const std::vector<std::string>& layers);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_POLICY_H_
