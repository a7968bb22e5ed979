// Writes a dataset as one packed, checksummed file:
//
//   bazel run //datasets:prepare -- --dataset=cifar10 --source=PATH
//       --output_dir=DIR
//
// makes DIR/cifar10.packed. Exit status: 0 done, 2 bad flags or data, or no
// room for the result.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/open_dataset.h"
#include "datasets/packed.h"

ABSL_FLAG(std::string, dataset, "",
          "what the source is: cifar10 (a folder of binary files, or an image "
          "folder) or imagefolder");
ABSL_FLAG(std::string, source, "", "the folder, .tar or .tar.gz file to read");
ABSL_FLAG(std::string, output_dir, "",
          "the folder to write DATASET.packed to; made if it is missing");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Writes a dataset as one packed, checksummed file.\n"
    "  --dataset=cifar10|imagefolder --source=PATH --output_dir=DIR";

// A split, or nullptr where the source does not have it.
absl::StatusOr<std::unique_ptr<Dataset>> OpenSplit(const DatasetSpec& spec,
                                                   Split split) {
  absl::StatusOr<std::unique_ptr<Dataset>> dataset =
      OpenDataset(spec, "", split);
  if (absl::IsNotFound(dataset.status())) return nullptr;
  return dataset;
}

absl::Status CheckFlags() {
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  if (dataset == "tfrecord") {
    return absl::InvalidArgumentError(
        "--dataset: tfrecord is not supported yet; give cifar10 or "
        "imagefolder");
  }
  if (dataset != "cifar10" && dataset != "imagefolder") {
    return absl::InvalidArgumentError(
        absl::StrCat("--dataset: \"", dataset,
                     "\" is unknown; give cifar10 or imagefolder"));
  }
  if (absl::GetFlag(FLAGS_source).empty()) {
    return absl::InvalidArgumentError(
        "--source: is missing; give the folder or archive to read");
  }
  if (absl::GetFlag(FLAGS_output_dir).empty()) {
    return absl::InvalidArgumentError(
        "--output_dir: is missing; give the folder to write to");
  }
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  RETURN_IF_ERROR(CheckFlags());

  DatasetSpec spec;
  spec.set_name(absl::GetFlag(FLAGS_dataset));
  spec.set_source(FromWorkingDirectory(absl::GetFlag(FLAGS_source)));
  const std::string folder =
      FromWorkingDirectory(absl::GetFlag(FLAGS_output_dir));
  const std::string path = JoinPath(folder, spec.name() + ".packed");
  if (FileExists(path)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path,
                     ": is there already and is not overwritten; remove "
                     "it or give another --output_dir"));
  }
  if (!FileExists(spec.source())) {
    return absl::NotFoundError(
        absl::StrCat(spec.source(), ": does not exist; correct --source"));
  }
  ASSIGN_OR_RETURN(const auto train, OpenSplit(spec, Split::kTrain));
  ASSIGN_OR_RETURN(const auto test, OpenSplit(spec, Split::kTest));
  if (train == nullptr && test == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(spec.source(), ": holds no images of ", spec.name(),
                     "; correct --source or --dataset"));
  }
  RETURN_IF_ERROR(MakeDirectories(folder));
  RETURN_IF_ERROR(WritePackedDataset(path, train.get(), test.get()));
  absl::PrintF("%s: %d training and %d test images\n", path,
               train == nullptr ? 0 : train->size(),
               test == nullptr ? 0 : test->size());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
