// Images/s of inference. Names are fixed: Infer/NETWORK/KIND/batch:N, where
// KIND is f32 or bf16 (the float program that training evaluates with) or
// integer_ttq; images/s is items_per_second.

#include "benchmark/benchmark.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/wall_clock_rate.h"
#include "inference/integer_program.h"
#include "inference/pack_network.h"
#include "models/build.h"
#include "models/parameters.h"
#include "quant/ttq.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

Graph ResNet(int depth) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(depth);
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  return *BuildGraph(model, image, 10);
}

std::vector<float> Images(int64_t count) {
  std::vector<float> images(count);
  for (int64_t i = 0; i < count; ++i)
    images[i] = static_cast<float>(i * 37 % 401 - 200) / 100;
  return images;
}

void InferFloat(benchmark::State& state, int depth, DataType type) {
  const int64_t batch = state.range(0);
  const Graph graph = ResNet(depth);
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  auto network = *TrainedNetwork::Create(graph, Policy(), optimizer, 1);
  if (!network->Initialize(nullptr).ok()) return;
  const auto program =
      Program::Compile(graph, network->Values(/*training=*/false),
                       {.batch = batch, .type = type, .training = false});
  if (!program.ok()) {
    state.SkipWithError("the network cannot be compiled");
    return;
  }
  (*program)->LoadWeights();
  const std::vector<float> images = Images(batch * 32 * 32 * 3);
  const WallClockRate rate;
  for (auto _ : state) (*program)->Forward(images.data());
  rate.SetItemsProcessed(state, state.iterations() * batch);
}

// Drawn weights, ternary but in the first and the last layer.
PackedModel TernaryModel(const Graph& graph) {
  NetworkToPack network;
  network.graph = graph;
  const Parameters parameters = *InitialParameters(graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors) {
    network.values[tensor.name] = tensor.values;
    const bool at_an_end =
        tensor.name == "conv1/weights" || tensor.name == "fc/weights";
    if (tensor.role == ParameterTensor::Role::kWeights && !at_an_end) {
      network.codes[tensor.name] =
          *(*TtqQuantizer::Create({}))->Encode(tensor.values);
    }
  }
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  for (int c = 0; c < 3; ++c) {
    model.description.add_mean(0.5f);
    model.description.add_deviation(0.25f);
  }
  for (const Node& node : graph.nodes()) {
    ActivationRange* const range = model.description.add_activations();
    range->set_node(node.name());
    range->set_clip(6);
  }
  return model;
}

void InferInteger(benchmark::State& state, int depth) {
  const int64_t batch = state.range(0);
  const auto program =
      IntegerProgram::Create(TernaryModel(ResNet(depth)), {.batch = batch});
  if (!program.ok()) {
    state.SkipWithError("the network has no integer form");
    return;
  }
  const std::vector<float> images = Images((*program)->image().size());
  std::vector<float> logits(batch * (*program)->classes());
  const WallClockRate rate;
  for (auto _ : state) (*program)->Run(images.data(), logits.data());
  rate.SetItemsProcessed(state, state.iterations() * batch);
}

template <typename Function>
void Register(const std::string& name, Function run) {
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->ArgName("batch")
      ->Arg(128)
      ->Arg(1)
      ->Unit(benchmark::kMillisecond);
}

void RegisterAll() {
  for (const int depth : {20, 56}) {
    for (const DataType type : {DataType::kF32, DataType::kBF16}) {
      Register(
          absl::StrCat("Infer/resnet", depth, "/", Name(type)),
          [=](benchmark::State& state) { InferFloat(state, depth, type); });
    }
    Register(absl::StrCat("Infer/resnet", depth, "/integer_ttq"),
             [=](benchmark::State& state) { InferInteger(state, depth); });
  }
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  tritlab::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
