// The compiled program as a whole: its gradients against finite differences of
// its own loss, through every operator, fusion and sum of gradients; kernels
// are tested where they are.
#include "training/program.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/softmax_cross_entropy.h"
#include "models/build.h"
#include "models/cost.h"
#include "models/graph_builder.h"
#include "training/trained_network.h"
#include "training/training_loss.h"

namespace tritlab {
namespace {

constexpr int64_t kBatch = 6;
constexpr int kClasses = 5;

InputOperator Image(int64_t size) {
  InputOperator image;
  image.set_height(size);
  image.set_width(size);
  image.set_channels(3);
  return image;
}

Graph ResNet8(CifarResNetSpec::Variant variant) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(8);
  model.mutable_cifar_resnet()->set_width(4);
  model.mutable_cifar_resnet()->set_variant(variant);
  return *BuildGraph(model, Image(8), kClasses);
}

// A node with three consumers, additions with and without ReLU, a ReLU alone, a
// pooled input.
Graph Tangle() {
  GraphBuilder net("tangle", Image(8));
  // Nothing before bn_0 is trained, but bn_0 is.
  const std::string pooled =
      net.BatchNormalization("bn_0", net.AveragePool("pool1", "image", 2, 2));
  const std::string a =
      net.Relu("relu_a", net.Convolution("conv_a", pooled, 6, 3, 1));
  const std::string b =
      net.BatchNormalization("bn_b", net.Convolution("conv_b", a, 6, 3, 1));
  const std::string c = net.Relu("relu_c", net.Add("add_c", b, a));
  const std::string d = net.Add("add_d", net.Add("add_e", c, a), c);
  net.Linear("fc",
             net.GlobalAveragePool("pool", net.ChannelPad("pad", d, 1, 2)),
             kClasses);
  return net.graph();
}

// Branches that are concatenated, one of them twice, with the images, which
// have no gradient; and the other operators of the networks before batch
// normalization.
Graph Inception(float dropout_rate) {
  GraphBuilder net("inception", Image(9));
  const std::string a =
      net.Relu("relu_a", net.Convolution("conv_a", "image", 6, 3, 1));
  const std::string b = net.Relu(
      "relu_b",
      net.BatchNormalization("bn_b", net.Convolution("conv_b", a, 4, 1, 1)));
  std::string x = net.Concat("concat", {a, b, "image", a});
  x = net.LocalResponseNormalization("norm", x);
  // A strength that shows.
  net.graph()
      .mutable_nodes(net.graph().nodes_size() - 1)
      ->mutable_local_response_normalization()
      ->set_alpha(2);
  x = net.Concat("one", {net.CeilMaxPool("max", x, 2, 2)});
  x = net.Convolution("conv_c", net.ChannelPad("pad", x, 0, 1), 8, 3, 1, 1,
                      /*bias=*/true, /*groups=*/4);
  x = net.GlobalAveragePool("pool", net.Relu("relu_c", x));
  if (dropout_rate > 0) x = net.Dropout("drop", x, dropout_rate);
  net.Linear("fc", x, kClasses);
  return net.graph();
}

// A network with two training heads, or, to compare, without them: one with all
// that GoogLeNet's have, on an output that the network reads as well, and a
// small one on a batch normalization that is no longer computed with its ReLU.
Graph Headed(bool heads) {
  GraphBuilder net("headed", Image(8));
  const std::string a = net.Relu(
      "relu_a", net.Convolution("conv_a", "image", 6, 3, 1, 1, /*bias=*/true));
  const std::string b =
      net.BatchNormalization("bn_b", net.Convolution("conv_b", a, 6, 3, 2));
  net.Linear("fc", net.GlobalAveragePool("pool", net.Relu("relu_b", b)),
             kClasses);
  if (!heads) return net.graph();
  net.BeginTrainingHead(0.3f);
  std::string x = net.AveragePool("aux1/pool", a, 5, 3);
  x = net.BatchNormalization("aux1/bn",
                             net.Convolution("aux1/conv", x, 8, 1, 1));
  x = net.Linear("aux1/fc1", net.Relu("aux1/relu", x), 9);
  x = net.Dropout("aux1/dropout", net.Relu("aux1/relu_fc1", x), 0.4f);
  net.Linear("aux1/fc2", x, kClasses);
  net.BeginTrainingHead(0.6f);
  net.Linear("aux2/fc", b, kClasses);
  return net.graph();
}

OptimizerSpec Sgd() {
  OptimizerSpec optimizer;
  optimizer.mutable_sgd()->set_momentum(0.9f);
  return optimizer;
}

struct Fixture {
  explicit Fixture(const Graph& graph, DataType type = DataType::kF32,
                   bool training = true) {
    network = *TrainedNetwork::Create(graph, Policy(), Sgd(), 3);
    EXPECT_TRUE(network->Initialize(nullptr).ok());
    values = network->Values(training);
    program = *Program::Compile(
        graph, values, {.batch = kBatch, .type = type, .training = training});
    images.resize(kBatch * graph.nodes(0).input().height() *
                  graph.nodes(0).input().width() * 3);
    RandomStream(5).FillNormal(0, 1, images);
    for (int64_t i = 0; i < kBatch; ++i)
      labels.push_back(static_cast<int32_t>(i % kClasses));
    loss = std::make_unique<TrainingLoss>(*program);
  }

