#include "quant/policy.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "quant/ttq.h"

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
    const QuantizerSpec& spec) {
  switch (spec.method_case()) {
    case QuantizerSpec::kTtq:
      return TtqQuantizer::Create(spec.ttq());
    case QuantizerSpec::METHOD_NOT_SET:
      return std::unique_ptr<WeightQuantizer>();
  }
  return absl::InvalidArgumentError("a quantizer of an unknown method");
}

absl::StatusOr<std::vector<std::unique_ptr<WeightQuantizer>>> ApplyPolicy(
    const Policy& policy, const std::vector<std::string>& layers) {
  const auto error = [](int rule, absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("policy.rules[", rule, "]", what));
  };
  const auto at_an_end = [&](size_t layer) {
    return layer == 0 || layer + 1 == layers.size();
  };
  // Every rule is checked, also one that an earlier one leaves nothing to.
  for (int rule = 0; rule < policy.rules_size(); ++rule) {
    const std::string& pattern = policy.rules(rule).layers();
    const auto made = MakeQuantizer(policy.rules(rule).quantizer());
    if (!made.ok()) {
      return error(rule, absl::StrCat(".quantizer.", made.status().message()));
    }
    bool matches = false, matches_within = false;
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      if (!MatchesPattern(pattern, layers[layer])) continue;
      matches = true;
      matches_within = matches_within || !at_an_end(layer);
    }
    if (!matches) {
      return error(rule, absl::StrCat(".layers \"", pattern,
                                      "\" matches no layer; the layers are ",
                                      absl::StrJoin(layers, ", ")));
    }
    if (*made != nullptr && !matches_within && !policy.first_and_last()) {
      return error(rule,
                   absl::StrCat(".layers \"", pattern,
                                "\" matches only the first or last layer, "
                                "which stay in full precision; set "
                                "policy.first_and_last to quantize them"));
    }
  }
  std::vector<std::unique_ptr<WeightQuantizer>> quantizers(layers.size());
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    if (at_an_end(layer) && !policy.first_and_last()) continue;
    for (const PolicyRule& rule : policy.rules()) {
      if (!MatchesPattern(rule.layers(), layers[layer])) continue;
      ASSIGN_OR_RETURN(quantizers[layer], MakeQuantizer(rule.quantizer()));
      break;
    }
  }
  return quantizers;
}

}  // namespace tritlab
