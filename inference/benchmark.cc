// Images/s of inference. Names are fixed: Infer/NETWORK/KIND/batch:N, where
// KIND is f32 or bf16 (the float program that training evaluates with),
// integer_ttq (integer_ttq_exact with two products a layer,
// integer_ttq_f32_ends with the first and the last layer in f32) or integer_inq
// (5 bits, a second product where a channel has both ends of the levels);
// images/s is items_per_second. Where the machine counts its processors'
// energy, joules_per_item is what one image took.

#include "benchmark/benchmark.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/energy_meter.h"
#include "inference/integer_program.h"
#include "inference/pack_network.h"
#include "inference/packed_model.h"
#include "kernels/roofline.h"
#include "models/cost.h"
#include "models/parameters.h"
#include "quant/power_of_two.h"
#include "quant/quantizer.h"
#include "quant/statistics.h"
#include "quant/ttq.h"
#include "training/measured_training.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {
namespace {

// The images/s of each row of this run, by NETWORK/KIND/batch:N.
std::map<std::string, double>& RateOf() {
  static auto& rates = *new std::map<std::string, double>;
  return rates;
}

// Times run(), which reads weight_bytes of weights. Counters: how many times
// faster than f32 of the same run, and the shares of the roofs that
// kernels/roofline.h measures: `peak`, multiply-adds, and memory, as if each
// run read the weights from there and nothing else.
void Time(benchmark::State& state, const std::string& network,
          const std::string& kind, double peak, int64_t weight_bytes,
          const std::function<void()>& run) {
  const int64_t batch = state.range(0);
  auto meter = EnergyMeter::Start();
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) run();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  if (meter.ok()) {
    if (const auto joules = meter->Joules(); joules.ok()) {
      state.counters["joules_per_item"] =
          *joules / static_cast<double>(state.iterations() * batch);
    }
  }
  const double rate =
      static_cast<double>(state.iterations() * batch) / took.count();
  const auto key = [&](const std::string& of_kind) {
    return absl::StrCat(network, "/", of_kind, "/", batch);
  };
  RateOf()[key(kind)] = rate;
  state.counters["items_per_second"] = rate;
  const auto f32 = RateOf().find(key("f32"));
  if (kind != "f32" && f32 != RateOf().end())
    state.counters["times_f32"] = rate / f32->second;
  const int64_t multiply_adds =
      CountCost(*MeasuredNetwork(network))->multiply_adds;
  state.counters["share_of_peak"] =
      rate * static_cast<double>(multiply_adds) / peak;
  state.counters["share_of_memory"] = rate / static_cast<double>(batch) *
                                      static_cast<double>(weight_bytes) /
                                      MeasuredRoofline().bytes;
  state.counters["weight_MB"] = 1e-6 * static_cast<double>(weight_bytes);
}

int64_t WeightsOf(const Graph& graph) {
  const std::vector<LayerWork> layers = *WorkOf(graph);
  int64_t weights = 0;
  for (const LayerWork& layer : layers) weights += layer.weights;
  return weights;
}

std::vector<float> Images(int64_t count) {
  std::vector<float> images(count);
  for (int64_t i = 0; i < count; ++i)
    images[i] = static_cast<float>(i * 37 % 401 - 200) / 100;
  return images;
}

void InferFloat(benchmark::State& state, const std::string& network,
                DataType type) {
  const int64_t batch = state.range(0);
  const Graph graph = *MeasuredNetwork(network);
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  auto trained = *TrainedNetwork::Create(graph, Policy(), optimizer, 1);
  if (!trained->Initialize(nullptr).ok()) return;
  const auto program =
      Program::Compile(graph, trained->Values(/*training=*/false),
                       {.batch = batch, .type = type, .training = false});
  if (!program.ok()) {
    state.SkipWithError("the network cannot be compiled");
    return;
  }
  (*program)->LoadWeights();
  const InputOperator& image = graph.nodes(0).input();
  const std::vector<float> images =
      Images(batch * image.height() * image.width() * image.channels());
  Time(state, network, Name(type), MeasuredRoofline().f32_multiply_adds,
       WeightsOf(graph) * SizeOf(type),
       [&] { (*program)->Forward(images.data()); });
}

