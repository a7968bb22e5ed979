#include "datasets/open_dataset.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/augmentation.h"
#include "datasets/cifar10.h"
#include "datasets/image_folder.h"
#include "datasets/packed.h"
#include "datasets/packed_photographs.h"
#include "datasets/photographs.h"
#include "datasets/synthetic.h"
#include "datasets/tf_records.h"
#include "datasets/training_tars.h"

namespace tritlab {
namespace {

// ImageNet's, which networks for photographs are trained with as a rule.
Normalization PhotographNormalization() {
  return {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
}

// The folder in CIFAR-10's own archive.
constexpr char kBinaryFolder[] = "cifar-10-batches-bin";

// Whatever stands at `path`, which exists.
absl::StatusOr<std::unique_ptr<Dataset>> OpenPath(
    const std::string& path, absl::string_view name,
    const Normalization& normalization, Split split) {
  if (absl::EndsWith(path, ".packed")) {
    if (IsPackedPhotographs(path)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": has images of any size; give dataset.resize"));
    }
    return ReadPackedDataset(path, split);
  }
  // A folder of that name is of binary files even where they are missing.
  if (name == "cifar10" &&
      (HoldsCifar10Binary(path) ||
       absl::EndsWith(absl::StripSuffix(path, "/"), kBinaryFolder))) {
    return ReadCifar10Binary(path, split);
  }
  const std::string inner = JoinPath(path, kBinaryFolder);
  if (name == "cifar10" && FileExists(inner)) {
    return ReadCifar10Binary(inner, split);
  }
  return ReadImageFolder(path, split, name, normalization);
}

// The path of spec.source, which exists.
absl::StatusOr<std::string> SourcePath(const DatasetSpec& spec,
                                       absl::string_view data_root) {
  const std::string path = JoinPath(data_root, spec.source());
  if (FileExists(path)) return path;
  return absl::NotFoundError(absl::StrCat(
      path, ": does not exist; correct dataset.source or --data_root"));
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenNamed(const DatasetSpec& spec,
                                                   absl::string_view data_root,
                                                   Split split) {
  if (spec.name() == "synthetic") {
    return DrawSyntheticDataset(spec.synthetic(), split);
  }
  const Normalization normalization = spec.name() == "cifar10"
                                          ? Cifar10Normalization()
                                          : PhotographNormalization();
  if (!spec.source().empty()) {
    ASSIGN_OR_RETURN(const std::string path, SourcePath(spec, data_root));
    return OpenPath(path, spec.name(), normalization, split);
  }
  constexpr const char* kUsualNames[] = {kBinaryFolder, "cifar10",
                                         "cifar10.tar.gz", "cifar10.packed"};
  for (const char* usual_name : kUsualNames) {
    const std::string path = JoinPath(data_root, usual_name);
    if (FileExists(path)) {
      return OpenPath(path, spec.name(), normalization, split);
    }
  }
  return absl::NotFoundError(absl::StrCat(
      data_root.empty() ? "--data_root" : data_root,
      ": has none of cifar-10-batches-bin/, cifar10/, cifar10.tar.gz, "
      "cifar10.packed; put CIFAR-10 there, as //datasets:fetch does, or give "
      "another --data_root"));
}

TfRecordOptions RecordOptions(const DatasetSpec& spec) {
  TfRecordOptions options;
  if (spec.has_first_label()) options.first_label = spec.first_label();
  if (spec.has_classes()) options.classes = spec.classes();
  return options;
}

bool HoldsImageFolder(const std::string& folder) {
  return IsDirectory(JoinPath(folder, "train")) ||
         IsDirectory(JoinPath(folder, "val")) ||
         IsDirectory(JoinPath(folder, "test"));
}

// ImageNet in a folder, in whichever form; a split may be in another than the
// other: the training tar file beside val/.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenImageNetFolder(
    const DatasetSpec& spec, const std::string& folder, Split split) {
  absl::Status missing = absl::NotFoundError(
      absl::StrCat(folder, ": has none of train/, val/, ", kTrainingTar, ", ",
                   kValidationTar, ", TFRecords train-*"));
  if (HoldsTrainingTars(folder)) {
    auto images = OpenTrainingTars(folder, split);
    if (!absl::IsNotFound(images.status())) return images;
    missing = images.status();
  }
  if (HoldsImageFolder(folder)) return OpenImageFolder(folder, split);
  auto records = OpenTfRecords(folder, split, RecordOptions(spec));
  if (!absl::IsNotFound(records.status())) return records;
  return missing;
}

// What stands at `path`, which exists, not decoded yet.
absl::StatusOr<std::unique_ptr<EncodedImages>> OpenEncodedPath(
    const DatasetSpec& spec, const std::string& path, Split split) {
  if (absl::EndsWith(path, ".packed")) {
    if (!IsPackedPhotographs(path)) {
      // A file that is damaged says so.
      RETURN_IF_ERROR(ReadPackedDataset(path, split).status());
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": has images of one size; remove dataset.resize"));
    }
    return OpenPackedPhotographs(path, split);
  }
  if (spec.name() == "tfrecord")
    return OpenTfRecords(path, split, RecordOptions(spec));
  if (spec.name() == "imagenet") {
    if (IsDirectory(path)) return OpenImageNetFolder(spec, path, split);
    if (absl::EndsWith(path, absl::StrCat("/", kTrainingTar)) ||
        path == kTrainingTar) {
      return OpenImageNetFolder(
          spec, std::string(absl::StripSuffix(path, kTrainingTar)), split);
    }
  }
  return OpenImageFolder(path, split);
}

