#include "experiments/filters/smaller_network.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/graph_builder.h"
#include "training/program.h"

namespace tritlab {
namespace {

constexpr char kSettings[] = R"(
  name: "phase" epochs: 1 batch_size: 2 optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.1 } )";

PhaseSpec Phase(const std::string& rule) {
  PhaseSpec phase;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      std::string(kSettings) + "policy { rules { layers: '*' " + rule + " } }",
      &phase));
  return phase;
}

// A VGG of a few channels, with filters that no weight reads: those that lead
// to the second half of the channels of its third and fifth layer.
struct Trained {
  PhaseSpec phase;
  std::unique_ptr<TrainedNetwork> network = {};
};

Trained Train(const std::string& rule, bool training_head = false) {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(4);
  InputOperator image;
  image.set_height(8);
  image.set_width(8);
  image.set_channels(3);
  Trained trained = {.phase = Phase(rule)};
  GraphBuilder net(*BuildGraph(model, image, 5));
  if (training_head) {
    net.BeginTrainingHead(0.3f);
    net.Linear("aux/fc", "conv3", 5);
  }
  const Graph& graph = net.graph();
  const auto create = [&] {
    return *TrainedNetwork::Create(graph, trained.phase.policy(),
                                   trained.phase.optimizer(), 1);
  };
  trained.network = create();
  Checkpoint start;
  for (const ParameterTensor& tensor : trained.network->parameters().tensors)
    start.tensors[tensor.name] = tensor.values;
  for (const size_t l : {2, 4}) {
    const TrainedNetwork::Layer& layer = trained.network->layers()[l];
    const ParameterTensor& tensor =
        trained.network->parameters().tensors[layer.weights];
    const int64_t inputs = tensor.fan_in / 9;
    std::vector<float>& weights = start.tensors[tensor.name];
    for (size_t i = 0; i < weights.size(); ++i) {
      if (static_cast<int64_t>(i) % inputs >= inputs / 2) weights[i] = 0;
    }
  }
  EXPECT_TRUE(trained.network->Initialize(&start).ok());
  for (int stage = 0; stage < trained.network->stages(); ++stage)
    EXPECT_TRUE(trained.network->BeginStage(stage).ok());
  for (const TrainedNetwork::Layer& layer : trained.network->layers()) {
    float value = 0.9f;
    for (QuantizerParameter* learned : layer.learned()) {
      learned->value = value;
      value += 0.2f;
    }
  }
  trained.network->Quantize();
  return trained;
}

std::vector<float> Logits(TrainedNetwork& network) {
  const auto program = *Program::Compile(
      network.graph(), network.Values(/*training=*/false), {.batch = 2});
  program->LoadWeights();
  std::vector<float> images(2 * 8 * 8 * 3);
  for (size_t i = 0; i < images.size(); ++i)
    images[i] = std::sin(0.3f * static_cast<float>(i));
  const auto* logits =
      static_cast<const float*>(program->Forward(images.data()));
  return {logits, logits + 2 * program->classes()};
}

// Protects: under every method, what the larger network computes is what the
// smaller one does with the values that were carried over, and these have the
// codes that a packed model holds.
TEST(SmallerNetwork, ComputesTheSameUnderEveryMethod) {
  for (const char* const rule :
       {"quantizer { ttq { } }", "quantizer { ttq { sparsity: 0.6 } }",
        "quantizer { twn { } }",
        "quantizer { inq { bits: 3 portions: [0.5, 1] } }",
        "quantizer { global { bits: 3 } }",
        "quantizer { prune { sparsity: 0.8 } }",
        "quantizer { ttq { } } activations { pact { bits: 4 } }"}) {
    Trained trained = Train(rule);
    const auto smaller =
        RemoveFilters(*trained.network, trained.phase, /*seed=*/1);
    ASSERT_TRUE(smaller.ok()) << rule << smaller.status();
    EXPECT_GE(smaller->removed.size(), 2u + 4u) << rule;
    const std::vector<float> before = Logits(*trained.network);
    const std::vector<float> after = Logits(*smaller->carried);
    ASSERT_EQ(before.size(), after.size());
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(after[i], before[i], 1e-4f * (1 + std::abs(before[i])))
          << rule;
    }
    for (const TrainedNetwork::Layer& layer : smaller->carried->layers()) {
      if (layer.quantizer == nullptr) continue;
      const auto codes = layer.quantizer->Encode({});
      if (!codes.has_value()) continue;
      const auto computed = smaller->carried->computed(layer);
      ASSERT_EQ(codes->codes.size(), computed.size()) << rule;
      for (size_t i = 0; i < computed.size(); ++i)
        ASSERT_EQ(codes->value(i), computed[i]) << rule;
    }
  }
}

