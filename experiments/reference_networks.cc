#include "experiments/reference_networks.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/status_macros.h"
#include "models/build.h"
#include "models/cost.h"

namespace tritlab {

absl::Status AddReferenceNetworks(Report& report) {
  report.clear_reference_networks();
  if (std::none_of(report.results().begin(), report.results().end(),
                   [](const PhaseResult& phase) { return phase.stages() > 1; }))
    return absl::OkStatus();
  std::vector<ModelSpec> models(4);
  models[0].mutable_alexnet();
  models[1].mutable_vgg16();
  models[2].mutable_imagenet_resnet()->set_depth(18);
  models[3].mutable_imagenet_resnet()->set_depth(50);
  InputOperator image;
  image.set_height(224);
  image.set_width(224);
  image.set_channels(3);
  for (const ModelSpec& model : models) {
    ASSIGN_OR_RETURN(const Graph graph,
                     BuildGraph(model, image, /*classes=*/1000));
    ASSIGN_OR_RETURN(const Cost cost, CountCost(graph));
    NetworkSummary& network = *report.add_reference_networks();
    network.set_name(graph.name());
    network.set_description(graph.description());
    network.set_parameters(static_cast<uint32_t>(cost.parameters));
    network.set_multiply_adds(static_cast<double>(cost.multiply_adds));
  }
  return absl::OkStatus();
}

}  // namespace tritlab
