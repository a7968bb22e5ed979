#include "quant/policy.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

const std::vector<QuantizedLayer>& Layers() {
  static const auto& layers =
      *new std::vector<QuantizedLayer>{{.name = "conv1", .reads_image = true},
                                       {"stage1/conv"},
                                       {"stage2/conv"},
                                       {"fc"}};
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

// Wherever such layers stand: a network may have several.
TEST(PolicyTest, NoLayerThatReadsTheImageQuantizesIt) {
  Policy policy;
  PolicyRule* rule = policy.add_rules();
  rule->set_layers("*");
  rule->mutable_activations()->mutable_dorefa()->set_bits(4);
  std::vector<QuantizedLayer> layers = Layers();
  layers[1].reads_image = true;
  const auto quantizers = ApplyPolicy(policy, layers);
  ASSERT_TRUE(quantizers.ok()) << quantizers.status();
  EXPECT_EQ((*quantizers)[1].activations, nullptr);
  EXPECT_NE((*quantizers)[2].activations, nullptr);
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

// Nor must a rule that comes too late.
TEST(PolicyTest, ARuleThatEarlierOnesLeaveNothingToIsAnError) {
  Policy policy;
  AddRule(policy, "stage1/*", true);
  AddRule(policy, "stage2/*", true);
  AddRule(policy, "stage*", true);
  EXPECT_EQ(
      Quantized(policy),
      "policy.rules[2].layers \"stage*\" matches only layers that an "
      "earlier rule takes (rules[0], rules[1]); put it first, or leave it "
      "out");
  policy.mutable_rules(1)->set_layers("fc");
  policy.set_first_and_last(true);
  EXPECT_EQ(Quantized(policy), "0111");
}

// Full precision is no effect of a rule that quantizes.
TEST(PolicyTest, ARuleThatQuantizesNothingOfItsLayersIsAnError) {
  Policy policy;
  AddRule(policy, "stage*", true);
  AddRule(policy, "*", true);
  EXPECT_THAT(Quantized(policy),
              HasSubstr("policy.rules[1].layers \"*\" takes only the first or "
                        "last layer"));
  policy.mutable_rules(1)->clear_quantizer();
  EXPECT_EQ(Quantized(policy), "0110") << "it asks for nothing";
  PolicyRule* rule = policy.mutable_rules(1);
  rule->set_layers("conv1");
  rule->mutable_activations()->mutable_dorefa()->set_bits(4);
  policy.set_first_and_last(true);
  EXPECT_THAT(
      Quantized(policy),
      HasSubstr("policy.rules[1].layers \"conv1\" takes only what reads "
                "the image"));
  rule->mutable_gradients()->mutable_dorefa()->set_bits(6);
  EXPECT_EQ(Quantized(policy), "0110");
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
