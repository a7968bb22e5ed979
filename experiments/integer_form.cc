#include "experiments/integer_form.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/status_macros.h"
#include "datasets/loader.h"
#include "inference/integer_program.h"

namespace tritlab {
namespace {

constexpr int64_t kCalibrationImages = 1024;
constexpr int64_t kBatch = 100;

}  // namespace

absl::Status Calibrate(Program& program, const Dataset& images,
                       ClipMethod method, PackedModel& model) {
  ASSIGN_OR_RETURN(
      const auto loader,
      Loader::Create(images,
                     {.batch_size = static_cast<int>(program.batch())}));
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
  model.description.clear_activations();
  for (const auto& [node, histogram] : histograms) {
    ActivationRange* const range = model.description.add_activations();
    range->set_node(model.description.graph().nodes(node).name());
    range->set_clip(histogram.Clip(method, histogram.has_negative()));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> IntegerTop1(const PackedModel& model,
                                   const Dataset& images) {
  ASSIGN_OR_RETURN(const auto program,
                   IntegerProgram::Create(model, {.batch = kBatch}));
  ASSIGN_OR_RETURN(const auto loader,
                   Loader::Create(images, {.batch_size = kBatch}));
  loader->Start(0);
  const int64_t classes = program->classes();
  std::vector<float> padded(program->image().size()), logits(kBatch * classes);
  int64_t correct = 0;
  for (int64_t seen = 0; seen < images.size();) {
    ASSIGN_OR_RETURN(const Batch* const batch, loader->Next());
    if (batch == nullptr) break;
    // The last batch may have fewer images than the program takes.
    std::copy(batch->images.begin(), batch->images.end(), padded.begin());
    program->Run(padded.data(), logits.data());
    for (int64_t i = 0; i < batch->count; ++i) {
      const auto begin = logits.begin() + i * classes;
      correct +=
          std::max_element(begin, begin + classes) - begin == batch->labels[i];
    }
    seen += batch->count;
  }
  return 100.0 * static_cast<double>(correct) /
         static_cast<double>(images.size());
}

}  // namespace tritlab
