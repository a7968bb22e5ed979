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
#include "datasets/synthetic.h"

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
  if (absl::EndsWith(path, ".packed")) return ReadPackedDataset(path, split);
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
    const std::string path = JoinPath(data_root, spec.source());
    if (!FileExists(path)) {
      return absl::NotFoundError(absl::StrCat(
          path, ": does not exist; correct dataset.source or --data_root"));
    }
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
      "cifar10.packed; put CIFAR-10 there or give another --data_root"));
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
  if (name != "synthetic" && name != "cifar10" && name != "imagefolder") {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.name: \"", name,
                     "\" is unknown; give synthetic, cifar10 or imagefolder"));
  }
  if (name == "imagefolder" && spec.source().empty()) {
    return absl::InvalidArgumentError(
        "dataset.source: is missing; an imagefolder needs a folder, .tar, "
        ".tar.gz or .packed file");
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
  if (spec.mean_size() > 0 || spec.std_size() > 0) {
    // All of today's sources are RGB.
    RETURN_IF_ERROR(
        ValidateNormalization({{spec.mean().begin(), spec.mean().end()},
                               {spec.std().begin(), spec.std().end()}},
                              3));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(
    const DatasetSpec& spec, absl::string_view data_root, Split split) {
  RETURN_IF_ERROR(ValidateDatasetSpec(spec));
  ASSIGN_OR_RETURN(std::unique_ptr<Dataset> dataset,
                   OpenNamed(spec, data_root, split));
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
