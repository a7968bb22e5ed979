#include "quant/policy_text.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "quant/clipped_activations.h"
#include "quant/ttq.h"
#include "quant/twn.h"

namespace tritlab {
namespace {

std::string Bits(int bits) {
  return absl::StrCat(bits, bits == 1 ? " bit" : " bits");
}

std::string TtqText(const TtqSpec& ttq) {
  std::string text = "TTQ, ";
  switch (ttq.threshold_case()) {
    case TtqSpec::kSparsity:
      absl::StrAppend(&text, "r = ", ttq.sparsity());
      break;
    case TtqSpec::kMeanFactor:
      absl::StrAppend(&text, "threshold ", ttq.mean_factor(),
                      " of the mean magnitude");
      break;
    case TtqSpec::kThresholdFactor:
      absl::StrAppend(&text, "t = ", ttq.threshold_factor());
      break;
    case TtqSpec::THRESHOLD_NOT_SET:
      absl::StrAppend(&text, "t = ", TtqQuantizer::kDefaultThresholdFactor);
      break;
  }
  switch (ttq.learning_rate_multipliers()) {
    case TtqSpec::NEITHER:
      text += ", no learning-rate multipliers";
      break;
    case TtqSpec::POSITIVE:
      text += ", learning-rate multiplier W_p alone";
      break;
    case TtqSpec::NEGATIVE:
      text += ", learning-rate multiplier W_n alone";
      break;
    default:
      break;
  }
  if (ttq.initial_scales() == TtqSpec::MEAN_MAGNITUDE)
    text += ", scales begin with mean magnitudes";
  return text;
}

std::string InqText(const InqSpec& inq) {
  std::string text = absl::StrCat("INQ, ", Bits(inq.bits()), ", portions ",
                                  absl::StrJoin(inq.portions(), ", "));
  if (inq.partition() == InqSpec::RANDOM) text += ", random partition";
  if (inq.partition() == InqSpec::SMALLEST_FIRST) text += ", smallest first";
  if (inq.keep_zeros()) text += ", zeros kept";
  return text;
}

std::string WeightsText(const QuantizerSpec& spec) {
  switch (spec.method_case()) {
    case QuantizerSpec::kTtq:
      return TtqText(spec.ttq());
    case QuantizerSpec::kInq:
      return InqText(spec.inq());
    case QuantizerSpec::kGlobal:
      return absl::StrCat("powers of two at once, ",
                          Bits(spec.global().bits()));
    case QuantizerSpec::kPrune:
      return absl::StrCat("pruning, sparsity ", spec.prune().sparsity());
    case QuantizerSpec::kTwn:
      return absl::StrCat("TWN, threshold ",
                          spec.twn().has_threshold_factor()
                              ? spec.twn().threshold_factor()
                              : TwnQuantizer::kDefaultThresholdFactor,
                          " of the mean magnitude");
    case QuantizerSpec::kBwn:
      return "BWN";
    case QuantizerSpec::kDorefa:
      return absl::StrCat("DoReFa-Net, ", Bits(spec.dorefa().bits()));
    case QuantizerSpec::METHOD_NOT_SET:
      break;
  }
  return "full precision";
}

std::string RuleText(const PolicyRule& rule) {
  std::string text = WeightsText(rule.quantizer());
  if (rule.activations().has_dorefa()) {
    absl::StrAppend(&text, ", activations DoReFa-Net, ",
                    Bits(rule.activations().dorefa().bits()));
  } else if (rule.activations().has_pact()) {
    const PactSpec& pact = rule.activations().pact();
    absl::StrAppend(
        &text, ", activations PACT, ", Bits(pact.bits()), ", alpha from ",
        pact.has_initial_clip() ? pact.initial_clip() : kDefaultInitialClip);
  }
  if (rule.gradients().has_dorefa()) {
    absl::StrAppend(&text, ", gradients DoReFa-Net, ",
                    Bits(rule.gradients().dorefa().bits()));
  }
  return text;
}

}  // namespace

std::string PolicyText(const Policy& policy) {
  if (policy.rules().empty()) return "full precision";
  std::vector<std::string> rules;
  for (const PolicyRule& rule : policy.rules()) {
    const std::string text = RuleText(rule);
    if (rule.layers() != "*") {
      rules.push_back(absl::StrCat(rule.layers(), ": ", text));
      continue;
    }
    rules.push_back(rules.empty() ? text : absl::StrCat("others: ", text));
    break;  // Nothing is left for what follows.
  }
  std::string text = absl::StrJoin(rules, "; ");
  if (policy.has_first_and_last()) {
    text += policy.first_and_last()
                ? ", first and last layer included"
                : ", first and last layer in full precision";
  }
  return text;
}

}  // namespace tritlab
