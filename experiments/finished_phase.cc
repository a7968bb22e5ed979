#include "experiments/finished_phase.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "experiments/run_folder.h"
#include "experiments/runner.h"
#include "experiments/spec_file.h"
#include "models/checkpoint.h"

namespace tritlab {
namespace {

absl::Status ReadSpec(const std::string& run, const std::string& name,
                      FinishedPhase& finished) {
  const std::string path = SpecIn(run);
  if (!FileExists(path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--run: ", run,
        " holds no run (no spec.textproto); name the folder of one"));
  }
  ExperimentSpec& spec = finished.spec;
  RETURN_IF_ERROR(ReadTextProto(path, spec));
  RETURN_IF_ERROR(WithPrefix(path, ValidateSpec(spec)));
  if (spec.seeds_size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": it has ", spec.seeds_size(),
                     " seeds; name the folder of a run, which has one"));
  }
  std::vector<std::string> names;
  for (const PhaseSpec& phase : spec.phases()) {
    names.push_back(phase.name());
    if (name.empty() || phase.name() == name) finished.phase = phase;
  }
  if (!finished.phase.name().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--phase: \"", name, "\" is no phase of ", path, "; it has ",
                   absl::StrJoin(names, ", ")));
}

absl::Status ReadNetwork(const std::string& run, FinishedPhase& finished) {
  const PhaseSpec& phase = finished.phase;
  TrainingPosition& position = finished.position;
  const std::string path = CheckpointIn(run, phase.name());
  if (!FileExists(path)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": no checkpoint there; train the phase to its end first"));
  }
  ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                   ReadCheckpoint(path, finished.inputs.graph));
  if (!position.ParseFromString(checkpoint.position) ||
      position.phase() != phase.name()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the checkpoint is not one of phase ",
                     phase.name(), "; remove it and train the phase anew"));
  }
  if (!position.finished()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": phase ", phase.name(),
                     " is not finished; go on with the run by --resume, or "
                     "name another --phase"));
  }
  if (const std::string checksum =
          absl::StrFormat("%08x", finished.inputs.train->checksum());
      position.data_checksum() != checksum) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": the run's images (checksum ", position.data_checksum(),
        ") are not those of --data_root (", checksum,
        "); give the data that it was trained on"));
  }
  ASSIGN_OR_RETURN(
      finished.network,
      TrainedNetwork::Create(finished.inputs.graph, phase.policy(),
                             phase.optimizer(), finished.spec.seeds(0)));
  RETURN_IF_ERROR(WithPrefix(path, finished.network->Restore(checkpoint)));
  finished.network->Quantize();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FinishedPhase> ReadFinishedPhase(const std::string& run,
                                                const std::string& phase,
                                                const std::string& data_root) {
  FinishedPhase finished;
  RETURN_IF_ERROR(ReadSpec(run, phase, finished));
  ASSIGN_OR_RETURN(finished.inputs,
                   OpenExperimentInputs(finished.spec, data_root));
  finished.type = DataTypeOf(finished.spec);
  RETURN_IF_ERROR(ReadNetwork(run, finished));
  return finished;
}

}  // namespace tritlab
