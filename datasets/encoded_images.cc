#include "datasets/encoded_images.h"

#include "base/crc32c.h"
#include "base/memory.h"

namespace tritlab {
namespace {

constexpr int64_t kChecksumBytes = int64_t{1} << 30;

}  // namespace

bool IsOfOneImage(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsDataLoss(status) ||
         absl::IsNotFound(status);
}

void ImageIndex::Add(absl::string_view name, int32_t label, int64_t offset,
                     int64_t size) {
  names_.append(name.data(), name.size());
  entries_.push_back(
      {static_cast<int64_t>(names_.size()), offset, size, label});
}

absl::string_view ImageIndex::name(int64_t index) const {
  const int64_t begin = index == 0 ? 0 : entries_[index - 1].name_end;
  return absl::string_view(names_).substr(begin,
                                          entries_[index].name_end - begin);
}

uint32_t ImageIndex::checksum() const {
  uint32_t crc = 0;
  for (int64_t i = 0; i < size(); ++i) {
    crc = ExtendCrc32c(crc, &entries_[i].label, sizeof(int32_t));
    crc = ExtendCrc32c(crc, &entries_[i].bytes, sizeof(int64_t));
    crc = ExtendCrc32c(crc, name(i).data(), name(i).size());
  }
  return crc;
}

int64_t ChecksumStride(const ImageIndex& index, int64_t most_bytes) {
  int64_t stride = 1;
  for (; stride < index.size(); ++stride) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < index.size(); i += stride) bytes += index.bytes(i);
    if (bytes <= most_bytes) break;
  }
  return stride;
}

absl::StatusOr<uint32_t> ContentsChecksum(
    const ImageIndex& index,
    absl::FunctionRef<absl::StatusOr<uint32_t>(int64_t image)> contents_crc) {
  const int64_t stride = ChecksumStride(index, kChecksumBytes);
  std::vector<absl::StatusOr<uint32_t>> found((index.size() + stride - 1) /
                                              stride);
#pragma omp parallel for schedule(dynamic, 64)
  for (size_t i = 0; i < found.size(); ++i)
    found[i] = WithinMemory("the images' checksum", [&] {
      return contents_crc(static_cast<int64_t>(i) * stride);
    });
  const uint32_t of_index = index.checksum();
  uint32_t crc = Crc32c(&of_index, sizeof(of_index));
  for (const absl::StatusOr<uint32_t>& of_image : found) {
    if (!of_image.ok() && !IsOfOneImage(of_image.status()))
      return of_image.status();
    const uint32_t of_contents = of_image.value_or(0);
    crc = ExtendCrc32c(crc, &of_contents, sizeof(of_contents));
  }
  return crc;
}

}  // namespace tritlab