  double Loss() {
    program->LoadWeights();
    const void* logits = program->Forward(images.data());
    return loss->Compute(logits, labels, kBatch, 0).lowered_sum / kBatch;
  }

  std::unique_ptr<TrainedNetwork> network;
  std::vector<NodeValues> values;
  std::unique_ptr<Program> program;
  std::vector<float> images;
  std::vector<int32_t> labels;
  std::unique_ptr<TrainingLoss> loss;
};

// The spans of trained values and their gradients, by name.
struct Trained {
  std::string name;
  std::span<float> values;
  std::span<const float> gradient;
};
std::vector<Trained> AllTrained(const Graph& graph,
                                const std::vector<NodeValues>& nodes) {
  std::vector<Trained> all;
  const auto add = [&](const std::string& name, std::span<const float> values,
                       std::span<float> gradient) {
    // The test owns the network; it may turn its knobs.
    if (!values.empty())
      all.push_back(
          {name, {const_cast<float*>(values.data()), values.size()}, gradient});
  };
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const std::string& name = graph.nodes(i).name();
    add(name + "/weights", nodes[i].weights, nodes[i].grad_weights);
    add(name + "/bias", nodes[i].bias, nodes[i].grad_bias);
    add(name + "/scale", nodes[i].scale, nodes[i].grad_scale);
    add(name + "/shift", nodes[i].shift, nodes[i].grad_shift);
  }
  return all;
}

double Norm(const std::vector<float>& values) {
  double squares = 0;
  for (const float value : values)
    squares += static_cast<double>(value) * value;
  return std::sqrt(squares);
}

