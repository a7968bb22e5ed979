// What running a model really takes, where the machine counts it
// (base/energy_meter.h).
#ifndef TRITLAB_INFERENCE_MEASURED_JOULES_H_
#define TRITLAB_INFERENCE_MEASURED_JOULES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/energy_meter.h"
#include "inference/model.h"

namespace tritlab {

// The pixels of a batch that the model is timed on, always the same.
std::vector<uint8_t> MadeUpImages(const Model& model);

struct MeasuredJoules {
  double per_image = 0;
  double watts = 0;
  // Of processors, each counted whole: with whatever else ran on it.
  size_t packages = 0;
};

// Runs the model on MadeUpImages for about a second. Errors are those of the
// meter: NotFound where the machine counts nothing, PermissionDenied.
absl::StatusOr<MeasuredJoules> MeasureJoules(
    Model& model, const std::string& powercap = kPowercapRoot);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_MEASURED_JOULES_H_
