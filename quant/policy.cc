#include "quant/policy.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
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
  std::vector<bool> used(policy.rules_size(), false);
  std::vector<std::unique_ptr<WeightQuantizer>> quantizers(layers.size());
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    for (int rule = 0; rule < policy.rules_size(); ++rule) {
      if (!MatchesPattern(policy.rules(rule).layers(), layers[layer])) continue;
      used[rule] = true;
      const bool at_an_end = layer == 0 || layer + 1 == layers.size();
      if (at_an_end && !policy.first_and_last()) break;
      auto quantizer = MakeQuantizer(policy.rules(rule).quantizer());
      if (!quantizer.ok()) {
        return absl::InvalidArgumentError(
            absl::StrFormat("policy.rules[%d].quantizer.%s", rule,
                            quantizer.status().message()));
      }
      quantizers[layer] = *std::move(quantizer);
      break;
    }
  }
  for (int rule = 0; rule < policy.rules_size(); ++rule) {
    bool matches = used[rule];
    // A rule may lawfully be shadowed by an earlier one; only one that names
    // nothing is a mistake.
    for (const std::string& layer : layers)
      matches = matches || MatchesPattern(policy.rules(rule).layers(), layer);
    if (!matches) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "policy.rules[%d].layers \"%s\" matches no layer; the layers are %s",
          rule, policy.rules(rule).layers(), absl::StrJoin(layers, ", ")));
    }
  }
  return quantizers;
}

}  // namespace tritlab
