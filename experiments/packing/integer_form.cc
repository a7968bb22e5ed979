#include "experiments/packing/integer_form.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/status_macros.h"
#include "datasets/loader.h"
#include "inference/accuracy.h"
#include "inference/emulation.h"
#include "inference/measured_joules.h"
#include "inference/model.h"

namespace tritlab {
namespace {

constexpr int64_t kCalibrationImages = 1024;
constexpr int64_t kBatch = 100;

}  // namespace

absl::Status Calibrate(Program& program, const Dataset& images,
                       ClipMethod method, PackedModel& model) {
  ASSIGN_OR_RETURN(
      const auto loader,
      // Shuffled: datasets come sorted by class. Without a last batch that is
      // not full; an image that cannot be read is made up for.
      Loader::Create(images, {.batch_size = program.batch(),
                              .shuffle = true,
                              .drop_last = images.size() >= program.batch()}));
  loader->Start(0);
  std::map<int, ActivationHistogram> histograms;
  program.LoadWeights();
  program.Observe([&](int node, std::span<const float> values) {
    histograms[node].Add(values);
  });
  absl::Status status;
  for (int64_t seen = 0;
       seen < std::min(kCalibrationImages, images.size()) && status.ok();) {
    const absl::StatusOr<const Batch*> batch = loader->Next();
    status = batch.status();
    // A batch that is not full would show what its rest holds.
    if (!status.ok() || *batch == nullptr || (*batch)->count < program.batch())
      break;
    program.Forward((*batch)->images.data());
    seen += (*batch)->count;
  }
  program.Observe(nullptr);
  RETURN_IF_ERROR(status);
  auto& clips = *model.description.mutable_clips();
  clips.Clear();
  clips.Resize(model.description.graph().nodes_size(), 0);
  for (const auto& [node, histogram] : histograms)
    clips[node] = histogram.Clip(method, histogram.has_negative());
  return absl::OkStatus();
}

absl::Status DescribeIntegerProgram(const PackedModel& model,
                                    const Dataset& images, Report& report) {
  ModelFile& file = *report.mutable_model_file();
  report.clear_measured_energy();
  const auto loaded = Model::Create(model, kBatch);
  if (!loaded.ok()) {
    file.set_why_no_integer_program(std::string(loaded.status().message()));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const double top1, Top1(**loaded, images));
  file.set_integer_top1(top1);
  file.set_integer_single_crop(images.info().ten_crop);
  file.set_integer_weight_error((*loaded)->weight_error());
  ASSIGN_OR_RETURN(const int64_t count, ImagesToEmulate(model));
  ASSIGN_OR_RETURN(const Emulation emulation, Emulate(model, images, count));
  file.set_emulated_top1(emulation.top1);
  file.set_emulated_images(static_cast<uint32_t>(emulation.images));
  file.set_emulated_differences(static_cast<uint32_t>(emulation.differences));
  MeasuredEnergy& energy = *report.mutable_measured_energy();
  const auto measured = MeasureJoules(**loaded);
  if (!measured.ok()) {
    energy.set_why_not(std::string(measured.status().message()));
    return absl::OkStatus();
  }
  energy.set_joules(measured->per_image);
  energy.set_watts(measured->watts);
  energy.set_batch(kBatch);
  energy.set_packages(static_cast<uint32_t>(measured->packages));
  return absl::OkStatus();
}

}  // namespace tritlab
