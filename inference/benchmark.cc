// Images/s of inference. Names are fixed: Infer/NETWORK/KIND/batch:N, where
// KIND is f32 or bf16 (the float program that training evaluates with) or
// integer_ttq (or integer_ttq_exact, with two products a layer); images/s is
// items_per_second.

#include "benchmark/benchmark.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "inference/integer_program.h"
#include "inference/pack_network.h"
#include "kernels/roofline.h"
#include "models/build.h"
#include "models/cost.h"
#include "models/parameters.h"
#include "quant/ttq.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

// The images/s of each row of this run, by NETWORK/KIND/batch:N.
std::map<std::string, double>& RateOf() {
  static auto& rates = *new std::map<std::string, double>;
  return rates;
}

// Times run(). Counters: how many times faster than f32 of the same run, and
// the share of the multiply-adds that kernels/roofline.h measures.
void Time(benchmark::State& state, int depth, const std::string& kind,
          const Graph& graph, double peak, const std::function<void()>& run) {
  const int64_t batch = state.range(0);
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) run();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  const double rate =
      static_cast<double>(state.iterations() * batch) / took.count();
  const auto key = [&](const std::string& of_kind) {
    return absl::StrCat(depth, "/", of_kind, "/", batch);
  };
  RateOf()[key(kind)] = rate;
  state.counters["items_per_second"] = rate;
  const auto f32 = RateOf().find(key("f32"));
  if (kind != "f32" && f32 != RateOf().end())
    state.counters["times_f32"] = rate / f32->second;
  state.counters["share_of_peak"] =
      rate * static_cast<double>(CountCost(graph)->multiply_adds) / peak;
}

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
  Time(state, depth, Name(type), graph, MeasuredRoofline().f32_multiply_adds,
       [&] { (*program)->Forward(images.data()); });
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
      CodedWeights codes = *(*TtqQuantizer::Create({}))->Encode(tensor.values);
      // W_n other than W_p, as training makes it.
      for (float& value : codes.codebook) value *= value < 0 ? 0.83f : 1;
      network.codes[tensor.name] = std::move(codes);
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

void InferInteger(benchmark::State& state, int depth, bool exact) {
  const int64_t batch = state.range(0);
  const Graph graph = ResNet(depth);
  const auto program = IntegerProgram::Create(TernaryModel(graph),
                                              {.batch = batch, .exact = exact});
  if (!program.ok()) {
    state.SkipWithError("the network has no integer form");
    return;
  }
  std::vector<uint8_t> pixels((*program)->image().size());
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i * 37 % 251);
  std::vector<float> logits(batch * (*program)->classes());
  Time(state, depth, exact ? "integer_ttq_exact" : "integer_ttq", graph,
       MeasuredRoofline().s8_multiply_adds,
       [&] { (*program)->Run(pixels.data(), logits.data()); });
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
    for (const bool exact : {false, true}) {
      Register(
          absl::StrCat("Infer/resnet", depth, "/integer_ttq",
                       exact ? "_exact" : ""),
          [=](benchmark::State& state) { InferInteger(state, depth, exact); });
    }
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
