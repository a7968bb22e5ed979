#include "experiments/provenance.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/run_folder.h"
#include "experiments/spec_file.h"
#include "kernels/onednn_info.h"
#include "kernels/threads.h"
#include "models/network_file.h"

namespace tritlab {
namespace {

// What a command prints, empty when it fails. The command is fixed text:
// nothing from outside becomes part of it.
std::string OutputOf(const char* command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command, "r"), pclose);
  std::string output;
  char buffer[256];
  while (pipe != nullptr &&
         std::fgets(buffer, sizeof(buffer), pipe.get()) != nullptr)
    output += buffer;
  return std::string(absl::StripAsciiWhitespace(output));
}

// The commit of the workspace that `bazel run` was called in.
std::string Commit() {
  if (std::getenv("BUILD_WORKSPACE_DIRECTORY") == nullptr) return "unknown";
  const std::string commit = OutputOf(
      "git -C \"$BUILD_WORKSPACE_DIRECTORY\" rev-parse HEAD 2>/dev/null");
  if (commit.empty()) return "unknown";
  const bool dirty = !OutputOf(
                          "git -C \"$BUILD_WORKSPACE_DIRECTORY\" status "
                          "--porcelain --untracked-files=no 2>/dev/null")
                          .empty();
  return absl::StrCat(commit, dirty ? "-dirty" : "");
}

std::string Processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    return std::string(
        absl::StripAsciiWhitespace(line.substr(line.find(':') + 1)));
  }
  return "unknown";
}

}  // namespace

absl::StatusOr<Provenance> MakeProvenance(const ExperimentSpec& spec,
                                          uint32_t seed, DataType type,
                                          const Dataset& train,
                                          const Dataset& test, int ranks) {
  Provenance provenance;
  provenance.set_experiment(spec.name());
  provenance.set_seed(seed);
  provenance.set_commit(Commit());
  provenance.set_onednn_version(OneDnnVersion());
  provenance.set_instruction_set(InstructionSet());
  provenance.set_processor(Processor());
  provenance.set_threads(Threads());
  if (ranks > 1) provenance.set_ranks(ranks);
  provenance.set_dataset(train.info().name);
  provenance.set_data_source(train.source());
  provenance.set_data_checksum(
      absl::StrFormat("%08x-%08x", train.checksum(), test.checksum()));
  if (spec.model().has_network_file()) {
    ASSIGN_OR_RETURN(const uint32_t checksum,
                     NetworkFileChecksum(spec.model().network_file()));
    provenance.set_network_checksum(absl::StrFormat("%08x", checksum));
  }
  provenance.set_train_images(static_cast<uint32_t>(train.size()));
  provenance.set_test_images(static_cast<uint32_t>(test.size()));
  provenance.set_data_type(Name(type));
  provenance.set_started(
      absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone()));
  return provenance;
}

absl::StatusOr<Provenance> KeepProvenance(const std::string& folder,
                                          const Provenance& now) {
  const std::string path = ProvenanceIn(folder);
  if (!FileExists(path)) {
    RETURN_IF_ERROR(WriteFileAtomically(path, ToText(now)));
    return now;
  }
  Provenance kept;
  RETURN_IF_ERROR(ReadTextProto(path, kept));
  const auto check = [&](absl::string_view what, absl::string_view then,
                         absl::string_view today) {
    if (then == today) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": the run began with ", what, " ", then, ", now it is ", today,
        "; go on as it began, or begin another run"));
  };
  RETURN_IF_ERROR(check("mpirun -n", absl::StrCat(std::max(kept.ranks(), 1u)),
                        absl::StrCat(std::max(now.ranks(), 1u))));
  RETURN_IF_ERROR(check("--threads", absl::StrCat(kept.threads()),
                        absl::StrCat(now.threads())));
  RETURN_IF_ERROR(check("data_type", kept.data_type(), now.data_type()));
  RETURN_IF_ERROR(
      check("instruction set", kept.instruction_set(), now.instruction_set()));
  RETURN_IF_ERROR(check("oneDNN", kept.onednn_version(), now.onednn_version()));
  RETURN_IF_ERROR(
      check("images of checksum", kept.data_checksum(), now.data_checksum()));
  RETURN_IF_ERROR(check("a network_file of checksum", kept.network_checksum(),
                        now.network_checksum()));
  if (!absl::EndsWith(kept.commit(), now.commit())) {
    kept.set_commit(absl::StrCat(kept.commit(), ", then ", now.commit()));
    RETURN_IF_ERROR(WriteFileAtomically(path, ToText(kept)));
  }
  return kept;
}

}  // namespace tritlab
