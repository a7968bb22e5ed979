// What every method of quantizer.h keeps to.

#include "quant/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"
#include "quant/policy.h"

namespace tritlab {
namespace {

// The methods, and whether quantizing their own result changes nothing.
const std::map<std::string, bool>& Methods() {
  static const auto& methods = *new std::map<std::string, bool>{
      {"ttq { threshold_factor: 0.05 }", false},
      {"ttq { sparsity: 0.5 }", false},
      {"ttq { mean_factor: 0.7 initial_scales: MEAN_MAGNITUDE }", false},
      {"inq { bits: 5 portions: [0.5, 0.75, 0.875, 1] }", true},
      {"inq { bits: 2 portions: [0.2, 1] partition: RANDOM }", true},
      {"inq { bits: 3 portions: 1 partition: SMALLEST_FIRST }", true},
      {"inq { bits: 4 portions: [0.5, 1] keep_zeros: true }", true},
      {"global { bits: 5 }", true},
      {"prune { sparsity: 0.5 }", true},
      {"twn { }", true},
      {"bwn { }", true},
      {"dorefa { bits: 1 }", true},
      {"dorefa { bits: 3 }", false}};
  return methods;
}

std::unique_ptr<WeightQuantizer> Make(const std::string& method) {
  QuantizerSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(method, &spec));
  return *MakeQuantizer(spec, {.name = "layer", .outputs = 2, .seed = 1});
}

// A start and all stages of a phase without training; returns what the layer
// then computes with.
std::vector<float> RunStages(WeightQuantizer& quantizer,
                             std::vector<float>& latent) {
  EXPECT_TRUE(quantizer.Initialize(latent).ok());
  for (int stage = 0; stage < quantizer.stages(); ++stage)
    EXPECT_TRUE(quantizer.BeginStage(stage, latent).ok());
  std::vector<float> computed(latent.size());
  quantizer.Quantize(latent, computed);
  return computed;
}

TEST(QuantizerTest, ValuesAreFiniteAndTheirCodesStandForThem) {
  for (const auto& [method, idempotent] : Methods()) {
    for (const auto& [name, layer] : AdversarialLayers()) {
      auto quantizer = Make(method);
      std::vector<float> latent = layer;
      const std::vector<float> computed = RunStages(*quantizer, latent);
      const auto coded = quantizer->Encode(latent);
      for (size_t i = 0; i < computed.size(); ++i) {
        EXPECT_TRUE(std::isfinite(computed[i])) << method << ", " << name;
        if (coded.has_value()) {
          EXPECT_EQ(coded->value(i), computed[i]) << method << ", " << name;
          EXPECT_LT(coded->codes[i] >> coded->bits, 1) << method;
        }
      }
      for (const auto& [key, value] : quantizer->Describe(latent))
        EXPECT_TRUE(std::isfinite(value)) << method << ", " << name << key;
    }
  }
}

TEST(QuantizerTest, QuantizingQuantizedWeightsChangesNothing) {
  for (const auto& [method, idempotent] : Methods()) {
    if (!idempotent) continue;
    for (const auto& [name, layer] : AdversarialLayers()) {
      auto quantizer = Make(method);
      std::vector<float> latent = layer;
      const std::vector<float> once = RunStages(*quantizer, latent);
      auto again = Make(method);
      std::vector<float> start = once;
      EXPECT_EQ(RunStages(*again, start), once) << method << ", " << name;
    }
  }
}

TEST(QuantizerTest, AWeightThatIsNoNumberIsAnError) {
  for (const auto& [method, idempotent] : Methods()) {
    for (const float odd : {std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()}) {
      auto quantizer = Make(method);
      const absl::Status status =
          quantizer->Initialize(std::vector<float>{1, 2, odd, 3});
      EXPECT_THAT(std::string(status.message()),
                  testing::HasSubstr("weight 2 of 4"))
          << method;
    }
  }
}

// Divergence must reach the loss, whatever the method.
TEST(QuantizerTest, AWeightThatTurnsIntoNoNumberShows) {
  for (const auto& [method, idempotent] : Methods()) {
    auto quantizer = Make(method);
    std::vector<float> latent = RandomWeights(10, 1);
    RunStages(*quantizer, latent);
    latent[7] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> computed(latent.size());
    quantizer->Quantize(latent, computed);
    const bool pruned =
        method.find("prune") == 0 && quantizer->frozen()[7] != 0;
    EXPECT_TRUE(pruned || std::any_of(computed.begin(), computed.end(),
                                      [](float w) { return std::isnan(w); }))
        << method;
  }
}

// A layer of odd weights must not end a training whose own gradients are
// finite.
TEST(QuantizerTest, GradientsAreFinite) {
  for (const auto& [method, idempotent] : Methods()) {
    for (const auto& [name, layer] : AdversarialLayers()) {
      auto quantizer = Make(method);
      std::vector<float> latent = layer;
      RunStages(*quantizer, latent);
      std::vector<float> gradient(latent.size(), 1.0f);
      for (size_t i = 3; i < gradient.size(); i += 4) gradient[i] = 0;
      quantizer->Backward(latent, gradient, gradient);
      for (const float g : gradient)
        EXPECT_TRUE(std::isfinite(g)) << method << ", " << name;
      for (const QuantizerParameter& parameter : quantizer->parameters()) {
        EXPECT_TRUE(std::isfinite(parameter.gradient))
            << method << ", " << name << ", " << parameter.name;
      }
    }
  }
}

// Gradients may be computed in place, as training does.
TEST(QuantizerTest, BackwardInPlaceIsTheSame) {
  for (const auto& [method, idempotent] : Methods()) {
    auto quantizer = Make(method);
    std::vector<float> latent = RandomWeights(100, 1);
    RunStages(*quantizer, latent);
    const std::vector<float> gradient = RandomWeights(100, 2);
    std::vector<float> apart(100), in_place = gradient;
    quantizer->Backward(latent, gradient, apart);
    quantizer->Backward(latent, in_place, in_place);
    EXPECT_EQ(in_place, apart) << method;
  }
}

}  // namespace
}  // namespace tritlab
