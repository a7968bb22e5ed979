// Downloads a dataset from where its authors publish it:
//
//   bazel run //datasets:fetch -- --dataset=cifar10 [--output_dir=DIR]
//
// makes DIR/cifar-10-batches-bin, which --data_root=DIR finds. Over HTTPS,
// against a checksum that is part of this program; a download that was
// interrupted is gone on with. Exit status: 0 done; 1 the server or the way to
// it fails, and the same command may go on later; 2 what it would not get past:
// bad flags, a server that refuses (403, 404) or whose certificate cannot be
// trusted, other contents than were published, or no room.
#include <cstdlib>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/fetch_dataset.h"
#include "datasets/open_dataset.h"

ABSL_FLAG(std::string, dataset, "", "which one: cifar10");
ABSL_FLAG(std::string, output_dir, "",
          "the folder to put it into, made if it is missing; the workspace's "
          "data/ if not given");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Downloads a dataset from where its authors publish it.\n"
    "  --dataset=cifar10 [--output_dir=DIR]";

std::string OutputFolder() {
  if (!absl::GetFlag(FLAGS_output_dir).empty())
    return FromWorkingDirectory(absl::GetFlag(FLAGS_output_dir));
  const char* const workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  return JoinPath(workspace == nullptr ? "." : workspace, "data");
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  ASSIGN_OR_RETURN(const PublishedDataset dataset,
                   FindPublishedDataset(absl::GetFlag(FLAGS_dataset)));
  const std::string folder = OutputFolder();
  RETURN_IF_ERROR(FetchDataset(dataset, folder));
  // As a run will open it.
  DatasetSpec spec;
  spec.set_name(dataset.name);
  spec.set_source(dataset.folder);
  ASSIGN_OR_RETURN(const auto train, OpenDataset(spec, folder, Split::kTrain));
  ASSIGN_OR_RETURN(const auto test, OpenDataset(spec, folder, Split::kTest));
  absl::PrintF("%s: %d training and %d test images; --data_root=%s finds it\n",
               JoinPath(folder, dataset.folder), train->size(), test->size(),
               folder);
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
