#include "quant/policy.h"

#include <cstddef>

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

bool Quantizes(const PolicyRule& rule) {
  return rule.quantizer().method_case() != QuantizerSpec::METHOD_NOT_SET ||
         rule.activations().method_case() != ActivationSpec::METHOD_NOT_SET ||
         rule.gradients().method_case() != GradientSpec::METHOD_NOT_SET;
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
  const auto at_an_end = [&](size_t layer) {
    return layer == 0 || layer + 1 == layers.size();
  };
  // Every rule is checked, also one that an earlier one leaves nothing to.
  for (int r = 0; r < policy.rules_size(); ++r) {
    const PolicyRule& rule = policy.rules(r);
    bool matches = false, matches_within = false;
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      if (!MatchesPattern(rule.layers(), layers[layer].name)) continue;
      matches = true;
      matches_within = matches_within || !at_an_end(layer);
    }
    if (!matches) {
      std::vector<std::string> names;
      for (const QuantizedLayer& layer : layers) names.push_back(layer.name);
      return InRule(r, absl::StrCat("layers \"", rule.layers(),
                                    "\" matches no layer; the layers are ",
                                    absl::StrJoin(names, ", ")));
    }
    if (Quantizes(rule) && !matches_within &&
        !TakesFirstAndLast(policy, rule)) {
      return InRule(r, absl::StrCat("layers \"", rule.layers(),
                                    "\" matches only the first or last layer, "
                                    "which stay in full precision; set "
                                    "policy.first_and_last to quantize them"));
    }
  }
  std::vector<LayerQuantizers> quantizers(layers.size());
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    for (const PolicyRule& rule : policy.rules()) {
      if (!MatchesPattern(rule.layers(), layers[layer].name)) continue;
      if (at_an_end(layer) && !TakesFirstAndLast(policy, rule)) break;
      ASSIGN_OR_RETURN(quantizers[layer], MakeAll(rule, layers[layer]));
      // The image is no activation.
      if (layer == 0) quantizers[layer].activations = nullptr;
      break;
    }
  }
  return quantizers;
}

}  // namespace tritlab
