// From a policy to the quantizer of each layer.
#ifndef TRITLAB_QUANT_POLICY_H_
#define TRITLAB_QUANT_POLICY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "quant/activation_quantizer.h"
#include "quant/dorefa_gradients.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

// Whether `pattern`, in which * stands for any characters, is all of `name`.
bool MatchesPattern(absl::string_view pattern, absl::string_view name);

// The quantizer of one method; nullptr for full precision. InvalidArgument,
// naming the field, when a setting is impossible.
absl::StatusOr<std::unique_ptr<WeightQuantizer>> MakeQuantizer(
    const QuantizerSpec& spec, const QuantizedLayer& layer);

// What a policy makes of one layer; nullptr where it stays in full precision.
struct LayerQuantizers {
  std::unique_ptr<WeightQuantizer> weights;
  std::unique_ptr<ActivationQuantizer> activations;  // that the layer reads
  std::unique_ptr<DorefaGradients> gradients;        // that its output receives
};

// InvalidArgument, naming the rule and the field, when a setting is impossible
// whatever the network.
absl::Status ValidatePolicy(const Policy& policy);

// The quantizers of each of `layers` (a network's convolutions and linear
// layers, first to last). InvalidArgument, naming the rule, when a setting is
// impossible, when a rule takes no layer (a misspelt one would silently stay in
// full precision; an earlier rule may take all that it matches), or when it may
// quantize nothing of those that it takes.
absl::StatusOr<std::vector<LayerQuantizers>> ApplyPolicy(
    const Policy& policy, const std::vector<QuantizedLayer>& layers);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_POLICY_H_
