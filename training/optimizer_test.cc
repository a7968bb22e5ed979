#include "training/optimizer.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

OptimizerSpec Parse(const std::string& text) {
  OptimizerSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec));
  return spec;
}

// The value after each of the gradients, from 1, at rate 0.1.
std::vector<float> Trajectory(const OptimizerSpec& spec,
                              const std::vector<float>& gradients,
                              bool decay = true) {
  std::vector<float> value = {1}, trajectory;
  OptimizerState state = InitialOptimizerState(spec, 1);
  for (size_t i = 0; i < gradients.size(); ++i) {
    UpdateTensor(spec, 0.1, static_cast<int64_t>(i) + 1, decay,
                 {&gradients[i], 1}, /*frozen=*/{}, value, state);
    trajectory.push_back(value[0]);
  }
  return trajectory;
}

using testing::ElementsAre;
using testing::FloatNear;

// By hand: v = 2, then 0.5 * 2 + 1 = 2.
TEST(OptimizerTest, SgdWithMomentum) {
  EXPECT_THAT(Trajectory(Parse("sgd { momentum: 0.5 }"), {2, 1}),
              ElementsAre(FloatNear(0.8f, 1e-6f), FloatNear(0.6f, 1e-6f)));
}

// By hand: steps of g + 0.5 v = 2 + 1, then 1 + 0.5 * 2.
TEST(OptimizerTest, SgdWithNesterov) {
  EXPECT_THAT(Trajectory(Parse("sgd { momentum: 0.5 nesterov: true }"), {2, 1}),
              ElementsAre(FloatNear(0.7f, 1e-6f), FloatNear(0.5f, 1e-6f)));
}

TEST(OptimizerTest, WeightDecayIsAddedToTheGradientWhereItApplies) {
  const OptimizerSpec spec = Parse("sgd { } weight_decay: 0.5");
  EXPECT_THAT(Trajectory(spec, {0}), ElementsAre(FloatNear(0.95f, 1e-6f)));
  EXPECT_THAT(Trajectory(spec, {0}, /*decay=*/false), ElementsAre(1));
  EXPECT_THAT(Trajectory(Parse("sgd { } weight_decay: 0.5 decay_all: true"),
                         {0}, /*decay=*/false),
              ElementsAre(FloatNear(0.95f, 1e-6f)));
}

// With bias correction the first step is the rate, whatever the gradient's
// size.
TEST(OptimizerTest, AdamsFirstStepIsTheRate) {
  for (const float gradient : {1e-3f, 1.0f, 100.0f}) {
    EXPECT_THAT(Trajectory(Parse("adam { }"), {gradient}),
                ElementsAre(FloatNear(0.9f, 1e-4f)))
        << gradient;
  }
}

// Two steps by hand: m = 0.1 * 1, 0.9 * 0.1 - 0.1 = -0.01; s = 0.001, 0.001999;
// corrected by 0.19 and 0.001999.
TEST(OptimizerTest, AdamsSecondStep) {
  EXPECT_NEAR(Trajectory(Parse("adam { }"), {1, -1})[1],
              0.9 + 0.1 * 0.01 / 0.19, 1e-5);
}

TEST(OptimizerTest, ImpossibleSettingsNameTheirField) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "names no method"},
      {"sgd { momentum: 1 }", "sgd.momentum"},
      {"sgd { nesterov: true }", "sgd.nesterov"},
      {"sgd { } weight_decay: -1", "weight_decay"},
      {"adam { beta2: 1.5 }", "adam.beta2"},
      {"adam { epsilon: 0 }", "adam.epsilon"}};
  for (const auto& [text, field] : cases) {
    EXPECT_THAT(std::string(ValidateOptimizer(Parse(text)).message()),
                testing::HasSubstr(field))
        << text;
  }
}

// INQ's masks: neither gradient nor momentum nor decay moves a frozen weight,
// and the others move as if it were not there.
TEST(OptimizerTest, FrozenValuesStay) {
  for (const char* text :
       {"sgd { momentum: 0.9 nesterov: true } weight_decay: 0.1",
        "adam { } weight_decay: 0.1"}) {
    const OptimizerSpec spec = Parse(text);
    std::vector<float> values = {1, 2, 3}, alone = {2};
    const std::vector<float> frozen = {1, 0, 1};
    OptimizerState state = InitialOptimizerState(spec, 3);
    OptimizerState state_alone = InitialOptimizerState(spec, 1);
    for (int step = 1; step <= 5; ++step) {
      UpdateTensor(spec, 0.1, step, /*decay=*/true,
                   std::vector<float>{5, -1, 7}, frozen, values, state);
      UpdateTensor(spec, 0.1, step, /*decay=*/true, std::vector<float>{-1}, {},
                   alone, state_alone);
    }
    EXPECT_EQ(values[0], 1);
    EXPECT_EQ(values[2], 3);
    EXPECT_NE(values[1], 2);
    EXPECT_EQ(values[1], alone[0]);
  }
}

}  // namespace
}  // namespace tritlab
