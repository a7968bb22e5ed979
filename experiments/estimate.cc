#include "experiments/estimate.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/monotonic_clock.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "datasets/augmentation.h"
#include "datasets/dataset.h"
#include "datasets/loader.h"
#include "experiments/experiment_inputs.h"
#include "experiments/runner.h"
#include "kernels/threads.h"
#include "training/trainer.h"

namespace tritlab {
namespace {

// After a first one that is not counted: at least so many, and then until it
// has taken so long.
constexpr int kLeastRepeats = 3;
constexpr int kMostRepeats = 20;
constexpr double kSeconds = 2;
constexpr int kMadeUpBatches = 2;
// More epochs than will be measured, so that no phase ends meanwhile.
constexpr int kEndlessEpochs = 1 << 20;

double PeakBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

// The median of the seconds that a call takes. function: () -> absl::Status.
template <typename Function>
absl::StatusOr<double> MedianSeconds(Function function) {
  RETURN_IF_ERROR(function());
  std::vector<double> seconds;
  const double start = MonotonicSeconds();
  while (static_cast<int>(seconds.size()) < kLeastRepeats ||
         (static_cast<int>(seconds.size()) < kMostRepeats &&
          MonotonicSeconds() - start < kSeconds)) {
    const double before = MonotonicSeconds();
    RETURN_IF_ERROR(function());
    seconds.push_back(MonotonicSeconds() - before);
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2,
                   seconds.end());
  return seconds[seconds.size() / 2];
}

// Noise of the images' shape and classes; not more images than there are.
absl::StatusOr<std::unique_ptr<MemoryDataset>> MadeUp(const Dataset& images,
                                                      int64_t batch_size) {
  const int64_t count = std::min(kMadeUpBatches * batch_size, images.size());
  RETURN_IF_ERROR(CheckImageMemory(images.source(), count, images.shape()));
  const RandomStream random(1);
  std::vector<uint8_t> pixels(count * images.shape().size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    const uint64_t bits = random.Bits(i / 8);
    pixels[i] = static_cast<uint8_t>(bits >> (i % 8 * 8));
  }
  std::vector<int32_t> labels(count);
  for (int64_t i = 0; i < count; ++i)
    labels[i] = static_cast<int32_t>(i % images.classes());
  return MemoryDataset::Create(images.info(), std::move(pixels),
                               std::move(labels));
}

absl::StatusOr<PhaseEstimate> EstimatePhase(const ExperimentInputs& inputs,
                                            const PhaseSpec& phase,
                                            DataType type) {
  RETURN_IF_ERROR(ValidateAugmentationSpec(phase.augmentation(),
                                           inputs.train->shape(),
                                           inputs.train->info().shorter_side));
  RETURN_IF_ERROR(ValidatePhase(phase));
  const int64_t batch = phase.batch_size();
  ASSIGN_OR_RETURN(const auto train, MadeUp(*inputs.train, batch));
  ASSIGN_OR_RETURN(const auto test, MadeUp(*inputs.test, batch));
  PhaseSpec endless = phase;
  if (phase.epochs() > 0) endless.set_epochs(kEndlessEpochs);
  ASSIGN_OR_RETURN(
      const auto trainer,
      Trainer::Create(inputs.graph, endless, *train, *test, {.type = type}));
  RETURN_IF_ERROR(trainer->Begin(nullptr));

  PhaseEstimate estimate{.name = phase.name()};
  const int64_t epochs = int64_t{phase.epochs()} * trainer->network().stages();
  estimate.steps = inputs.train->size() / batch * epochs;
  if (estimate.steps > 0) {
    ASSIGN_OR_RETURN(estimate.seconds_a_step,
                     MedianSeconds([&] { return trainer->Step(); }));
    estimate.images_a_second = batch / estimate.seconds_a_step;
    estimate.training_seconds = estimate.steps * estimate.seconds_a_step;
  }
  const std::vector<float> images(batch * inputs.train->shape().size());
  ASSIGN_OR_RETURN(const double evaluation, MedianSeconds([&] {
                     trainer->evaluation_program().Forward(images.data());
                     return absl::OkStatus();
                   }));
  const int64_t views = inputs.test->info().ten_crop ? Loader::kTenCrops : 1;
  const int64_t test_batches =
      (inputs.test->size() + batch - 1) / batch * views;
  estimate.evaluation_seconds =
      static_cast<double>((epochs + 1) * test_batches) * evaluation;
  return estimate;
}

std::string Duration(double seconds) {
  if (seconds < 60) return absl::StrFormat("%.0f s", seconds);
  if (seconds < 3600) return absl::StrFormat("%.0f min", seconds / 60);
  return absl::StrFormat("%.1f h", seconds / 3600);
}

}  // namespace

double Estimate::seconds() const {
  double sum = 0;
  for (const PhaseEstimate& phase : phases)
    sum += phase.training_seconds + phase.evaluation_seconds;
  return sum;
}

absl::StatusOr<Estimate> EstimateExperiment(const ExperimentSpec& spec,
                                            absl::string_view data_root) {
  ASSIGN_OR_RETURN(const ExperimentInputs inputs,
                   OpenExperimentInputs(spec, data_root));
  const DataType type = DataTypeOf(spec);
  const ImageShape& image = inputs.train->shape();
  Estimate estimate;
  estimate.description = absl::StrFormat(
      "%s: %s, %d + %d images of %dx%dx%d, %s", spec.name(),
      inputs.graph.name(), inputs.train->size(), inputs.test->size(),
      image.height, image.width, image.channels, Name(type));
  estimate.threads = Threads();
  estimate.cores = std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  for (const PhaseSpec& phase : spec.phases()) {
    absl::StatusOr<PhaseEstimate> of_phase = EstimatePhase(inputs, phase, type);
    RETURN_IF_ERROR(
        WithPrefix(absl::StrCat("phase ", phase.name()), of_phase.status()));
    estimate.phases.push_back(*std::move(of_phase));
  }
  estimate.peak_bytes = PeakBytes();
  return estimate;
}

std::string EstimateTable(const Estimate& estimate, int runs) {
  std::string table = estimate.description + "\n";
  size_t width = 5;
  for (const PhaseEstimate& phase : estimate.phases)
    width = std::max(width, phase.name.size());
  const auto name = [&](absl::string_view text) {
    return absl::StrFormat("%-*s", static_cast<int>(width), text);
  };
  absl::StrAppend(&table, name("phase"),
                  "     steps   s a step   images/s   evaluation      total\n");
  for (const PhaseEstimate& phase : estimate.phases) {
    absl::StrAppendFormat(
        &table, "%s%10d%11.3f%11.1f%13s%11s\n", name(phase.name), phase.steps,
        phase.seconds_a_step, phase.images_a_second,
        Duration(phase.evaluation_seconds),
        Duration(phase.training_seconds + phase.evaluation_seconds));
  }
  const double seconds = runs * estimate.seconds();
  absl::StrAppendFormat(
      &table, "%s with %d %s on %d %s: %s; memory: %.1f GB\n",
      runs == 1 ? "1 run" : absl::StrFormat("%d runs, one a seed,", runs),
      estimate.threads, estimate.threads == 1 ? "thread" : "threads",
      estimate.cores, estimate.cores == 1 ? "core" : "cores", Duration(seconds),
      estimate.peak_bytes / 1e9);
  absl::StrAppend(&table, "if the speed followed the cores:");
  for (int cores = 1; cores <= 64; cores *= 2) {
    absl::StrAppendFormat(&table, "%s %d: %s", cores == 1 ? "" : ",", cores,
                          Duration(seconds * estimate.threads / cores));
  }
  return table + "\n";
}

}  // namespace tritlab
