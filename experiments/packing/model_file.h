// model.trit of a run's folder.
#ifndef TRITLAB_EXPERIMENTS_PACKING_MODEL_FILE_H_
#define TRITLAB_EXPERIMENTS_PACKING_MODEL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "datasets/dataset.h"
#include "reports/report.pb.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {

// The experiment and the phase that trained a network.
struct ModelOrigin {
  std::string experiment;
  std::string phase;
  uint32_t seed = 1;
};

// Packs the network, gives it the ranges that its activations have on training
// images, and writes it to `folder`/model.trit, whole or not at all. `program`
// is one of inference on the network's values. Sets what the report says of the
// file (model_file, measured_energy), the accuracy of its integer program on
// the test images included.
absl::Status WriteModelFile(const TrainedNetwork& network, Program& program,
                            const Dataset& train, const Dataset& test,
                            const ModelOrigin& origin,
                            const std::string& folder, Report& report);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PACKING_MODEL_FILE_H_