// Protects: a head of the training does not stand in the way, and is gone from
// the smaller network.
TEST(SmallerNetwork, TrainingHeadsAreLeftOut) {
  const char* const rule = "quantizer { ttq { sparsity: 0.6 } }";
  Trained with = Train(rule, /*training_head=*/true);
  Trained without = Train(rule);
  const auto of_with = RemoveFilters(*with.network, with.phase, 1);
  ASSERT_TRUE(of_with.ok()) << of_with.status();
  const auto of_without = *RemoveFilters(*without.network, without.phase, 1);
  EXPECT_EQ(of_with->graph.DebugString(), of_without.graph.DebugString());
  EXPECT_EQ(Logits(*of_with->carried), Logits(*of_without.carried));
  Checkpoint one, other;
  of_with->requantized->WriteTo(one);
  of_without.requantized->WriteTo(other);
  EXPECT_EQ(one.tensors, other.tensors);
}

// Protects: methods without zeros, which leave nothing to remove.
TEST(SmallerNetwork, NothingRedundantNothingRemoved) {
  for (const char* const rule :
       {"quantizer { bwn { } }", "quantizer { dorefa { bits: 3 } }"}) {
    Trained trained = Train(rule);
    const auto smaller = RemoveFilters(*trained.network, trained.phase, 1);
    ASSERT_TRUE(smaller.ok()) << rule << smaller.status();
    EXPECT_TRUE(smaller->removed.empty()) << rule;
    EXPECT_EQ(Logits(*smaller->carried), Logits(*trained.network)) << rule;
    EXPECT_EQ(smaller->requantized_weights(), 0) << rule;
  }
}

// Protects: what training goes on from. TTQ keeps its scales; INQ and pruning
// keep their masks, without the removed filters, and so all of their values;
// TTQ with a share of zeros chooses anew, which is counted.
TEST(SmallerNetwork, QuantizersGoOnWithWhatTheyKnow) {
  for (const char* const rule :
       {"quantizer { inq { bits: 3 portions: [0.5, 1] } }",
        "quantizer { prune { sparsity: 0.8 } }"}) {
    Trained trained = Train(rule);
    const auto smaller = *RemoveFilters(*trained.network, trained.phase, 1);
    EXPECT_EQ(smaller.requantized_weights(), 0) << rule;
    for (const TrainedNetwork::Layer& layer : smaller.requantized->layers()) {
      if (layer.quantizer == nullptr) continue;
      EXPECT_EQ(layer.quantizer->frozen().size(),
                smaller.requantized->latent(layer).size());
    }
  }
  Trained ttq = Train("quantizer { ttq { sparsity: 0.6 } }");
  const auto smaller = *RemoveFilters(*ttq.network, ttq.phase, 1);
  EXPECT_GT(smaller.requantized_weights(), 0);
  for (const TrainedNetwork::Layer& layer : smaller.requantized->layers()) {
    if (layer.quantizer == nullptr) continue;
    ASSERT_EQ(layer.learned().size(), 2u);
    EXPECT_FLOAT_EQ(layer.learned()[0]->value, 0.9f);
    EXPECT_FLOAT_EQ(layer.learned()[1]->value, 1.1f);
  }
}

}  // namespace
}  // namespace tritlab
