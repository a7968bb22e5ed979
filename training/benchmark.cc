// Images/s of a whole training step: batch, forward, loss, backward,
// quantizers, optimizer; the quantizers' part of it alone; and an evaluation,
// with and without counting activations. Names are fixed:
// TrainStep/NETWORK/TYPE[_METHOD]/batch:N, images/s is items_per_second;
// QuantizeStep/NETWORK/METHOD; Evaluate/NETWORK/TYPE[_counted]/images:N.

#include "benchmark/benchmark.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/wall_clock_rate.h"
#include "datasets/open_dataset.h"
#include "google/protobuf/text_format.h"
#include "models/build.h"
#include "training/activation_counter.h"
#include "training/evaluation.h"
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
constexpr Method kMethods[] = {
    kTtq,
    {"ttq_sparsity", "quantizer { ttq { sparsity: 0.5 } }"},
    {"inq", "quantizer { inq { bits: 5 portions: [0.5, 1] } }"},
    {"global", "quantizer { global { bits: 5 } }"},
    {"twn", "quantizer { twn { } }"},
    {"bwn", "quantizer { bwn { } }"},
    {"dorefa", "quantizer { dorefa { bits: 2 } }"}};
constexpr Method kDorefaEverywhere = {
    "dorefa_1_4_8",
    "quantizer { dorefa { bits: 1 } } activations { dorefa { bits: 4 } } "
    "gradients { dorefa { bits: 8 } }"};

struct Case {
  int depth;
  DataType type;
  Method method;
};

std::unique_ptr<Dataset> Images(Split split, int test_images = 10) {
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_train_images(2560);
  spec.mutable_synthetic()->set_test_images(test_images);
  return *OpenDataset(spec, "", split);
}

Policy PolicyOf(const Method& method) {
  Policy policy;
  if (method.rule == nullptr) return policy;
  PolicyRule* const rule = policy.add_rules();
  google::protobuf::TextFormat::ParseFromString(method.rule, rule);
  rule->set_layers("*");
  return policy;
}

PhaseSpec Phase(int batch, const Method& method) {
  PhaseSpec phase;
  phase.set_name("benchmark");
  phase.set_epochs(1000000);
  phase.set_batch_size(batch);
  phase.mutable_optimizer()->mutable_sgd()->set_momentum(0.9f);
  phase.mutable_optimizer()->mutable_sgd()->set_nesterov(true);
  phase.mutable_optimizer()->set_weight_decay(5e-4f);
  phase.mutable_schedule()->set_learning_rate(0.01f);
  phase.mutable_augmentation()->set_pad_crop(4);
  phase.mutable_augmentation()->set_flip(true);
  *phase.mutable_policy() = PolicyOf(method);
  return phase;
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

void TrainStep(benchmark::State& state, Case of) {
  const int batch = static_cast<int>(state.range(0));
  const auto train = Images(Split::kTrain), test = Images(Split::kTest);
  auto trainer = Trainer::Create(ResNet(of.depth), Phase(batch, of.method),
                                 *train, *test, {.type = of.type});
  if (!trainer.ok() || !(*trainer)->Begin(nullptr).ok()) {
    state.SkipWithError("the network cannot be trained");
    return;
  }
  const WallClockRate rate;
  for (auto _ : state) {
    if (!(*trainer)->Step().ok()) {
      state.SkipWithError("the loss is not finite");
      return;
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * batch);
}

// What the quantizers of weights add to a step: latent weights to computed ones
// and gradients back, for all layers. To be held against TrainStep in full
// precision of the same run.
void QuantizeStep(benchmark::State& state, Method method) {
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  auto network = TrainedNetwork::Create(ResNet(20), PolicyOf(method), optimizer,
                                        /*seed=*/1);
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
  const Graph graph = ResNet(20);
  const auto test = Images(Split::kTest, images);
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

void RegisterTrainStep(const Case& of) {
  const std::string method = of.method.name;
  benchmark::RegisterBenchmark(
      absl::StrCat("TrainStep/resnet", of.depth, "/", Name(of.type),
                   method.empty() ? "" : "_", method)
          .c_str(),
      TrainStep, of)
      ->ArgName("batch")
      ->Arg(128)
      ->Unit(benchmark::kMillisecond);
}

void Register() {
  for (const int depth : {20, 56}) {
    for (const DataType type : {DataType::kBF16, DataType::kF32}) {
      for (const Method& method : {kFullPrecision, kTtq, kDorefaEverywhere})
        RegisterTrainStep({depth, type, method});
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
