// Runs a packed model:
//
//   bazel run //inference:run -- --model=run/model.trit --data_root=DIR
//
// gives its accuracy on the dataset's test images (photographs of any size are
// cropped to the model's), its latency one image at a
// time, its throughput in batches, and the joules that the processors take for
// an image where the machine counts them; with --image=FILE, the five likeliest
// classes of a JPEG of any size, or of each in a folder. Exit status: 0 done, 2
// bad flags, model or data.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/command_line.h"
#include "base/energy_meter.h"
#include "base/file.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "datasets/dataset.h"
#include "inference/accuracy.h"
#include "inference/measured_joules.h"
#include "inference/model.h"
#include "inference/photograph_input.h"
#include "inference/test_images_flags.h"
#include "kernels/threads_flag.h"

ABSL_FLAG(std::string, model, "", "the packed model (model.trit) to run");
ABSL_FLAG(std::string, image, "",
          "a JPEG of any size or a folder of them, instead of a dataset");
ABSL_FLAG(int32_t, batch, 128, "images at a time, for the throughput");
ABSL_FLAG(bool, exact, false,
          "two products where a layer's weights are not exact as bytes");
ABSL_FLAG(std::string, powercap, tritlab::kPowercapRoot,
          "where the machine shows its processors' energy counters");
ABSL_FLAG(int32_t, threads, 0, "threads to compute with; 0: one a processor");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Runs a packed model on a dataset's test images, or on photographs.\n"
    "  --model=FILE --data_root=DIR | --image=FILE_OR_FOLDER";
constexpr int kTimedRuns = 200;
constexpr size_t kMostClasses = 5;

std::vector<float> Softmax(std::vector<float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float& value : logits) sum += value = std::exp(value - largest);
  for (float& value : logits) value = static_cast<float>(value / sum);
  return logits;
}

absl::StatusOr<std::unique_ptr<Model>> Load(const std::string& path,
                                            int64_t batch = 1) {
  return Model::Load(path, batch, absl::GetFlag(FLAGS_exact));
}

ImageShape ShapeOf(const Model& model) {
  return {static_cast<int>(model.height()), static_cast<int>(model.width()),
          static_cast<int>(model.channels())};
}

// What the model sees of the photograph, and its likeliest classes.
absl::Status RunPhotograph(const std::string& path, Model& model) {
  ASSIGN_OR_RETURN(const PhotographInput input,
                   ReadPhotographInput(path, ShapeOf(model)));
  std::vector<float> logits(model.classes().size());
  RETURN_IF_ERROR(model.Run(input.pixels, logits));
  const std::vector<float> shares = Softmax(logits);
  std::vector<size_t> order(shares.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return shares[a] > shares[b]; });
  order.resize(std::min(order.size(), kMostClasses));
  std::printf("%s: %s\n", path.c_str(), input.how.c_str());
  for (const size_t c : order) {
    std::printf("%6.2f %%  %s\n", 100 * shares[c],
                OneLine(model.classes()[c]).c_str());
  }
  return absl::OkStatus();
}

// A folder's photographs that cannot be read are named, and the others run.
absl::Status RunPhotographs(const std::string& model_path,
                            const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> photographs,
                   ListPhotographs(path));
  ASSIGN_OR_RETURN(const auto model, Load(model_path));
  if (!IsDirectory(path)) return RunPhotograph(path, *model);
  size_t failed = 0;
  for (const std::string& photograph : photographs) {
    const absl::Status status = RunPhotograph(photograph, *model);
    if (status.ok()) continue;
    ++failed;
    std::fprintf(stderr, "%s\n", OneLine(status.message()).c_str());
  }
  if (failed == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", failed, " of ", photographs.size(),
                   " photographs could not be read"));
}

// The milliseconds that each of some runs took, sorted.
absl::StatusOr<std::vector<double>> TimeRuns(Model& model) {
  const std::vector<uint8_t> pixels = MadeUpImages(model);
  std::vector<float> logits(model.batch() * model.classes().size());
  RETURN_IF_ERROR(model.Run(pixels, logits));  // what is taken at first
  std::vector<double> milliseconds;
  for (int run = 0; run < kTimedRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(model.Run(pixels, logits));
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - start;
    milliseconds.push_back(took.count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  return milliseconds;
}

// One line: what an image takes in batches, measured; or why it is not known.
std::string EnergyLine(Model& model) {
  const auto measured =
      MeasureJoules(model, FromWorkingDirectory(absl::GetFlag(FLAGS_powercap)));
  if (!measured.ok()) {
    return absl::StrCat("energy: not measured: ",
                        std::string(measured.status().message()));
  }
  return absl::StrFormat(
      "energy: %.4g mJ an image in batches of %d, %.1f W (measured; processor "
      "packages, each whole: %d)",
      1e3 * measured->per_image, model.batch(), measured->watts,
      measured->packages);
}

absl::Status RunDataset(const std::string& model_path) {
  ASSIGN_OR_RETURN(const auto model,
                   Load(model_path, absl::GetFlag(FLAGS_batch)));
  ASSIGN_OR_RETURN(const auto images, OpenTestImagesOfFlags(ShapeOf(*model)));
  ASSIGN_OR_RETURN(const double top1, Top1(*model, *images));
  std::printf(
      "top-1 %.2f %% of %lld images (%s)\n"
      "weights as bytes are off by at most %.2f %% of their channel's "
      "largest\n"
      "weights take %.2f MB in memory\n",
      top1, static_cast<long long>(images->size() - images->left_out()),
      images->source().c_str(), 100 * model->weight_error(),
      1e-6 * static_cast<double>(model->weight_bytes()));
  ASSIGN_OR_RETURN(const auto single, Load(model_path));
  ASSIGN_OR_RETURN(const std::vector<double> one, TimeRuns(*single));
  std::printf("one image: %.3f ms (median), %.3f (90 %%), %.3f (99 %%)\n",
              one[one.size() / 2], one[one.size() * 9 / 10],
              one[one.size() * 99 / 100]);
  ASSIGN_OR_RETURN(const std::vector<double> many, TimeRuns(*model));
  std::printf(
      "batches of %lld: %.0f images/s (median)\n",
      static_cast<long long>(model->batch()),
      1000.0 * static_cast<double>(model->batch()) / many[many.size() / 2]);
  std::printf("%s\n", EnergyLine(*model).c_str());
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string model = FromWorkingDirectory(absl::GetFlag(FLAGS_model));
  if (model.empty())
    return absl::InvalidArgumentError("--model: not given; name a model.trit");
  if (absl::GetFlag(FLAGS_batch) < 1 || absl::GetFlag(FLAGS_batch) > 65536)
    return absl::InvalidArgumentError("--batch: it must be 1 to 65536");
  RETURN_IF_ERROR(ApplyThreadsFlag(absl::GetFlag(FLAGS_threads)));
  const std::string image = FromWorkingDirectory(absl::GetFlag(FLAGS_image));
  return image.empty() ? RunDataset(model) : RunPhotographs(model, image);
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
