#include "quant/policy.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

const std::vector<QuantizedLayer>& Layers() {
  static const auto& layers = *new std::vector<QuantizedLayer>{
      {"conv1"}, {"stage1/conv"}, {"stage2/conv"}, {"fc"}};
  return layers;
}

void AddRule(Policy& policy, const std::string& pattern, bool quantized) {
  PolicyRule* rule = policy.add_rules();
  rule->set_layers(pattern);
  if (quantized) rule->mutable_quantizer()->mutable_ttq();
}

// Which layers are quantized, as a string of 0 and 1.
std::string Quantized(const Policy& policy) {
  const auto quantizers = ApplyPolicy(policy, Layers());
  if (!quantizers.ok()) return std::string(quantizers.status().message());
  std::string which;
  for (const LayerQuantizers& layer : *quantizers)
    which += layer.weights == nullptr ? '0' : '1';
  return which;
}

TEST(PolicyTest, Patterns) {
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("*", "conv1"));
  EXPECT_TRUE(MatchesPattern("stage*/conv", "stage2/block1/conv"));
  EXPECT_TRUE(MatchesPattern("*a*b", "aab"));
  EXPECT_FALSE(MatchesPattern("conv", "conv1"));
  EXPECT_FALSE(MatchesPattern("*a*b", "ba"));
  EXPECT_FALSE(MatchesPattern("", "a"));
}

TEST(PolicyTest, WithoutRulesAllIsInFullPrecision) {
  EXPECT_EQ(Quantized({}), "0000");
}

TEST(PolicyTest, FirstAndLastLayerStayInFullPrecisionUnlessAskedFor) {
  Policy policy;
  AddRule(policy, "*", true);
  EXPECT_EQ(Quantized(policy), "0110");
  policy.set_first_and_last(true);
  EXPECT_EQ(Quantized(policy), "1111");
}

// As the papers have it, unless the policy says otherwise.
TEST(PolicyTest, InqTakesTheFirstAndTheLastLayerToo) {
  Policy policy;
  PolicyRule* rule = policy.add_rules();
  rule->set_layers("*");
  rule->mutable_quantizer()->mutable_inq()->set_bits(5);
  rule->mutable_quantizer()->mutable_inq()->add_portions(1);
  EXPECT_EQ(Quantized(policy), "1111");
  policy.set_first_and_last(false);
  EXPECT_EQ(Quantized(policy), "0110");
}

TEST(PolicyTest, ActivationsAndGradientsAreQuantizedButNeverTheImage) {
  Policy policy;
  PolicyRule* rule = policy.add_rules();
  rule->set_layers("*");
  rule->mutable_activations()->mutable_dorefa()->set_bits(4);
  rule->mutable_gradients()->mutable_dorefa()->set_bits(6);
  policy.set_first_and_last(true);
  const auto quantizers = ApplyPolicy(policy, Layers());
  ASSERT_TRUE(quantizers.ok()) << quantizers.status();
  for (size_t layer = 0; layer < quantizers->size(); ++layer) {
    EXPECT_EQ((*quantizers)[layer].weights, nullptr);
    EXPECT_EQ((*quantizers)[layer].activations != nullptr, layer > 0);
    EXPECT_NE((*quantizers)[layer].gradients, nullptr);
  }
}

TEST(PolicyTest, TheFirstRuleThatMatchesWins) {
  Policy policy;
  AddRule(policy, "stage1/*", false);
  AddRule(policy, "*", true);
  EXPECT_EQ(Quantized(policy), "0010");
}

// A misspelt layer must not silently stay in full precision.
TEST(PolicyTest, ARuleThatMatchesNothingIsAnError) {
  Policy policy;
  AddRule(policy, "stage3/*", true);
  EXPECT_THAT(
      Quantized(policy),
      HasSubstr("policy.rules[0].layers \"stage3/*\" matches no layer"));
}

TEST(PolicyTest, ARuleForTheEndsAloneMustBeMeant) {
  Policy policy;
  AddRule(policy, "fc", true);
  EXPECT_THAT(Quantized(policy), HasSubstr("policy.first_and_last"));
  policy.set_first_and_last(true);
  EXPECT_EQ(Quantized(policy), "0001");
}

TEST(PolicyTest, AnImpossibleSettingNamesItsRuleEvenWhereItNeverApplies) {
  Policy policy;
  AddRule(policy, "*", true);
  AddRule(policy, "fc", true);
  policy.mutable_rules(1)->mutable_quantizer()->mutable_ttq()->set_sparsity(2);
  EXPECT_THAT(Quantized(policy), HasSubstr("policy.rules[1].quantizer.ttq"));
}

TEST(PolicyTest, AnImpossibleSettingNamesItsRule) {
  Policy policy;
  AddRule(policy, "*", true);
  policy.mutable_rules(0)->mutable_quantizer()->mutable_ttq()->set_sparsity(2);
  EXPECT_THAT(Quantized(policy),
              HasSubstr("policy.rules[0].quantizer.ttq.sparsity is 2"));
}

}  // namespace
}  // namespace tritlab
