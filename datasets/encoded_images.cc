#include "datasets/encoded_images.h"

#include "base/crc32c.h"

namespace tritlab {

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

}  // namespace tritlab