CodedWeights TernaryCodes(std::span<const float> weights) {
  CodedWeights codes = *(*TtqQuantizer::Create({}))->Encode(weights);
  // W_n other than W_p, as training makes it.
  for (float& value : codes.codebook) value *= value < 0 ? 0.83f : 1;
  return codes;
}

CodedWeights PowerOfTwoCodes(std::span<const float> weights) {
  return PowerOfTwoLevels(LargestMagnitude(weights), /*bits=*/5)
      .Encode(weights);
}

using Encode = CodedWeights (*)(std::span<const float> weights);

// Drawn weights, coded but in the first and the last layer.
PackedModel CodedModel(const Graph& graph, Encode encode) {
  NetworkToPack network;
  network.graph = graph;
  const Parameters parameters = *InitialParameters(graph, 1);
  const std::vector<int> weighted = WeightedNodes(graph);
  const std::string first = graph.nodes(weighted.front()).name() + "/weights";
  const std::string last = graph.nodes(weighted.back()).name() + "/weights";
  for (const ParameterTensor& tensor : parameters.tensors) {
    network.values[tensor.name] = tensor.values;
    const bool at_an_end = tensor.name == first || tensor.name == last;
    if (tensor.role == ParameterTensor::Role::kWeights && !at_an_end)
      network.codes[tensor.name] = encode(tensor.values);
  }
  PackedModel model = *PackNetwork(network, TernaryPacking::kTrits);
  for (int c = 0; c < 3; ++c) {
    model.description.add_mean(0.5f);
    model.description.add_deviation(0.25f);
  }
  for (int i = 0; i < graph.nodes_size(); ++i) model.description.add_clips(6);
  return model;
}

struct IntegerKind {
  const char* name;
  Encode encode = TernaryCodes;
  bool exact = false;
  PackedModelDescription::Arithmetic first_and_last =
      PackedModelDescription::INT8;
};
constexpr IntegerKind kIntegerKinds[] = {
    {.name = "integer_ttq"},
    {.name = "integer_ttq_exact", .exact = true},
    {.name = "integer_ttq_f32_ends",
     .first_and_last = PackedModelDescription::F32},
    {.name = "integer_inq", .encode = PowerOfTwoCodes}};

void InferInteger(benchmark::State& state, const std::string& network,
                  const IntegerKind& kind) {
  const int64_t batch = state.range(0);
  PackedModel model = CodedModel(*MeasuredNetwork(network), kind.encode);
  model.description.set_first_and_last(kind.first_and_last);
  const auto program =
      IntegerProgram::Create(model, {.batch = batch, .exact = kind.exact});
  if (!program.ok()) {
    state.SkipWithError("the network has no integer form");
    return;
  }
  std::vector<uint8_t> pixels((*program)->image().size());
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i * 37 % 251);
  std::vector<float> logits(batch * (*program)->classes());
  Time(state, network, kind.name, MeasuredRoofline().s8_multiply_adds,
       (*program)->weight_bytes(),
       [&] { (*program)->Run(pixels.data(), logits.data()); });
}

template <typename Function>
void Register(const std::string& network, const std::string& kind,
              const std::vector<int64_t>& batches, Function run) {
  auto* const registered = benchmark::RegisterBenchmark(
      absl::StrCat("Infer/", network, "/", kind).c_str(), run);
  registered->ArgName("batch")->Unit(benchmark::kMillisecond);
  for (const int64_t batch : batches) registered->Arg(batch);
}

void RegisterAll() {
  const std::pair<std::string, std::vector<int64_t>> networks[] = {
      {"resnet20", {128, 1}},
      {"resnet56", {128, 1}},
      {"vgg_small", {128, 1}},
      {"resnet18", {32, 1}},
      {"vgg16", {1}}};
  for (const auto& [network, batches] : networks) {
    for (const DataType type : {DataType::kF32, DataType::kBF16}) {
      Register(network, Name(type), batches,
               [network = network, type](benchmark::State& state) {
                 InferFloat(state, network, type);
               });
    }
    for (const IntegerKind& kind : kIntegerKinds) {
      Register(network, kind.name, batches,
               [network = network, kind](benchmark::State& state) {
                 InferInteger(state, network, kind);
               });
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
