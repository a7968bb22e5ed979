#include "experiments/shared_phases.h"

#include <set>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/run_folder.h"
#include "experiments/spec_file.h"
#include "google/protobuf/util/message_differencer.h"
#include "models/checkpoint.h"
#include "training/position.pb.h"

namespace tritlab {
namespace {

// FNV-1a, 64 bits: the same everywhere and always, which a key on a disk needs.
uint64_t Hash(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

std::string KeyOf(const ExperimentSpec& shared) {
  return absl::StrFormat("%s-%016x", shared.name(), Hash(ToText(shared)));
}

}  // namespace

ExperimentSpec SharedPhaseSpec(const ExperimentSpec& spec,
                               const std::string& phase, uint32_t seed,
                               DataType type) {
  ExperimentSpec shared;
  shared.set_name(phase);
  *shared.mutable_model() = spec.model();
  *shared.mutable_dataset() = spec.dataset();
  shared.add_seeds(seed);
  shared.set_data_type(type == DataType::kBF16 ? ExperimentSpec::BF16
                                               : ExperimentSpec::F32);
  // A phase starts from an earlier one, so one pass from the last to the first
  // finds the chain.
  std::set<std::string> chain = {phase};
  for (int i = spec.phases_size() - 1; i >= 0; --i) {
    if (chain.count(spec.phases(i).name()) > 0)
      chain.insert(spec.phases(i).starts_from());
  }
  for (const PhaseSpec& of_spec : spec.phases()) {
    if (chain.count(of_spec.name()) > 0) *shared.add_phases() = of_spec;
  }
  return shared;
}

std::string PhaseKey(const ExperimentSpec& spec, const std::string& phase,
                     uint32_t seed, DataType type) {
  return KeyOf(SharedPhaseSpec(spec, phase, seed, type));
}

absl::StatusOr<bool> CopySharedPhase(const std::string& shared_phases,
                                     const SharedPhaseRequest& request,
                                     const std::string& run_folder) {
  const ExperimentSpec expected =
      SharedPhaseSpec(request.spec, request.phase, request.seed, request.type);
  const std::string folder = JoinPath(shared_phases, KeyOf(expected));
  const std::string path = CheckpointIn(folder, request.phase);
  if (!FileExists(path)) return false;
  const std::string spec_path = SpecIn(folder);
  ExperimentSpec spec;
  RETURN_IF_ERROR(ReadTextProto(spec_path, spec));
  if (!google::protobuf::util::MessageDifferencer::Equals(spec, expected)) {
    return absl::FailedPreconditionError(absl::StrCat(
        spec_path,
        ": it is not the experiment that its folder's name stands for; remove "
        "the folder, or name another one for shared phases"));
  }
  const absl::StatusOr<Checkpoint> checkpoint =
      ReadCheckpoint(path, request.graph);
  if (!checkpoint.ok()) {
    return absl::Status(
        checkpoint.status().code(),
        absl::StrCat(checkpoint.status().message(), "; remove ", folder,
                     " to have the phase trained again"));
  }
  TrainingPosition position;
  if (!position.ParseFromString(checkpoint->position) ||
      position.phase() != request.phase) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": the checkpoint is not one of phase ", request.phase,
        "; remove ", folder, " to have the phase trained again"));
  }
  if (!position.finished()) return false;
  Provenance trained_by;
  const bool is_known = FileExists(ProvenanceIn(folder));
  if (is_known)
    RETURN_IF_ERROR(ReadTextProto(ProvenanceIn(folder), trained_by));
  // What it measured is of the test images, too.
  const std::string& now = request.data_checksum;
  if (position.data_checksum() != now.substr(0, now.find('-')) ||
      (is_known && trained_by.data_checksum() != now)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": it was trained or tested on other images (checksum ",
        is_known ? trained_by.data_checksum() : position.data_checksum(),
        ", now ", now,
        "); give the data that it was trained on, or name another folder for "
        "shared phases"));
  }
  if (trained_by.network_checksum() != request.network_checksum) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": it began with another network file (checksum ",
        trained_by.network_checksum(), ", now ", request.network_checksum,
        "); give the one that it began with, or name another folder for shared "
        "phases"));
  }
  if (is_known) {
    RETURN_IF_ERROR(WriteFileAtomically(TrainedByIn(run_folder, request.phase),
                                        ToText(trained_by)));
  }
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  RETURN_IF_ERROR(
      WriteFileAtomically(CheckpointIn(run_folder, request.phase), bytes));
  return true;
}

std::string DifferenceOf(const Provenance& trained_by,
                         const Provenance& this_run) {
  const std::tuple<const char*, std::string, std::string> compared[] = {
      {"instructions", trained_by.instruction_set(),
       this_run.instruction_set()},
      {"oneDNN", trained_by.onednn_version(), this_run.onednn_version()},
      {"data type", trained_by.data_type(), this_run.data_type()}};
  std::vector<std::string> differences;
  for (const auto& [what, there, here] : compared) {
    if (there != here) {
      differences.push_back(
          absl::StrCat(what, " ", there, " there, ", here, " here"));
    }
  }
  return absl::StrJoin(differences, "; ");
}

}  // namespace tritlab
