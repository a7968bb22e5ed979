// Packed datasets of both kinds: the bytes as they are, and once more with the
// records' checksums made right.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "base/fuzzing/mended_records.h"
#include "datasets/dataset.h"
#include "datasets/encoded_images.h"
#include "datasets/jpeg_writer.h"
#include "datasets/packed.h"
#include "datasets/packed_photographs.h"

namespace tritlab {
namespace {

void ReadAll(const Dataset& dataset) {
  std::vector<uint8_t> pixels(dataset.shape().size());
  int32_t label;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    if (!dataset.Read(i, pixels, &label).ok() || label < 0 ||
        label >= dataset.classes()) {
      std::abort();
    }
  }
}

void ReadAll(const EncodedImages& images) {
  std::string bytes;
  int32_t label;
  for (int64_t i = 0; i < images.size(); ++i) {
    images.Read(i, &bytes, &label).IgnoreError();
    if (images.Name(i).empty()) std::abort();
  }
}

void Read(absl::string_view bytes) {
  static InputFile file("fuzzed.packed");
  file.Set(bytes);
  for (const Split split : {Split::kTrain, Split::kTest}) {
    const auto dataset = ReadPackedDataset(file.path(), split);
    if (dataset.ok()) ReadAll(**dataset);
    const auto images = OpenPackedPhotographs(file.path(), split);
    if (images.ok()) ReadAll(**images);
  }
}

class TwoImages : public EncodedImages {
 public:
  TwoImages() : EncodedImages("two", {"cat", "dog"}) {}
  int64_t size() const override { return 2; }
  std::string Name(int64_t index) const override {
    return index == 0 ? "two/first.jpg" : "two/second.jpg";
  }
  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override {
    *bytes = PlainJpeg(8, 8, 10, 20, 30);
    *label = static_cast<int32_t>(index);
    return absl::OkStatus();
  }
  absl::StatusOr<uint32_t> Checksum() const override { return 1; }
};

std::string OfOneSize(const std::string& path) {
  DatasetInfo info;
  info.name = "fuzzed";
  info.shape = {2, 2, 3};
  info.class_names = {"cat", "dog"};
  info.normalization = {{0.5f, 0.5f, 0.5f}, {0.25f, 0.25f, 0.25f}};
  const auto images = *MemoryDataset::Create(
      std::move(info), std::vector<uint8_t>(3 * 12, 7), {0, 1, 0});
  if (!WritePackedDataset(path, images.get(), images.get()).ok()) std::abort();
  return *ReadFile(path);
}

std::string OfAnySize(const std::string& path) {
  const TwoImages images;
  if (!WritePackedPhotographs(path, "fuzzed", &images, &images, true).ok())
    std::abort();
  return *ReadFile(path);
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const InputFile file("seed.packed");
  return {OfOneSize(file.path()), OfAnySize(file.path())};
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  tritlab::Read(bytes);
  tritlab::Read(tritlab::MendedRecords(bytes));
  return 0;
}
