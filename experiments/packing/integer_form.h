// A trained network as bytes: the ranges of its activations, and what it is
// worth then.
#ifndef TRITLAB_EXPERIMENTS_PACKING_INTEGER_FORM_H_
#define TRITLAB_EXPERIMENTS_PACKING_INTEGER_FORM_H_

#include "absl/status/status.h"
#include "datasets/dataset.h"
#include "inference/calibration.h"
#include "inference/packed_model.h"
#include "reports/report.pb.h"
#include "training/program.h"

namespace tritlab {

// Sets the model's activation ranges to what the program's nodes take on the
// first images (some 1,000) of `images`, unaugmented. `program` computes with
// the weights that the model holds.
absl::Status Calibrate(Program& program, const Dataset& images,
                       ClipMethod method, PackedModel& model);

// What the model's integer program is worth on the images, and its emulation in
// plain loops on some of them, into report.model_file, or why there is none;
// and the energy that it really took,
// into report.measured_energy, or why that is not known.
absl::Status DescribeIntegerProgram(const PackedModel& model,
                                    const Dataset& images, Report& report);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PACKING_INTEGER_FORM_H_