// `idle`: what the loss does not depend on, by name.
void CheckGradients(const Graph& graph, const std::string& idle = "") {
  Fixture fixture(graph);
  fixture.Loss();
  fixture.loss->Backward();
  int checked = 0;
  for (const Trained& trained :
       AllTrained(fixture.network->whole_graph(), fixture.values)) {
    // Along the gradient itself, where the slope is its norm, and along a
    // random direction, where a wrong entry anywhere shows.
    std::vector<float> along(trained.gradient.begin(), trained.gradient.end());
    std::vector<float> across(along.size());
    RandomStream(11, checked++).FillNormal(0, 1, across);
    if (trained.name == idle) {
      EXPECT_LT(Norm(along), 1e-5) << trained.name;
      continue;
    }
    EXPECT_GT(Norm(along), 1e-3) << trained.name << ": nothing is compared";
    for (const std::vector<float>& direction : {along, across}) {
      const double norm = Norm(direction);
      double slope = 0;
      for (size_t i = 0; i < direction.size(); ++i) {
        slope += trained.gradient[i] * direction[i] / norm;
      }
      const std::vector<float> start(trained.values.begin(),
                                     trained.values.end());
      const auto loss_at = [&](double step) {
        for (size_t i = 0; i < start.size(); ++i) {
          trained.values[i] =
              static_cast<float>(start[i] + step * direction[i] / norm);
        }
        return fixture.Loss();
      };
      // A ReLU may open or close within a step, which bends the loss; it does
      // not within all of them.
      double difference = 0, error = INFINITY;
      for (const double step : {4e-3, 2e-3, 1e-3, 5e-4}) {
        const double now = (loss_at(step) - loss_at(-step)) / (2 * step);
        if (std::abs(now - slope) < error) {
          difference = now;
          error = std::abs(now - slope);
        }
      }
      std::copy(start.begin(), start.end(), trained.values.begin());
      // A few per cent of the gradient's length.
      EXPECT_NEAR(slope, difference, 0.04 * Norm(along) + 5e-4) << trained.name;
    }
  }
  EXPECT_GT(checked, 5);
}

TEST(ProgramTest, GradientsOfTheOriginalResNet) {
  CheckGradients(ResNet8(CifarResNetSpec::ORIGINAL));
}
TEST(ProgramTest, GradientsOfThePreActivationResNet) {
  CheckGradients(ResNet8(CifarResNetSpec::PRE_ACTIVATION));
}
// Max pooling, and batch normalization of a linear layer, which takes the
// layer's bias out again.
TEST(ProgramTest, GradientsOfVgg) {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(2);
  CheckGradients(*BuildGraph(model, Image(16), kClasses), "fc1/bias");
}
TEST(ProgramTest, GradientsWhereNodesHaveManyConsumers) {
  CheckGradients(Tangle());
}

TEST(ProgramTest, GradientsOfConcatenationsGroupsAndDropout) {
  CheckGradients(Inception(/*dropout_rate=*/0.4f));
}

// The loss of all classifiers together.
TEST(ProgramTest, GradientsOfTrainingHeads) {
  CheckGradients(Headed(/*heads=*/true));
}

// Heads add to the gradients of what stands before them, and to nothing else's;
// a weight of almost 0 adds almost nothing.
TEST(ProgramTest, TrainingHeadsReachWhatStandsBeforeThem) {
  const auto gradients_of = [](const Graph& graph) {
    Fixture fixture(graph);
    fixture.Loss();
    fixture.loss->Backward();
    std::map<std::string, std::vector<float>> gradients;
    for (const Trained& trained :
         AllTrained(fixture.network->whole_graph(), fixture.values)) {
      gradients[trained.name].assign(trained.gradient.begin(),
                                     trained.gradient.end());
    }
    return gradients;
  };
  Graph faint = Headed(/*heads=*/true);
  for (TrainingHead& head : *faint.mutable_training_heads())
    head.set_loss_weight(1e-6f);
  const auto with = gradients_of(Headed(true)),
             with_faint = gradients_of(faint);
  for (const auto& [name, without] : gradients_of(Headed(false))) {
    double apart = 0, faintly_apart = 0;
    for (size_t i = 0; i < without.size(); ++i) {
      apart += std::abs(with.at(name)[i] - without[i]);
      faintly_apart += std::abs(with_faint.at(name)[i] - without[i]);
    }
    const bool behind = name == "fc/weights" || name == "fc/bias";
    if (behind) {
      EXPECT_EQ(with.at(name), without) << name;
    } else {
      EXPECT_GT(apart, 1e-2) << name;
    }
    EXPECT_LT(faintly_apart, 1e-3) << name;
  }
}

