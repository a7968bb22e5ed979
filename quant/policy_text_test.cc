#include "quant/policy_text.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

std::string TextOf(const std::string& policy) {
  Policy parsed;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(policy, &parsed));
  return PolicyText(parsed);
}

std::string OfQuantizer(const std::string& quantizer) {
  return TextOf("rules { layers: '*' quantizer { " + quantizer + " } }");
}

// Protects: captions name what was set, and what was not set as it then is.
TEST(PolicyText, EveryMethodWithItsSettings) {
  EXPECT_EQ(TextOf(""), "full precision");
  EXPECT_EQ(OfQuantizer(""), "full precision");
  EXPECT_EQ(OfQuantizer("ttq { }"), "TTQ, t = 0.05");
  EXPECT_EQ(OfQuantizer("ttq { threshold_factor: 0.02 }"), "TTQ, t = 0.02");
  EXPECT_EQ(OfQuantizer("ttq { sparsity: 0.5 learning_rate_multipliers: "
                        "NEITHER initial_scales: MEAN_MAGNITUDE }"),
            "TTQ, r = 0.5, no learning-rate multipliers, scales begin with "
            "mean magnitudes");
  EXPECT_EQ(OfQuantizer("ttq { mean_factor: 0.7 learning_rate_multipliers: "
                        "NEGATIVE }"),
            "TTQ, threshold 0.7 of the mean magnitude, learning-rate "
            "multiplier W_n alone");
  EXPECT_EQ(OfQuantizer("inq { bits: 5 portions: [0.5, 0.75, 0.875, 1] }"),
            "INQ, 5 bits, portions 0.5, 0.75, 0.875, 1");
  EXPECT_EQ(OfQuantizer("inq { bits: 3 portions: 1 partition: RANDOM "
                        "keep_zeros: true }"),
            "INQ, 3 bits, portions 1, random partition, zeros kept");
  EXPECT_EQ(OfQuantizer("global { bits: 5 }"), "powers of two at once, 5 bits");
  EXPECT_EQ(OfQuantizer("prune { sparsity: 0.6 }"), "pruning, sparsity 0.6");
  EXPECT_EQ(OfQuantizer("twn { }"), "TWN, threshold 0.7 of the mean magnitude");
  EXPECT_EQ(OfQuantizer("bwn { }"), "BWN");
  EXPECT_EQ(OfQuantizer("dorefa { bits: 1 }"), "DoReFa-Net, 1 bit");
}

TEST(PolicyText, WhereAlphaBegins) {
  EXPECT_EQ(TextOf("rules { layers: '*' activations { pact { bits: 2 "
                   "initial_clip: 0.8 } } }"),
            "full precision, activations PACT, 2 bits, alpha from 0.8");
}

TEST(PolicyText, RulesInTheirOrder) {
  EXPECT_EQ(TextOf("rules { layers: 'stage1/*' quantizer { ttq { } } }"
                   "rules { layers: '*' quantizer { bwn { } }"
                   "        activations { pact { bits: 4 } }"
                   "        gradients { dorefa { bits: 8 } } }"
                   "first_and_last: true"),
            "stage1/*: TTQ, t = 0.05; others: BWN, activations PACT, 4 bits, "
            "alpha from 6, gradients DoReFa-Net, 8 bits, first and last layer "
            "included");
}

}  // namespace
}  // namespace tritlab
