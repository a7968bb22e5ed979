#include "onnx/float_program.h"

#include "base/status_macros.h"
#include "models/checkpoint.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<FloatProgram>> FloatProgram::Create(
    const Graph& graph,
    const std::map<std::string, std::vector<float>>& tensors, int64_t batch) {
  std::unique_ptr<FloatProgram> made(new FloatProgram());
  OptimizerSpec optimizer;
  optimizer.mutable_sgd();
  ASSIGN_OR_RETURN(made->network_,
                   TrainedNetwork::Create(graph, {}, optimizer, 1));
  Checkpoint start;
  start.graph = graph;
  start.tensors = tensors;
  RETURN_IF_ERROR(made->network_->Initialize(&start));
  ASSIGN_OR_RETURN(
      made->program_,
      Program::Compile(graph, made->network_->Values(false), {.batch = batch}));
  made->program_->LoadWeights();
  return made;
}

}  // namespace tritlab
