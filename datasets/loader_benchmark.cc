// How fast batches are made. items_per_second is images/s. Images that are in
// memory are worked on by one thread, so that is the figure of one core;
// photographs are decoded by as many as bare libjpeg-turbo is given here, and
// `share_of_bare` is the loader's rate over that of decoding alone, measured
// right before and right after it; share_of_bare_cpu is the same by processor
// time, which other programs disturb less.
//
//   loader_benchmark [--benchmark_...] [--photographs=PATH] [--threads=N]
//
// PATH is an image folder or archive with images in val/ or test/; without it
// the photographs are drawn.
#include <omp.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/monotonic_clock.h"
#include "base/random.h"
#include "base/wall_clock_rate.h"
#include "benchmark/benchmark.h"
#include "datasets/image_folder.h"
#include "datasets/jpeg.h"
#include "datasets/jpeg_writer.h"
#include "datasets/loader.h"
#include "datasets/photographs.h"
#include "datasets/synthetic.h"

namespace tritlab {
namespace {

std::string photographs_path;
int threads = 0;  // 0: OpenMP's

// Makes epoch after epoch; how many images that were.
int64_t RunLoader(benchmark::State& state, const Dataset& dataset,
                  const Loader::Options& options) {
  const auto loader = Loader::Create(dataset, options);
  if (!loader.ok()) {
    state.SkipWithError(loader.status().ToString().c_str());
    return 0;
  }
  int64_t epoch = 0, images = 0;
  (*loader)->Start(epoch);
  const WallClockRate rate;
  for (auto _ : state) {
    auto batch = (*loader)->Next();
    if (batch.ok() && *batch == nullptr) {
      (*loader)->Start(++epoch);
      batch = (*loader)->Next();
    }
    if (!batch.ok()) {
      state.SkipWithError(batch.status().ToString().c_str());
      return images;
    }
    benchmark::DoNotOptimize((*batch)->images.data());
    images += (*batch)->count;
  }
  rate.SetItemsProcessed(state, images);
  return images;
}

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
  RunLoader(state, **dataset, options);
}

// Files in memory, so that no disk is measured.
class FilesInMemory : public EncodedImages {
 public:
  explicit FilesInMemory(std::vector<std::string> files)
      : EncodedImages("photographs", {"any"}), files_(std::move(files)) {}
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  std::string Name(int64_t index) const override {
    return std::to_string(index);
  }
  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override {
    *bytes = files_[index];
    *label = 0;
    return absl::OkStatus();
  }
  absl::StatusOr<uint32_t> Checksum() const override { return 0; }

 private:
  const std::vector<std::string> files_;
};

// 500 x 375 pixels, of about the detail that photographs have.
std::string DrawPhotograph(int index) {
  constexpr int kHeight = 375, kWidth = 500;
  const RandomStream random(1, index);
  std::vector<uint8_t> pixels;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const int64_t patch = (y / 25) * 20 + x / 25;
      for (int c = 0; c < 3; ++c) {
        const int64_t noise = random.Below(1000000 + y * kWidth + x, 24);
        pixels.push_back(static_cast<uint8_t>(random.Below(patch * 3 + c, 160) +
                                              noise + (x + y) / 16));
      }
    }
  }
  return EncodeJpeg(pixels, kHeight, kWidth, 3, 85);
}

const FilesInMemory& Files() {
  static const FilesInMemory* const files = [] {
    std::vector<std::string> contents;
    if (photographs_path.empty()) {
      for (int i = 0; i < 64; ++i) contents.push_back(DrawPhotograph(i));
    } else {
      const auto images = OpenImageFolder(photographs_path, Split::kTest);
      for (int64_t i = 0; images.ok() && i < (*images)->size(); ++i) {
        int32_t label;
        if (!(*images)->Read(i, &contents.emplace_back(), &label).ok())
          contents.pop_back();
      }
    }
    return new FilesInMemory(std::move(contents));
  }();
  return *files;
}

int ThreadCount() { return threads > 0 ? threads : omp_get_max_threads(); }