// Another normalization over the same images.
class Renormalized : public Dataset {
 public:
  Renormalized(DatasetInfo info, std::unique_ptr<Dataset> images)
      : Dataset(std::move(info)), images_(std::move(images)) {}
  int64_t size() const override { return images_->size(); }
  uint32_t checksum() const override { return images_->checksum(); }
  absl::Status Read(int64_t index, std::span<uint8_t> pixels,
                    int32_t* label) const override {
    return images_->Read(index, pixels, label);
  }
  absl::Status ReadRegions(int64_t index, ChooseRegions choose,
                           std::span<uint8_t> pixels,
                           int32_t* label) const override {
    return images_->ReadRegions(index, choose, pixels, label);
  }
  bool LeaveOut(int64_t index, const absl::Status& reason) const override {
    return images_->LeaveOut(index, reason);
  }
  int64_t left_out() const override { return images_->left_out(); }
  const uint8_t* InMemory(int64_t index) const override {
    return images_->InMemory(index);
  }
  int32_t label(int64_t index) const override { return images_->label(index); }

 private:
  const std::unique_ptr<Dataset> images_;
};

}  // namespace

absl::Status ValidateDatasetSpec(const DatasetSpec& spec) {
  const std::string& name = spec.name();
  const bool of_any_size = name == "imagenet" || name == "tfrecord";
  if (name != "synthetic" && name != "cifar10" && name != "imagefolder" &&
      !of_any_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.name: \"", name,
                     "\" is unknown; give synthetic, cifar10, imagefolder, "
                     "imagenet or tfrecord"));
  }
  if ((name == "imagefolder" || name == "tfrecord") && spec.source().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset.source: is missing; ", name, " needs a folder",
        name == "tfrecord" ? "" : ", .tar, .tar.gz", " or .packed file"));
  }
  if (name == "synthetic" && !spec.source().empty()) {
    return absl::InvalidArgumentError(
        "dataset.source: the synthetic dataset is drawn, not read; remove it");
  }
  if (name != "synthetic" && spec.has_synthetic()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset.synthetic: does not apply to ", name, "; remove it"));
  }
  RETURN_IF_ERROR(ValidateSyntheticSpec(spec.synthetic()));
  if (of_any_size && !spec.has_resize()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.resize: is missing; ", name,
                     " has images of any size: resize { crop: 224 }"));
  }
  if (spec.has_resize()) {
    if (!of_any_size && name != "imagefolder") {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset.resize: does not apply to ", name, "; remove it"));
    }
    RETURN_IF_ERROR(ValidateResizeSpec(spec.resize()));
  }
  if ((spec.has_first_label() || spec.has_classes()) && !of_any_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.", spec.has_classes() ? "classes" : "first_label",
                     ": does not apply to ", name, "; remove it"));
  }
  if (spec.has_first_label() && spec.first_label() != 0 &&
      spec.first_label() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset.first_label: ", spec.first_label(), " is not 0 or 1"));
  }
  if (spec.has_classes() && (spec.classes() < 1 || spec.classes() > 1 << 20)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset.classes: ", spec.classes(), " is not 1 to ", 1 << 20));
  }
  if (spec.mean_size() > 0 || spec.std_size() > 0) {
    // All of today's sources are RGB.
    RETURN_IF_ERROR(
        ValidateNormalization({{spec.mean().begin(), spec.mean().end()},
                               {spec.std().begin(), spec.std().end()}},
                              3));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenEncodedImages(
    const DatasetSpec& spec, absl::string_view data_root, Split split) {
  if (!spec.source().empty()) {
    ASSIGN_OR_RETURN(const std::string path, SourcePath(spec, data_root));
    return OpenEncodedPath(spec, path, split);
  }
  for (const char* usual_name : {"imagenet.packed", "imagenet", kTrainingTar}) {
    const std::string path = JoinPath(data_root, usual_name);
    if (FileExists(path)) return OpenEncodedPath(spec, path, split);
  }
  return absl::NotFoundError(
      absl::StrCat(data_root.empty() ? "--data_root" : data_root,
                   ": has none of imagenet.packed, imagenet/, ", kTrainingTar,
                   "; put ImageNet there or give another --data_root"));
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(
    const DatasetSpec& spec, absl::string_view data_root, Split split,
    const OpenOptions& options) {
  RETURN_IF_ERROR(ValidateDatasetSpec(spec));
  std::unique_ptr<Dataset> dataset;
  if (spec.has_resize()) {
    ASSIGN_OR_RETURN(auto images, OpenEncodedImages(spec, data_root, split));
    ASSIGN_OR_RETURN(dataset, Photographs::Create(
                                  std::move(images),
                                  {.name = spec.name(),
                                   .resize = spec.resize(),
                                   .normalization = PhotographNormalization(),
                                   .ten_crop = spec.resize().ten_crop() &&
                                               split == Split::kTest,
                                   .strict = options.strict}));
  } else {
    ASSIGN_OR_RETURN(dataset, OpenNamed(spec, data_root, split));
  }
  if (spec.mean_size() > 0) {
    DatasetInfo info = dataset->info();
    info.normalization = {{spec.mean().begin(), spec.mean().end()},
                          {spec.std().begin(), spec.std().end()}};
    dataset =
        std::make_unique<Renormalized>(std::move(info), std::move(dataset));
  }
  RETURN_IF_ERROR(ValidateNormalization(dataset->normalization(),
                                        dataset->shape().channels));
  return dataset;
}

}  // namespace tritlab
