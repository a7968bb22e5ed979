#include "training/gradient_average.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quant/clipped_activations.h"
#include "training/thread_communicator_for_tests.h"

namespace tritlab {
namespace {

using testing::Each;
using testing::ElementsAre;

// Two ranks in the eyes of one: sums come out as if the other had the same
// values. Remembers the sizes of what was begun.
class Mirror final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 2; }
  void AllReduceSum(std::span<float>) override {}
  void AllReduceSum(std::span<double>) override {}
  void StartAllReduceSum(std::span<const float> values,
                         std::span<float> sums) override {
    begun.push_back(values.size());
    std::copy(values.begin(), values.end(), sums.begin());
    open_.push_back(sums);
  }
  void Progress() override {}
  void Wait() override {
    for (const std::span<float> sums : open_) {
      for (float& sum : sums) sum *= 2;
    }
    open_.clear();
  }
  void Broadcast(std::span<std::byte>) override {}
  void Barrier() override {}

  std::vector<size_t> begun;

 private:
  std::vector<std::span<float>> open_;
};

// A step's report of one pass of a node.
OperatorRun Done(int node, Pass pass, bool quantizes_input = false) {
  OperatorRun run;
  run.node = node;
  run.quantizes_input = quantizes_input;
  run.pass = pass;
  return run;
}
OperatorRun Backward(int node) { return Done(node, Pass::kBackward); }

// Buckets leave in the order of the backward pass, each as soon as all of its
// nodes are done and those before it have left; a node's other passes, and its
// activation quantizer, say nothing of its gradients.
TEST(GradientAverageTest, BucketsLeaveWhenTheirNodesAreDone) {
  std::vector<std::vector<float>> gradients(4, std::vector<float>(10, 1.0f));
  std::vector<NodeValues> values(4);
  for (int i = 0; i < 4; ++i) values[i].grad_weights = gradients[i];
  Mirror ranks;
  // Nodes 3 and 2, then 1 and 0.
  GradientAverage average(values, ranks, /*bucket_bytes=*/80);
  EXPECT_EQ(average.buckets(), 2);
  EXPECT_EQ(average.bytes(), 160);
  for (int step = 0; step < 2; ++step) {
    ranks.begun.clear();
    average.OperatorDone(Done(3, Pass::kForward));
    average.OperatorDone(Done(2, Pass::kBackwardWeights));
    average.OperatorDone(Backward(2));
    average.OperatorDone(Done(3, Pass::kBackward, /*quantizes_input=*/true));
    EXPECT_THAT(ranks.begun, ElementsAre());
    average.OperatorDone(Backward(3));
    EXPECT_THAT(ranks.begun, ElementsAre(20));
    average.OperatorDone(Backward(1));
    average.OperatorDone(Backward(0));
    average.Finish();
    EXPECT_THAT(ranks.begun, ElementsAre(20, 20));
    for (const auto& gradient : gradients) EXPECT_THAT(gradient, Each(1.0f));
  }
}

// Everything that a rank's share of the batch has an opinion on is averaged.
TEST(GradientAverageTest, AllThatRanksDifferInIsAveraged) {
  RunRanks(3, [](Communicator& ranks) {
    const float own = static_cast<float>(3 * ranks.rank());  // mean 3
    std::vector<std::vector<float>> tensors(6, std::vector<float>(7, own));
    std::vector<NodeValues> values(2);
    values[0].grad_weights = tensors[0];
    values[0].grad_bias = tensors[1];
    values[1].grad_scale = tensors[2];
    values[1].grad_shift = tensors[3];
    values[1].mean = tensors[4];
    values[1].variance = tensors[5];
    PactSpec pact;
    pact.set_bits(4);
    const auto activations = *ClippedActivations::Create(pact);
    values[0].activations = activations.get();
    activations->parameters()[0].gradient = own;
    GradientAverage average(values, ranks, /*bucket_bytes=*/4);
    average.OperatorDone(Backward(1));
    average.OperatorDone(Backward(0));
    average.Finish();
    for (const auto& tensor : tensors) EXPECT_THAT(tensor, Each(3.0f));
    EXPECT_EQ(activations->parameters()[0].gradient, 3.0f);
  });
}

}  // namespace
}  // namespace tritlab
