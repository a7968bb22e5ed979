// The networks of ImageNet that the cost of a staged phase is extrapolated to.
#ifndef TRITLAB_EXPERIMENTS_REFERENCE_NETWORKS_H_
#define TRITLAB_EXPERIMENTS_REFERENCE_NETWORKS_H_

#include "absl/status/status.h"
#include "reports/report.pb.h"

namespace tritlab {

// Sets report.reference_networks where a phase of the report has stages:
// AlexNet, VGG-16, ResNet-18 and ResNet-50, for images of 224 pixels a side and
// 1,000 classes, with what their graphs say of parameters and multiply-adds.
absl::Status AddReferenceNetworks(Report& report);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_REFERENCE_NETWORKS_H_
