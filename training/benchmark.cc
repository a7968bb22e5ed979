// Images/s of a whole training step: batch, forward, loss, backward,
// quantizers, optimizer; the quantizers' part of it alone; and an evaluation,
// with and without counting activations. Names are fixed:
// TrainStep/NETWORK/TYPE[_METHOD]/batch:N, images/s is items_per_second, with
// quantizer_share and data_wait_share of the step's time and activation_bytes
// (activations and their gradients);
// QuantizeStep/NETWORK/METHOD; Evaluate/NETWORK/TYPE[_counted]/images:N.

#include "benchmark/benchmark.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/wall_clock_rate.h"
#include "datasets/open_dataset.h"
#include "google/protobuf/text_format.h"
#include "training/activation_counter.h"
#include "training/evaluation.h"
#include "training/measured_training.h"
#include "training/trained_network.h"
#include "training/trainer.h"

namespace tritlab {
namespace {

// The methods that are measured, by the name that a benchmark carries.
struct Method {
  const char* name;
  const char* rule;  // of the policy, for all layers; nullptr: full precision
};
constexpr Method kFullPrecision = {"", nullptr};
constexpr Method kTtq = {"ttq", "quantizer { ttq { } }"};
constexpr Method kInq = {"inq",
                         "quantizer { inq { bits: 5 portions: [0.5, 1] } }"};
constexpr Method kMethods[] = {
    kTtq,
    {"ttq_sparsity", "quantizer { ttq { sparsity: 0.5 } }"},
    kInq,
    {"global", "quantizer { global { bits: 5 } }"},
    {"twn", "quantizer { twn { } }"},
    {"bwn", "quantizer { bwn { } }"},
    {"dorefa", "quantizer { dorefa { bits: 2 } }"}};
constexpr Method kDorefaEverywhere = {
    "dorefa_1_4_8",
    "quantizer { dorefa { bits: 1 } } activations { dorefa { bits: 4 } } "
    "gradients { dorefa { bits: 8 } }"};

struct Case {
  std::string network;  // measured_training.h
  DataType type;
  Method method;
};

Policy PolicyOf(const Method& method) {
  Policy policy;
  if (method.rule == nullptr) return policy;
  PolicyRule* const rule = policy.add_rules();
  google::protobuf::TextFormat::ParseFromString(method.rule, rule);
  rule->set_layers("*");
  return policy;
}

void TrainStep(benchmark::State& state, const Case& of) {
  const int batch = static_cast<int>(state.range(0));
  auto training = BeginMeasuredTraining(*MeasuredNetwork(of.network), of.type,
                                        batch, PolicyOf(of.method));
  if (!training.ok()) {
    state.SkipWithError("the network cannot be trained");
    return;
  }
  Trainer& trainer = *training->trainer;
  // The first step also takes the memory that all others find.
  if (!trainer.Step().ok()) {
    state.SkipWithError("the loss is not finite");
    return;
  }
  double quantizers = 0, data_wait = 0;
  trainer.ObserveSteps(
      [&](const StepPart& part) {
        if (part.name == "data_wait") data_wait += part.seconds;
        if (absl::StartsWith(part.name, "quantizer"))
          quantizers += part.seconds;
      },
      /*operators=*/nullptr);
  const double seconds_before = trainer.position().training_seconds();
  const WallClockRate rate;
  for (auto _ : state) {
    if (!trainer.Step().ok()) {
      state.SkipWithError("the loss is not finite");
      return;
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * batch);
  const double seconds = trainer.position().training_seconds() - seconds_before;
  state.counters["quantizer_share"] = quantizers / seconds;
  state.counters["data_wait_share"] = data_wait / seconds;
  state.counters["activation_bytes"] =
      static_cast<double>(trainer.activation_bytes());
}

// What the quantizers of weights add to a step: latent weights to computed ones
// and gradients back, for all layers. To be held against TrainStep in full
// precision of the same run.
void QuantizeStep(benchmark::State& state, Method method) {
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  auto network = TrainedNetwork::Create(
      *MeasuredNetwork("resnet20"), PolicyOf(method), optimizer, /*seed=*/1);
  if (!network.ok() || !(*network)->Initialize(nullptr).ok() ||
      !(*network)->BeginStage(0).ok()) {
    state.SkipWithError("the network cannot be quantized");
    return;
  }
  for (auto _ : state) {
    (*network)->Quantize();
    (*network)->Backpropagate();
  }
}

// What the evaluation that ends a phase takes, and what it would without
// counting.
void EvaluateTest(benchmark::State& state, DataType type, bool counted) {
  const auto images = static_cast<int>(state.range(0));
  const Graph graph = *MeasuredNetwork("resnet20");
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_test_images(images);
  const auto test = *OpenDataset(spec, "", Split::kTest);
  const auto loader = *Loader::Create(*test, {.batch_size = 128});
  auto network = TrainedNetwork::Create(graph, PolicyOf(kTtq), OptimizerSpec(),
                                        /*seed=*/1);
  if (!network.ok() || !(*network)->Initialize(nullptr).ok()) {
    state.SkipWithError("the network cannot be quantized");
    return;
  }
  (*network)->Quantize();
  const auto program =
      *Program::Compile(graph, (*network)->Values(/*training=*/false),
                        {.batch = 128, .type = type, .training = false});
  const WallClockRate rate;
  for (auto _ : state) {
    const auto counter = *ActivationCounter::Create(graph);
    if (!Evaluate(*program, *loader, counted ? counter.get() : nullptr).ok()) {
      state.SkipWithError("the network cannot be evaluated");
      return;
    }
    benchmark::DoNotOptimize(counter->Statistics(**network));
  }
  rate.SetItemsProcessed(state, state.iterations() * images);
}

void RegisterTrainStep(const Case& of, const std::vector<int64_t>& batches) {
  const std::string method = of.method.name;
  auto* const registered =
      benchmark::RegisterBenchmark(
          absl::StrCat("TrainStep/", of.network, "/", Name(of.type),
                       method.empty() ? "" : "_", method)
              .c_str(),
          TrainStep, of)
          ->ArgName("batch")
          ->Unit(benchmark::kMillisecond);
  for (const int64_t batch : batches) registered->Arg(batch);
}

void Register() {
  for (const DataType type : {DataType::kBF16, DataType::kF32}) {
    for (const char* network : {"resnet20", "resnet56", "vgg_small"}) {
      for (const Method& method :
           {kFullPrecision, kTtq, kInq, kDorefaEverywhere})
        RegisterTrainStep({network, type, method}, {128});
    }
    // ImageNet's images.
    RegisterTrainStep({"resnet18", type, kFullPrecision}, {32});
    // What a step costs against depth and batch (tools/plot_step_cost).
    for (const int depth : {20, 32, 44, 56, 110}) {
      const bool has_128 = depth == 20 || depth == 56;
      RegisterTrainStep({absl::StrCat("resnet", depth), type, kFullPrecision},
                        has_128
                            ? std::vector<int64_t>{16, 32, 64, 256, 512}
                            : std::vector<int64_t>{16, 32, 64, 128, 256, 512});
    }
  }
  for (const DataType type : {DataType::kBF16, DataType::kF32}) {
    for (const bool counted : {false, true}) {
      benchmark::RegisterBenchmark(
          absl::StrCat("Evaluate/resnet20/", Name(type),
                       counted ? "_counted" : "")
              .c_str(),
          EvaluateTest, type, counted)
          ->ArgName("images")
          ->Arg(10000)
          ->Arg(1000)
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  for (const Method& method : kMethods) {
    benchmark::RegisterBenchmark(
        absl::StrCat("QuantizeStep/resnet20/", method.name).c_str(),
        QuantizeStep, method)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  tritlab::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
