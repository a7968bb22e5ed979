// What one training step takes of the memory, from the program's plan: nothing
// is computed here.
#include <vector>

#include "gtest/gtest.h"
#include "models/build.h"
#include "models/cost.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

Graph Vgg16(int width) {
  InputOperator image;
  image.set_height(224);
  image.set_width(224);
  image.set_channels(3);
  ModelSpec model;
  model.mutable_vgg16()->set_width(width);
  return *BuildGraph(model, image, 1000);
}

// The largest of the papers' networks, at a batch that its training uses:
// everything within what a machine with 8 GB has. Measured at an eighth of its
// width: every tensor of the network then has an eighth of its channels, but
// for the image and the logits, so that eight times the bytes are a bound.
TEST(TrainingMemoryTest, Vgg16AtBatch32TakesLessThan8GB) {
  constexpr int kNarrower = 8;
  const Graph full = Vgg16(64);
  const Graph narrow = Vgg16(64 / kNarrower);
  OptimizerSpec optimizer;
  optimizer.mutable_sgd()->set_momentum(0.9f);
  const auto network = TrainedNetwork::Create(narrow, Policy(), optimizer, 1);
  ASSERT_TRUE(network.ok()) << network.status();
  const std::vector<NodeValues> values = (*network)->Values(/*training=*/true);
  const auto program =
      Program::Compile(narrow, values, {.batch = 32, .training = true});
  ASSERT_TRUE(program.ok()) << program.status();
  const double activations =
      kNarrower * static_cast<double>((*program)->activation_bytes());
  // Of every parameter: its value, its gradient, the optimizer's momentum, and
  // value and gradient once more in the layout that the kernels ask for.
  constexpr double kCopies = 5;
  const double parameters =
      4 * kCopies * static_cast<double>(CountCost(full)->parameters);
  EXPECT_GT(activations, 2e9) << "what a layer reads is kept for the way back";
  EXPECT_LT(activations + parameters, 8e9)
      << activations << " of activations, " << parameters << " of parameters";
}

}  // namespace
}  // namespace tritlab
