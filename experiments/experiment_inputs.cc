#include "experiments/experiment_inputs.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "datasets/open_dataset.h"
#include "models/build.h"

namespace tritlab {

absl::StatusOr<ExperimentInputs> OpenExperimentInputs(
    const ExperimentSpec& spec, absl::string_view data_root,
    const OpenOptions& options) {
  ExperimentInputs inputs;
  ASSIGN_OR_RETURN(inputs.train, OpenDataset(spec.dataset(), data_root,
                                             Split::kTrain, options));
  ASSIGN_OR_RETURN(inputs.test, OpenDataset(spec.dataset(), data_root,
                                            Split::kTest, options));
  const Dataset& train = *inputs.train;
  if (!(train.shape() == inputs.test->shape()) ||
      train.class_names() != inputs.test->class_names()) {
    return absl::InvalidArgumentError(
        absl::StrCat(train.source(),
                     ": training and test images differ in shape or classes"));
  }
  InputOperator image;
  image.set_height(train.shape().height);
  image.set_width(train.shape().width);
  image.set_channels(train.shape().channels);
  ASSIGN_OR_RETURN(inputs.graph,
                   BuildGraph(spec.model(), image, train.classes()));
  ASSIGN_OR_RETURN(inputs.cost, CountCost(inputs.graph));
  // Latent and computed weights, gradients, two moments, the kernels' copies.
  RETURN_IF_ERROR(CheckMemory(inputs.graph.name(),
                              32.0 * inputs.cost.parameters,
                              "use a smaller network"));
  return inputs;
}

}  // namespace tritlab
