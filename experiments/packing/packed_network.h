// The packed model of a network that has been trained.
#ifndef TRITLAB_EXPERIMENTS_PACKING_PACKED_NETWORK_H_
#define TRITLAB_EXPERIMENTS_PACKING_PACKED_NETWORK_H_

#include <string>

#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "inference/packed_model.h"
#include "reports/report.pb.h"
#include "training/trained_network.h"

namespace tritlab {

// With ternary weights at 1.6 bits each. `images` are what it was trained on;
// `origin` says which experiment and phase did.
absl::StatusOr<PackedModel> MakePackedModel(const TrainedNetwork& network,
                                            const Dataset& images,
                                            const std::string& origin);

// What the report says of the model's file.
ModelFile DescribeModelFile(const PackedModel& model, const std::string& phase);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_PACKING_PACKED_NETWORK_H_
