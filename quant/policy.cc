#include "quant/policy.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "quant/bwn.h"
#include "quant/clipped_activations.h"
#include "quant/dorefa.h"
#include "quant/global.h"
#include "quant/inq.h"
#include "quant/prune.h"
#include "quant/ttq.h"
#include "quant/twn.h"

namespace tritlab {

bool MatchesPattern(absl::string_view pattern, absl::string_view name) {
  // On a mismatch behind a *, that * takes one more character; earlier ones
  // need not be tried again.
  size_t p = 0, n = 0, star = absl::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

absl::StatusOr<std::unique_ptr<WeightQuantizer>> MakeQuantizer(
    const QuantizerSpec& spec, const QuantizedLayer& layer) {
  switch (spec.method_case()) {
    case QuantizerSpec::kTtq:
      return TtqQuantizer::Create(spec.ttq());
    case QuantizerSpec::kInq:
      return InqQuantizer::Create(spec.inq(), layer);
    case QuantizerSpec::kGlobal:
      return GlobalQuantizer::Create(spec.global());
    case QuantizerSpec::kPrune:
      return PruneQuantizer::Create(spec.prune());
    case QuantizerSpec::kTwn:
      return TwnQuantizer::Create(spec.twn());
    case QuantizerSpec::kBwn:
      return BwnQuantizer::Create(spec.bwn(), layer);
    case QuantizerSpec::kDorefa:
      return DorefaQuantizer::Create(spec.dorefa());
    case QuantizerSpec::METHOD_NOT_SET:
      return std::unique_ptr<WeightQuantizer>();
  }
  return absl::InvalidArgumentError("a quantizer of an unknown method");
}

namespace {

// Puts the name of a field before what is wrong in it.
template <typename T>
absl::StatusOr<T> InField(absl::string_view field, absl::StatusOr<T> made) {
  if (made.ok()) return made;
  return absl::InvalidArgumentError(
      absl::StrCat(field, ".", made.status().message()));
}

absl::StatusOr<std::unique_ptr<ActivationQuantizer>> MakeActivationQuantizer(
    const ActivationSpec& spec) {
  switch (spec.method_case()) {
    case ActivationSpec::kDorefa:
      return ClippedActivations::Create(spec.dorefa());
    case ActivationSpec::kPact:
      return ClippedActivations::Create(spec.pact());
    case ActivationSpec::METHOD_NOT_SET:
      return std::unique_ptr<ActivationQuantizer>();
  }
  return absl::InvalidArgumentError("activations of an unknown method");
}

absl::StatusOr<std::unique_ptr<DorefaGradients>> MakeGradientQuantizer(
    const GradientSpec& spec, const QuantizedLayer& layer) {
  if (!spec.has_dorefa()) return std::unique_ptr<DorefaGradients>();
  return DorefaGradients::Create(spec.dorefa(), layer);
}

absl::StatusOr<LayerQuantizers> MakeAll(const PolicyRule& rule,
                                        const QuantizedLayer& layer) {
  LayerQuantizers made;
  ASSIGN_OR_RETURN(
      made.weights,
      InField("quantizer", MakeQuantizer(rule.quantizer(), layer)));
  ASSIGN_OR_RETURN(
      made.activations,
      InField("activations", MakeActivationQuantizer(rule.activations())));
  ASSIGN_OR_RETURN(
      made.gradients,
      InField("gradients", MakeGradientQuantizer(rule.gradients(), layer)));
  return made;
}

bool QuantizesWeightsOrGradients(const PolicyRule& rule) {
  return rule.quantizer().method_case() != QuantizerSpec::METHOD_NOT_SET ||
         rule.gradients().method_case() != GradientSpec::METHOD_NOT_SET;
}

bool Quantizes(const PolicyRule& rule) {
  return QuantizesWeightsOrGradients(rule) ||
         rule.activations().method_case() != ActivationSpec::METHOD_NOT_SET;
}

// Whether the rule quantizes the network's first and last layer, too.
bool TakesFirstAndLast(const Policy& policy, const PolicyRule& rule) {
  if (policy.has_first_and_last()) return policy.first_and_last();
  return rule.quantizer().has_inq() || rule.quantizer().has_global() ||
         rule.quantizer().has_prune();
}

absl::Status InRule(int rule, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("policy.rules[", rule, "].", what));
}

// [layer] the rule that takes it, the first one that matches; -1: none.
std::vector<int> RulesOf(const Policy& policy,
                         const std::vector<QuantizedLayer>& layers) {
  std::vector<int> rules;
  for (const QuantizedLayer& layer : layers) {
    const auto taker =
        std::find_if(policy.rules().begin(), policy.rules().end(),
                     [&](const PolicyRule& rule) {
                       return MatchesPattern(rule.layers(), layer.name);
                     });
    rules.push_back(taker == policy.rules().end()
                        ? -1
                        : static_cast<int>(taker - policy.rules().begin()));
  }
  return rules;
}

// InvalidArgument when policy.rules(r) changes nothing, with what the policy
// made of each layer.
absl::Status CheckTakesEffect(const Policy& policy, int r,
                              const std::vector<QuantizedLayer>& layers,
                              const std::vector<int>& rule_of,
                              const std::vector<LayerQuantizers>& quantizers) {
  const PolicyRule& rule = policy.rules(r);
  bool takes = false, quantizes = false, image_alone = true;
  std::set<int> before;  // the rules that take what this one matches as well
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    if (!MatchesPattern(rule.layers(), layers[layer].name)) continue;
    if (rule_of[layer] != r) {
      before.insert(rule_of[layer]);
      continue;
    }
    takes = true;
    const LayerQuantizers& made = quantizers[layer];
    quantizes = quantizes || made.weights != nullptr ||
                made.activations != nullptr || made.gradients != nullptr;
    image_alone = image_alone && layers[layer].reads_image;
  }
  const std::string pattern = absl::StrCat("layers \"", rule.layers(), "\"");
  if (!takes && before.empty()) {
    std::vector<std::string> names;
    for (const QuantizedLayer& layer : layers) names.push_back(layer.name);
    return InRule(r, absl::StrCat(pattern, " matches no layer; the layers are ",
                                  absl::StrJoin(names, ", ")));
  }
  if (!takes) {
    return InRule(
        r, absl::StrCat(pattern,
                        " matches only layers that an earlier rule takes "
                        "(rules[",
                        absl::StrJoin(before, "], rules["),
                        "]); put it first, or leave it out"));
  }
  if (quantizes || !Quantizes(rule)) return absl::OkStatus();
  if (image_alone && !QuantizesWeightsOrGradients(rule)) {
    return InRule(r, absl::StrCat(pattern,
                                  " takes only what reads the image, which is "
                                  "never quantized; leave the rule out"));
  }
  return InRule(
      r, absl::StrCat(pattern,
                      " takes only the first or last layer, which "
                      "stay in full precision; set "
                      "policy.first_and_last to quantize them, or leave the "
                      "rule out"));
}

}  // namespace