// The network is drawn, trained and evaluated with the same bits whether heads
// hang on it or not; and what is reported is its own loss.
TEST(ProgramTest, TrainingHeadsAreNotEvaluated) {
  for (const bool training : {false, true}) {
    Fixture with(Headed(true), DataType::kF32, training);
    Fixture without(Headed(false), DataType::kF32, training);
    EXPECT_EQ(with.program->heads().size(), training ? 2u : 0u);
    EXPECT_EQ(without.program->heads().size(), 0u);
    for (Fixture* fixture : {&with, &without}) fixture->program->LoadWeights();
    const auto* one =
        static_cast<const float*>(with.program->Forward(with.images.data()));
    const auto* other = static_cast<const float*>(
        without.program->Forward(without.images.data()));
    for (int64_t i = 0; i < kBatch * kClasses; ++i)
      EXPECT_EQ(one[i], other[i]) << i;
    const auto loss = with.loss->Compute(one, with.labels, kBatch, 0);
    EXPECT_EQ(loss.network.loss_sum,
              without.loss->Compute(other, without.labels, kBatch, 0)
                  .network.loss_sum);
    double heads = 0;
    for (const Program::Head& head : with.program->heads()) {
      heads += head.loss_weight * SoftmaxCrossEntropy(DataType::kF32, kClasses,
                                                      head.logits, with.labels,
                                                      kBatch, 0, nullptr)
                                      .loss_sum;
    }
    EXPECT_EQ(heads > 0, training);
    EXPECT_DOUBLE_EQ(loss.lowered_sum, loss.network.loss_sum + heads);
    if (training) continue;
    EXPECT_EQ(with.program->activation_bytes(),
              without.program->activation_bytes());
  }
}

// conv_c reads the image beside the outputs of others; both it and conv_a leave
// it whole.
TEST(ProgramTest, TheImageIsNeverQuantized) {
  Policy policy;
  PolicyRule* rule = policy.add_rules();
  rule->set_layers("*");
  rule->mutable_activations()->mutable_dorefa()->set_bits(4);
  policy.set_first_and_last(true);
  const Graph graph = Inception(/*dropout_rate=*/0);
  const auto network = *TrainedNetwork::Create(graph, policy, Sgd(), 3);
  for (const TrainedNetwork::Layer& layer : network->layers()) {
    const std::string& name = layer.node->name();
    EXPECT_EQ(layer.activations == nullptr,
              name == "conv_a" || name == "conv_c")
        << name;
  }
}

// A ReLU behind a convolution or a linear layer writes over what it reads: in
// networks without batch normalization that is half of the activations.
TEST(ProgramTest, ReluOfALayerTakesNoMemory) {
  const auto bytes = [](bool relu, bool training) {
    GraphBuilder net("plain", Image(9));
    const auto after = [&](const std::string& name, const std::string& x) {
      return relu ? net.Relu(name, x) : x;
    };
    const std::string a =
        after("relu_a", net.Convolution("conv_a", "image", 6, 3, 1));
    const std::string b = after("relu_b", net.Linear("fc_b", a, 9));
    net.Linear("fc", b, kClasses);
    const Fixture fixture(net.graph(), DataType::kF32, training);
    return fixture.program->activation_bytes();
  };
  for (const bool training : {true, false})
    EXPECT_EQ(bytes(true, training), bytes(false, training));
}

// What is dropped follows from the step alone, so that a resumed training drops
// what it would have dropped; another step drops something else.
TEST(ProgramTest, DropoutFollowsTheStep) {
  Fixture fixture(Inception(0.5f));
  std::vector<double> losses;
  for (const int64_t step : {0, 1, 2, 1, 0}) {
    fixture.network->SetStep(step);
    losses.push_back(fixture.Loss());
  }
  EXPECT_NE(losses[0], losses[1]);
  EXPECT_NE(losses[1], losses[2]);
  EXPECT_EQ(losses[1], losses[3]);
  EXPECT_EQ(losses[0], losses[4]);
}

TEST(ProgramTest, EvaluationDropsNothing) {
  Fixture with(Inception(0.5f), DataType::kF32, /*training=*/false);
  Fixture without(Inception(0), DataType::kF32, /*training=*/false);
  EXPECT_EQ(with.Loss(), without.Loss());
}

