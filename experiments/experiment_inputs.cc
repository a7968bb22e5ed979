#include "experiments/experiment_inputs.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "datasets/open_dataset.h"
#include "models/build.h"
#include "models/training_heads.h"

namespace tritlab {

absl::StatusOr<ExperimentNetwork> BuildNetwork(const ModelSpec& model,
                                               const ImageShape& images,
                                               int classes) {
  InputOperator input;
  input.set_height(images.height);
  input.set_width(images.width);
  input.set_channels(images.channels);
  ExperimentNetwork network;
  ASSIGN_OR_RETURN(network.graph, BuildGraph(model, input, classes));
  ASSIGN_OR_RETURN(network.cost, CountCost(network.graph));
  ASSIGN_OR_RETURN(const Graph whole_graph, WithTrainingHeads(network.graph));
  ASSIGN_OR_RETURN(const Cost trained, CountCost(whole_graph));
  // Latent and computed weights, gradients, two moments, the kernels' copies.
  RETURN_IF_ERROR(CheckMemory(network.graph.name(), 32.0 * trained.parameters,
                              "use a smaller network"));
  return network;
}

absl::StatusOr<ExperimentImages> OpenImages(const DatasetSpec& spec,
                                            absl::string_view data_root,
                                            const OpenOptions& options) {
  ExperimentImages images;
  ASSIGN_OR_RETURN(images.train,
                   OpenDataset(spec, data_root, Split::kTrain, options));
  ASSIGN_OR_RETURN(images.test,
                   OpenDataset(spec, data_root, Split::kTest, options));
  const Dataset &train = *images.train, &test = *images.test;
  if (train.shape() == test.shape() &&
      train.class_names() == test.class_names())
    return images;
  return absl::InvalidArgumentError(absl::StrCat(
      train.source(), ": training and test images differ in shape or classes"));
}

absl::StatusOr<ExperimentInputs> OpenExperimentInputs(
    const ExperimentSpec& spec, absl::string_view data_root,
    const OpenOptions& options) {
  ASSIGN_OR_RETURN(ExperimentImages images,
                   OpenImages(spec.dataset(), data_root, options));
  ExperimentInputs inputs;
  inputs.train = std::move(images.train);
  inputs.test = std::move(images.test);
  const Dataset& train = *inputs.train;
  ASSIGN_OR_RETURN(ExperimentNetwork network,
                   BuildNetwork(spec.model(), train.shape(), train.classes()));
  inputs.graph = std::move(network.graph);
  inputs.cost = network.cost;
  return inputs;
}

}  // namespace tritlab
