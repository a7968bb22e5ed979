#include "datasets/dataset.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "datasets/resample.h"

namespace tritlab {

const char* SplitName(Split split) {
  return split == Split::kTrain ? "train" : "test";
}

absl::Status CheckImageMemory(absl::string_view source, int64_t images,
                              const ImageShape& shape) {
  return CheckMemory(
      absl::StrCat(source, ": ", images, " images of ", shape.height, "x",
                   shape.width, "x", shape.channels),
      static_cast<double>(images) * shape.size(),
      "use smaller or fewer images");
}

absl::Status Dataset::ReadRegions(int64_t index, ChooseRegions choose,
                                  std::span<uint8_t> pixels,
                                  int32_t* label) const {
  std::vector<uint8_t> image(shape().size());
  RETURN_IF_ERROR(Read(index, image, label));
  const ImageSize size{shape().height, shape().width};
  uint8_t* output = pixels.data();
  for (const Region& region : choose(size)) {
    assert(output + shape().size() <= pixels.data() + pixels.size());
    Resample(image.data(), size, shape().channels, region, size, output);
    output += shape().size();
  }
  return absl::OkStatus();
}

bool Dataset::LeaveOut(int64_t /*index*/,
                       const absl::Status& /*reason*/) const {
  return false;
}

absl::StatusOr<std::unique_ptr<MemoryDataset>> MemoryDataset::Create(
    DatasetInfo info, std::vector<uint8_t> pixels,
    std::vector<int32_t> labels) {
  const int64_t images = static_cast<int64_t>(labels.size());
  if (info.shape.height <= 0 || info.shape.width <= 0 ||
      info.shape.channels <= 0 ||
      static_cast<int64_t>(pixels.size()) != images * info.shape.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(info.source, ": ", pixels.size(), " bytes are not ",
                     images, " images of ", info.shape.height, "x",
                     info.shape.width, "x", info.shape.channels));
  }
  const int32_t classes = static_cast<int32_t>(info.class_names.size());
  for (int64_t i = 0; i < images; ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      return absl::InvalidArgumentError(
          absl::StrCat(info.source, ": image ", i, " has label ", labels[i],
                       " where ", classes, " classes are known"));
    }
  }
  return std::unique_ptr<MemoryDataset>(
      new MemoryDataset(std::move(info), std::move(pixels), std::move(labels)));
}

MemoryDataset::MemoryDataset(DatasetInfo info, std::vector<uint8_t> pixels,
                             std::vector<int32_t> labels)
    : Dataset(std::move(info)),
      pixels_(std::move(pixels)),
      labels_(std::move(labels)),
      checksum_(
          ExtendCrc32c(Crc32c(labels_.data(), labels_.size() * sizeof(int32_t)),
                       pixels_.data(), pixels_.size())) {}

absl::Status MemoryDataset::Read(int64_t index, std::span<uint8_t> pixels,
                                 int32_t* label) const {
  if (index < 0 || index >= size() ||
      static_cast<int64_t>(pixels.size()) != shape().size()) {
    return absl::OutOfRangeError(absl::StrCat(
        source(), ": there is no image ", index, " of ", pixels.size(),
        " bytes in ", size(), " images of ", shape().size()));
  }
  std::memcpy(pixels.data(), InMemory(index), pixels.size());
  *label = labels_[index];
  return absl::OkStatus();
}

}  // namespace tritlab