// The same step twice gives the same bits: reports can be compared.
TEST(ProgramTest, StepsAreReproducible) {
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    std::vector<float> first;
    for (int run = 0; run < 2; ++run) {
      const Graph graph = ResNet8(CifarResNetSpec::ORIGINAL);
      Fixture fixture(graph, type);
      fixture.Loss();
      fixture.loss->Backward();
      std::vector<float> gradients;
      for (const Trained& trained : AllTrained(graph, fixture.values)) {
        gradients.insert(gradients.end(), trained.gradient.begin(),
                         trained.gradient.end());
      }
      if (run == 0) first = gradients;
      EXPECT_EQ(std::memcmp(first.data(), gradients.data(),
                            gradients.size() * sizeof(float)),
                0);
    }
  }
}

// What follows a step (a profile, gradients summed over machines as they come)
// is told each pass once, and a node's gradients do not change after its own.
TEST(ProgramTest, OperatorsAreObserved) {
  const Graph graph = ResNet8(CifarResNetSpec::ORIGINAL);
  Fixture fixture(graph);
  std::map<std::pair<int, Pass>, int> runs;
  std::map<int, std::vector<float>> final_gradients;
  std::map<std::string, int> kinds;
  int64_t multiply_adds = 0;
  double last = 0;
  fixture.program->ObserveOperators([&](const OperatorRun& run) {
    const NodeValues& values = fixture.values[run.node];
    ++runs[{run.node, run.pass}];
    if (run.pass == Pass::kForward) {
      ++kinds[std::string(run.kind)];
      multiply_adds += run.multiply_adds;
    }
    if (run.pass == Pass::kBackward) {
      std::vector<float>& gradients = final_gradients[run.node];
      for (const std::span<float> of :
           {values.grad_weights, values.grad_bias, values.grad_scale}) {
        gradients.insert(gradients.end(), of.begin(), of.end());
      }
    }
    EXPECT_GE(run.start_seconds, last) << run.kind;
    EXPECT_GE(run.seconds, 0);
    if (run.pass != Pass::kBackward) {
      EXPECT_GT(run.bytes, 0) << run.kind;
    }
    last = run.start_seconds + run.seconds;
  });
  fixture.Loss();
  fixture.loss->Backward();
  int64_t work = 0;
  const std::vector<LayerWork> layers = *WorkOf(graph);
  for (const LayerWork& layer : layers) work += layer.multiply_adds;
  EXPECT_EQ(multiply_adds, work * kBatch);
  EXPECT_EQ(kinds["convolution"], 7);
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Node& node = graph.nodes(i);
    const NodeValues& values = fixture.values[i];
    const int layer = node.has_convolution() || node.has_linear();
    EXPECT_EQ((runs[{i, Pass::kLoadWeights}]), layer) << node.name();
    EXPECT_EQ((runs[{i, Pass::kBackwardWeights}]), layer) << node.name();
    std::vector<float> gradients;
    for (const std::span<float> of :
         {values.grad_weights, values.grad_bias, values.grad_scale}) {
      gradients.insert(gradients.end(), of.begin(), of.end());
    }
    if (gradients.empty()) continue;
    EXPECT_EQ((runs[{i, Pass::kForward}]), 1) << node.name();
    EXPECT_EQ((runs[{i, Pass::kBackward}]), 1) << node.name();
    EXPECT_EQ(final_gradients[i], gradients) << node.name();
  }
}

