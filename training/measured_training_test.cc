#include "training/measured_training.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "training/step_profile.h"

namespace tritlab {
namespace {

TEST(MeasuredTrainingTest, UnknownNetworksAreNamed) {
  for (const char* name : {"", "resnet", "resnet21", "resnet-4", "vgg"}) {
    const auto network = MeasuredNetwork(name);
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument)
        << name;
  }
  for (const char* name :
       {"resnet20", "vgg_small", "resnet18", "vgg16", "vgg16_bn"})
    EXPECT_TRUE(MeasuredNetwork(name).ok()) << name;
}

// 50 is 6n + 2 as well.
TEST(MeasuredTrainingTest, ImageNetsDepthsAreImageNetsNetworks) {
  for (const char* name : {"resnet18", "resnet34", "resnet50"}) {
    const auto network = MeasuredNetwork(name);
    ASSERT_TRUE(network.ok()) << name;
    EXPECT_EQ(network->nodes(0).input().height(), 224) << name;
  }
  EXPECT_EQ(MeasuredNetwork("resnet56")->nodes(0).input().height(), 32);
}

// Every part of a step is seen once a step, so that a profile leaves none out.
TEST(MeasuredTrainingTest, AStepTellsItsParts) {
  const Graph graph = *MeasuredNetwork("resnet8");
  Policy policy;
  PolicyRule* const rule = policy.add_rules();
  rule->set_layers("*");
  rule->mutable_quantizer()->mutable_ttq();
  const auto training =
      BeginMeasuredTraining(graph, DataType::kF32, /*batch=*/2, policy);
  ASSERT_TRUE(training.ok()) << training.status();
  StepProfile profile(graph);
  training->trainer->ObserveSteps(
      [&](const StepPart& part) { profile.Add(part); },
      [&](const OperatorRun& run) { profile.Add(run); });
  ASSERT_TRUE(training->trainer->Step().ok());
  profile.EndStep(1);
  std::set<std::string> kinds;
  for (const StepProfile::Row& row : profile.ByKind()) kinds.insert(row.name);
  for (const char* kind :
       {"data_wait", "quantizer", "loss", "quantizer_backward", "optimizer",
        "convolution load_weights", "convolution forward",
        "convolution backward_weights", "convolution backward",
        "batch_normalization+relu forward",
        "batch_normalization+add+relu forward",
        "batch_normalization+add+relu backward", "linear forward", "rest"}) {
    EXPECT_TRUE(kinds.count(kind)) << kind;
  }
}

}  // namespace
}  // namespace tritlab
