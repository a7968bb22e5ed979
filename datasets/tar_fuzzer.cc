// Tar files of images: as an image folder, and as ImageNet's training images,
// a tar file of tar files. Each input as it is, and once more with the members'
// checksums made right, which no blind change would get past.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "datasets/encoded_images.h"
#include "datasets/image_folder.h"
#include "datasets/mended_tar.h"
#include "datasets/tar_writer.h"
#include "datasets/training_tars.h"

namespace tritlab {
namespace {

void ReadAll(const absl::StatusOr<std::unique_ptr<EncodedImages>>& images) {
  if (!images.ok()) return;
  std::string bytes;
  int32_t label;
  for (int64_t i = 0; i < (*images)->size(); ++i) {
    if ((*images)->Read(i, &bytes, &label).ok() &&
        (label < 0 ||
         label >= static_cast<int32_t>((*images)->class_names().size()))) {
      std::abort();
    }
  }
}

void Read(absl::string_view bytes) {
  static InputFile file{kTrainingTar};
  file.Set(bytes);
  ReadAll(OpenImageFolder(file.path(), Split::kTrain));
  ReadAll(OpenImageFolder(file.path(), Split::kTest));
  ReadAll(OpenTrainingTars(file.folder(), Split::kTrain));
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const TarFiles images = {{"set/classes.txt", "cat tabby\n"},
                           {"set/train/cat/1.jpg", "first"},
                           {"set/train/dog/2.jpg", std::string(600, 'x')},
                           {"set/val/cat/", ""},
                           {"set/val/cat/3.jpg", "third"},
                           {"set/link", "-> /etc/passwd"}};
  const std::string of_class = MakeTar({{"a.JPEG", "one"}, {"b.JPEG", "two"}});
  return {MakeTar(images), MakeTar(images, /*gzip=*/true),
          MakeTar({{"n01.tar", of_class}, {"n02.tar", of_class}})};
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  tritlab::Read(bytes);
  const std::string mended = tritlab::MendedTar(bytes);
  if (mended != bytes) tritlab::Read(mended);
  return 0;
}
