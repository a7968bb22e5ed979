// TFRecord files of tf.Example: the bytes as they are, and once more with the
// records' checksums made right.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "base/fuzzing/mended_records.h"
#include "base/record_file.h"
#include "datasets/tf_example.pb.h"
#include "datasets/tf_records.h"

namespace tritlab {
namespace {

constexpr int kClasses = 10;

void Read(absl::string_view bytes) {
  static InputFile file("train-00000-of-00001");
  file.Set(bytes);
  const auto images =
      OpenTfRecords(file.folder(), Split::kTrain, {.classes = kClasses});
  if (!images.ok()) return;
  std::string image;
  int32_t label;
  for (int64_t i = 0; i < (*images)->size(); ++i) {
    if ((*images)->Read(i, &image, &label).ok() &&
        (label < 0 || label >= kClasses)) {
      std::abort();
    }
  }
}

std::string Example(absl::string_view image, int64_t label) {
  tf::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["image/encoded"].mutable_bytes_list()->add_value(std::string(image));
  features["image/class/label"].mutable_int64_list()->add_value(label);
  features["image/width"].mutable_float_list()->add_value(1);
  return example.SerializeAsString();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {FrameRecord(Example("\xff\xd8 an image", 3)) +
              FrameRecord(Example("another", 10)),
          FrameRecord("") + FrameRecord("no example")};
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  tritlab::Read(bytes);
  tritlab::Read(tritlab::MendedRecords(bytes));
  return 0;
}
