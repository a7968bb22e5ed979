#include "inference/test_images_flags.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/flags/flag.h"
#include "base/file.h"
#include "datasets/dataset_flags.h"
#include "inference/test_images.h"

ABSL_FLAG(std::string, data_root, "data",
          "the folder that holds datasets under their usual names");
ABSL_FLAG(std::string, dataset, "cifar10",
          "synthetic, cifar10, imagenet, or imagefolder or tfrecord (which "
          "need --source)");
ABSL_FLAG(std::string, source, "",
          "a folder, archive or .packed file to read instead of the usual "
          "names");
ABSL_FLAG(int32_t, shorter_side, 0,
          "of photographs before the crop that the model sees; 0: 256 for a "
          "crop of 224, and likewise");
ABSL_FLAG(int32_t, first_label, 1, "of tfrecord: the first class's, 0 or 1");
ABSL_FLAG(int32_t, classes, 1000,
          "of tfrecord: how many there are, where no classes.txt names them");
ABSL_FLAG(bool, strict, false,
          "stop at a photograph that cannot be read, rather than leave it out");

namespace tritlab {
namespace {

// A relative path is meant from where the user stands, as of all flags; a
// dataset would look for it below --data_root.
std::string FromUser(const std::string& path) {
  std::error_code error;
  const auto absolute =
      std::filesystem::absolute(FromWorkingDirectory(path), error);
  return error ? path : absolute.string();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenTestImagesOfFlags(
    const ImageShape& shape) {
  DatasetSpec spec;
  spec.set_name(absl::GetFlag(FLAGS_dataset));
  if (const std::string source = absl::GetFlag(FLAGS_source); !source.empty())
    spec.set_source(FromUser(source));
  if (const int side = absl::GetFlag(FLAGS_shorter_side); side != 0)
    spec.mutable_resize()->set_shorter_side(side);
  if (spec.name() == "imagenet" || spec.name() == "tfrecord") {
    spec.set_first_label(absl::GetFlag(FLAGS_first_label));
    spec.set_classes(absl::GetFlag(FLAGS_classes));
  }
  auto images = OpenTestImages(
      std::move(spec), FromWorkingDirectory(absl::GetFlag(FLAGS_data_root)),
      shape, {.strict = absl::GetFlag(FLAGS_strict)});
  if (!images.ok()) return InFlags(images.status(), "--shorter_side");
  return images;
}

}  // namespace tritlab
