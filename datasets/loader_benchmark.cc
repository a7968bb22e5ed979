// How fast batches are made. items_per_second is images/s; the loader works on
// one thread of its own, so that is the figure of one core.
#include "base/wall_clock_rate.h"
#include "benchmark/benchmark.h"
#include "datasets/loader.h"
#include "datasets/synthetic.h"

namespace tritlab {
namespace {

// 32x32 images, as CIFAR-10's, shifted, flipped and normalized.
void MakeBatches(benchmark::State& state, bool augment) {
  SyntheticSpec spec;
  spec.set_train_images(10000);
  const auto dataset = DrawSyntheticDataset(spec, Split::kTrain);
  if (!dataset.ok()) {
    state.SkipWithError(dataset.status().ToString().c_str());
    return;
  }
  Loader::Options options;
  options.shuffle = true;
  options.drop_last = true;
  if (augment) {
    options.augmentation.set_pad_crop(4);
    options.augmentation.set_flip(true);
    options.augmentation.set_cutout(8);
  }
  const auto loader = Loader::Create(**dataset, options);
  int64_t epoch = 0;
  (*loader)->Start(epoch);
  const WallClockRate rate;
  for (auto _ : state) {
    auto batch = (*loader)->Next();
    if (*batch == nullptr) {
      (*loader)->Start(++epoch);
      batch = (*loader)->Next();
    }
    benchmark::DoNotOptimize((*batch)->images.data());
  }
  rate.SetItemsProcessed(state, state.iterations() * options.batch_size);
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RegisterBenchmark("Loader/augmented/batch:128",
                               tritlab::MakeBatches, true);
  benchmark::RegisterBenchmark("Loader/plain/batch:128", tritlab::MakeBatches,
                               false);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
