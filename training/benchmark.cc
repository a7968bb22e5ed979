// Images/s of a whole training step: batch, forward, loss, backward,
// quantizers, optimizer. Names are fixed:
// TrainStep/NETWORK/TYPE[_QUANTIZER]/batch:N; images/s is items_per_second.

#include "benchmark/benchmark.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/wall_clock_rate.h"
#include "datasets/open_dataset.h"
#include "models/build.h"
#include "training/trainer.h"

namespace tritlab {
namespace {

struct Case {
  int depth;
  DataType type;
  bool ttq;
};

std::unique_ptr<Dataset> Images(Split split) {
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_train_images(2560);
  spec.mutable_synthetic()->set_test_images(10);
  return *OpenDataset(spec, "", split);
}

PhaseSpec Phase(int batch, bool ttq) {
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
  if (ttq) {
    PolicyRule* rule = phase.mutable_policy()->add_rules();
    rule->set_layers("*");
    rule->mutable_quantizer()->mutable_ttq();
  }
  return phase;
}

void TrainStep(benchmark::State& state, Case of) {
  const int batch = static_cast<int>(state.range(0));
  const auto train = Images(Split::kTrain), test = Images(Split::kTest);
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(of.depth);
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  const auto graph = BuildGraph(model, image, 10);
  auto trainer = Trainer::Create(*graph, Phase(batch, of.ttq), *train, *test,
                                 {.type = of.type});
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

void Register() {
  for (const int depth : {20, 56}) {
    for (const DataType type : {DataType::kBF16, DataType::kF32}) {
      for (const bool ttq : {false, true}) {
        benchmark::RegisterBenchmark(
            absl::StrCat("TrainStep/resnet", depth, "/", Name(type),
                         ttq ? "_ttq" : "")
                .c_str(),
            TrainStep, Case{depth, type, ttq})
            ->ArgName("batch")
            ->Arg(128)
            ->Unit(benchmark::kMillisecond);
      }
    }
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