// libjpeg-turbo alone, all images whole: one pass over the files.
void DecodeAll(const FilesInMemory& files) {
#pragma omp parallel for schedule(dynamic) num_threads(ThreadCount())
  for (int64_t i = 0; i < files.size(); ++i) {
    std::string bytes;
    int32_t label;
    files.Read(i, &bytes, &label).IgnoreError();
    const auto image = DecodeJpegPart(
        bytes, "image", [](const ImageSize& full) { return WholeJpeg(full); });
    benchmark::DoNotOptimize(image.ok());
  }
}

// Seconds of the clock, and of this program's processor time.
struct Seconds {
  static Seconds Now() {
    return {MonotonicSeconds(),
            static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
  }
  double wall, cpu;
};

// Of one image.
Seconds BareDecoding() {
  DecodeAll(Files());
  const Seconds start = Seconds::Now();
  Seconds now = start;
  int64_t images = 0;
  while (now.wall - start.wall < 2) {
    DecodeAll(Files());
    images += Files().size();
    now = Seconds::Now();
  }
  return {(now.wall - start.wall) / static_cast<double>(images),
          (now.cpu - start.cpu) / static_cast<double>(images)};
}

void DecodeAlone(benchmark::State& state) {
  const WallClockRate rate;
  for (auto _ : state) DecodeAll(Files());
  rate.SetItemsProcessed(state, state.iterations() * Files().size());
}

// Batches of 224x224, to be trained or evaluated on.
void MakePhotographBatches(benchmark::State& state, bool training) {
  if (Files().size() == 0) {
    state.SkipWithError("--photographs: no images in its val/ or test/");
    return;
  }
  Photographs::Options of_images{
      .name = "photographs",
      .resize = {},
      .normalization = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}}};
  of_images.resize.set_crop(224);
  std::vector<std::string> copy;
  for (int64_t i = 0; i < Files().size(); ++i) {
    int32_t label;
    Files().Read(i, &copy.emplace_back(), &label).IgnoreError();
  }
  const auto dataset = Photographs::Create(
      std::make_unique<FilesInMemory>(std::move(copy)), of_images);
  if (!dataset.ok()) {
    state.SkipWithError(dataset.status().ToString().c_str());
    return;
  }
  Loader::Options options;
  options.batch_size = std::min<int64_t>(32, Files().size());
  options.threads = ThreadCount();
  if (training) {
    options.shuffle = options.drop_last = true;
    options.augmentation.set_flip(true);
    options.augmentation.mutable_random_resized_crop();
  }
  const Seconds before = BareDecoding();
  const Seconds start = Seconds::Now();
  const int64_t images = RunLoader(state, **dataset, options);
  const Seconds end = Seconds::Now();
  const Seconds after = BareDecoding();
  const auto share = [&](double Seconds::*time) {
    return (before.*time + after.*time) / 2 * static_cast<double>(images) /
           (end.*time - start.*time);
  };
  state.counters["share_of_bare"] = share(&Seconds::wall);
  state.counters["share_of_bare_cpu"] = share(&Seconds::cpu);
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<char*> unknown = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--photographs=")) {
      tritlab::photographs_path =
          tritlab::FromWorkingDirectory(std::string(argument));
    } else if (!absl::ConsumePrefix(&argument, "--threads=") ||
               !absl::SimpleAtoi(argument, &tritlab::threads)) {
      unknown.push_back(argv[i]);
    }
  }
  if (benchmark::ReportUnrecognizedArguments(static_cast<int>(unknown.size()),
                                             unknown.data()))
    return 2;
  benchmark::RegisterBenchmark("Loader/augmented/batch:128",
                               tritlab::MakeBatches, true);
  benchmark::RegisterBenchmark("Loader/plain/batch:128", tritlab::MakeBatches,
                               false);
  benchmark::RegisterBenchmark("Decode/photographs", tritlab::DecodeAlone)
      ->UseRealTime();
  benchmark::RegisterBenchmark("Loader/photographs/train/batch:32",
                               tritlab::MakePhotographBatches, true)
      ->UseRealTime();
  benchmark::RegisterBenchmark("Loader/photographs/center/batch:32",
                               tritlab::MakePhotographBatches, false)
      ->UseRealTime();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