absl::Status ValidatePolicy(const Policy& policy) {
  for (int rule = 0; rule < policy.rules_size(); ++rule) {
    const auto made = MakeAll(policy.rules(rule), QuantizedLayer{});
    if (!made.ok()) return InRule(rule, made.status().message());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LayerQuantizers>> ApplyPolicy(
    const Policy& policy, const std::vector<QuantizedLayer>& layers) {
  RETURN_IF_ERROR(ValidatePolicy(policy));
  const std::vector<int> rule_of = RulesOf(policy, layers);
  std::vector<LayerQuantizers> quantizers(layers.size());
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    if (rule_of[layer] < 0) continue;
    const PolicyRule& rule = policy.rules(rule_of[layer]);
    const bool at_an_end = layer == 0 || layer + 1 == layers.size();
    if (at_an_end && !TakesFirstAndLast(policy, rule)) continue;
    ASSIGN_OR_RETURN(quantizers[layer], MakeAll(rule, layers[layer]));
    // The image is no activation.
    if (layers[layer].reads_image) quantizers[layer].activations = nullptr;
  }
  for (int r = 0; r < policy.rules_size(); ++r) {
    RETURN_IF_ERROR(CheckTakesEffect(policy, r, layers, rule_of, quantizers));
  }
  return quantizers;
}

}  // namespace tritlab
