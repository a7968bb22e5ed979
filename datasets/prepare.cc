// Writes a dataset as one packed, checksummed file:
//
//   bazel run //datasets:prepare -- --dataset=cifar10 --source=PATH
//       --output_dir=DIR
//
// makes DIR/cifar10.packed. Images of any size (imagenet, tfrecord, and with
// --any_size imagefolder) are kept as the JPEG files they are. Exit status: 0
// done, 2 bad flags or data, or no room for the result.
#include <cstdint>
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
#include "datasets/dataset_flags.h"
#include "datasets/open_dataset.h"
#include "datasets/packed.h"
#include "datasets/packed_photographs.h"

ABSL_FLAG(std::string, dataset, "",
          "what the source is: cifar10 (a folder of binary files, or an image "
          "folder), imagefolder, imagenet (a folder of train/ and val/, of the "
          "training tars, or of TFRecords) or tfrecord");
ABSL_FLAG(std::string, source, "", "the folder, .tar or .tar.gz file to read");
ABSL_FLAG(bool, any_size, false,
          "the images of the imagefolder are of any size; imagenet's and "
          "tfrecord's always are");
ABSL_FLAG(bool, strict, false,
          "stop at an image of any size that cannot be decoded, instead of "
          "naming it and leaving it out");
ABSL_FLAG(int32_t, first_label, 1,
          "TFRecords: the label of the first class, 0 or 1");
ABSL_FLAG(int32_t, classes, 1000,
          "TFRecords: how many classes there are, where no classes.txt beside "
          "them names them");
ABSL_FLAG(std::string, output_dir, "",
          "the folder to write DATASET.packed to; made if it is missing");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Writes a dataset as one packed, checksummed file.\n"
    "  --dataset=cifar10|imagefolder|imagenet|tfrecord --source=PATH "
    "--output_dir=DIR";

// nullptr for a split that the source does not have.
template <typename T>
absl::StatusOr<std::unique_ptr<T>> IfFound(
    absl::StatusOr<std::unique_ptr<T>> split) {
  if (absl::IsNotFound(split.status())) return nullptr;
  return split;
}

absl::Status NothingFound(const DatasetSpec& spec) {
  return absl::NotFoundError(absl::StrCat(spec.source(),
                                          ": holds no images of ", spec.name(),
                                          "; correct --source or --dataset"));
}

absl::Status PackImagesOfOneSize(const DatasetSpec& spec,
                                 const std::string& folder,
                                 const std::string& path) {
  ASSIGN_OR_RETURN(const auto train,
                   IfFound(OpenDataset(spec, "", Split::kTrain)));
  ASSIGN_OR_RETURN(const auto test,
                   IfFound(OpenDataset(spec, "", Split::kTest)));
  if (train == nullptr && test == nullptr) return NothingFound(spec);
  RETURN_IF_ERROR(MakeDirectories(folder));
  RETURN_IF_ERROR(WritePackedDataset(path, train.get(), test.get()));
  absl::PrintF("%s: %d training and %d test images\n", path,
               train == nullptr ? 0 : train->size(),
               test == nullptr ? 0 : test->size());
  return absl::OkStatus();
}

absl::Status PackImagesOfAnySize(const DatasetSpec& spec,
                                 const std::string& folder,
                                 const std::string& path) {
  ASSIGN_OR_RETURN(const auto train,
                   IfFound(OpenEncodedImages(spec, "", Split::kTrain)));
  ASSIGN_OR_RETURN(const auto test,
                   IfFound(OpenEncodedImages(spec, "", Split::kTest)));
  if (train == nullptr && test == nullptr) return NothingFound(spec);
  RETURN_IF_ERROR(MakeDirectories(folder));
  ASSIGN_OR_RETURN(
      const PackedPhotographsCount count,
      WritePackedPhotographs(path, spec.name(), train.get(), test.get(),
                             absl::GetFlag(FLAGS_strict)));
  absl::PrintF("%s: %d training and %d test images, %d left out\n", path,
               count.train, count.test, count.left_out);
  return absl::OkStatus();
}

absl::Status CheckFlags() {
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  if (dataset != "cifar10" && dataset != "imagefolder" &&
      dataset != "imagenet" && dataset != "tfrecord") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--dataset: \"", dataset,
        "\" is unknown; give cifar10, imagefolder, imagenet or tfrecord"));
  }
  if (absl::GetFlag(FLAGS_any_size) && dataset == "cifar10") {
    return absl::InvalidArgumentError(
        "--any_size: CIFAR-10's images are of one size; remove it");
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

absl::Status Prepare(int argc, char** argv) {
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
  if (spec.name() == "cifar10" ||
      (spec.name() == "imagefolder" && !absl::GetFlag(FLAGS_any_size))) {
    return PackImagesOfOneSize(spec, folder, path);
  }
  // Their size does not matter here, only that they have any.
  spec.mutable_resize()->set_crop(1);
  if (spec.name() != "imagefolder") {
    spec.set_first_label(absl::GetFlag(FLAGS_first_label));
    spec.set_classes(absl::GetFlag(FLAGS_classes));
  }
  RETURN_IF_ERROR(ValidateDatasetSpec(spec));
  return PackImagesOfAnySize(spec, folder, path);
}

absl::Status Main(int argc, char** argv) {
  return InFlags(Prepare(argc, argv), "--any_size");
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