// bf16 is the same network with 8 bits of mantissa, not another one.
TEST(ProgramTest, Bf16FollowsF32) {
  for (const Graph& network :
       {ResNet8(CifarResNetSpec::ORIGINAL), Headed(/*heads=*/true)}) {
    Fixture f32(network), bf16(network, DataType::kBF16);
    EXPECT_NEAR(f32.Loss(), bf16.Loss(), 0.02);
    f32.loss->Backward();
    bf16.loss->Backward();
    const Graph& graph = f32.network->whole_graph();
    const std::vector<Trained> exact = AllTrained(graph, f32.values),
                               rounded = AllTrained(graph, bf16.values);
    for (size_t t = 0; t < exact.size(); ++t) {
      double dot = 0, a = 0, b = 0;
      for (size_t i = 0; i < exact[t].gradient.size(); ++i) {
        dot +=
            static_cast<double>(exact[t].gradient[i]) * rounded[t].gradient[i];
        a += static_cast<double>(exact[t].gradient[i]) * exact[t].gradient[i];
        b += static_cast<double>(rounded[t].gradient[i]) *
             rounded[t].gradient[i];
      }
      EXPECT_GT(dot / std::sqrt(a * b), 0.98)
          << exact[t].name << ": the cosine between the two gradients";
    }
  }
}

// Inference shares memory between activations; it must still compute what
// training computes, given the same statistics.
TEST(ProgramTest, InferenceEqualsTrainingWithTheBatchsStatistics) {
  for (const Graph& graph : {ResNet8(CifarResNetSpec::ORIGINAL),
                             ResNet8(CifarResNetSpec::PRE_ACTIVATION),
                             Inception(/*dropout_rate=*/0)}) {
    SCOPED_TRACE(graph.name());
    Fixture training(graph);
    // Many steps on one batch bring the running statistics to the batch's own
    // (variance: the unbiased estimate).
    double loss = 0;
    for (int i = 0; i < 200; ++i) loss = training.Loss();
    const std::vector<NodeValues> values =
        training.network->Values(/*training=*/false);
    auto inference =
        *Program::Compile(graph, values, {.batch = kBatch, .training = false});
    inference->LoadWeights();
    const void* logits = inference->Forward(training.images.data());
    const double inferred =
        SoftmaxCrossEntropy(DataType::kF32, kClasses, logits, training.labels,
                            kBatch, 0, nullptr)
            .loss_sum /
        kBatch;
    EXPECT_NEAR(inferred, loss, 0.05);
    EXPECT_LT(inference->activation_bytes(),
              training.program->activation_bytes() / 2);
  }
}

// Protects: an evaluation in memory that a training lends gives what it gives
// in memory of its own, and leaves the training's next step as it would be.
TEST(ProgramTest, BorrowedMemoryChangesNothing) {
  for (const Graph& graph :
       {ResNet8(CifarResNetSpec::ORIGINAL), Inception(/*dropout_rate=*/0)}) {
    SCOPED_TRACE(graph.name());
    std::vector<float> gradients[2], logits[2];
    for (const bool borrows : {false, true}) {
      Fixture training(graph);
      const auto evaluation = *Program::Compile(
          graph, training.network->Values(/*training=*/false),
          {.batch = kBatch,
           .lender = borrows ? training.program.get() : nullptr});
      // Where the evaluation's layers read, and what it leaves there.
      std::vector<const float*> places;
      std::vector<float> left;
      evaluation->ObserveLayerInputs([&](const Program::LayerInput& input) {
        places.push_back(static_cast<const float*>(input.values));
      });
      const auto at_places = [&] {
        std::vector<float> values;
        for (const float* const place : places) values.push_back(*place);
        return values;
      };
      for (int step = 0; step < 2; ++step) {
        training.Loss();
        training.loss->Backward();
        if (step > 0) break;
        evaluation->LoadWeights();
        const auto* given = static_cast<const float*>(
            evaluation->Forward(training.images.data()));
        logits[borrows].assign(given, given + kBatch * kClasses);
        left = at_places();
      }
      // The training's second step writes there if, and only if, it lends.
      EXPECT_EQ(at_places() != left, borrows);
      for (const Trained& trained : AllTrained(graph, training.values)) {
        gradients[borrows].insert(gradients[borrows].end(),
                                  trained.gradient.begin(),
                                  trained.gradient.end());
      }
    }
    EXPECT_EQ(logits[true], logits[false]);
    EXPECT_EQ(gradients[true], gradients[false]);
  }
}

}  // namespace
}  // namespace tritlab
