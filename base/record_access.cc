#include "base/record_access.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kHeaderBytes = 12;
constexpr int64_t kFooterBytes = 4;

// TFRecord is little-endian.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <typename T>
T LoadInteger(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

absl::Status Damage(const RandomAccessFile& file, int64_t offset,
                    absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat(file.path(), ": ", what, " in the record at byte ", offset));
}

// The record whose header these bytes are.
absl::StatusOr<RecordPlace> ParseHeader(const RandomAccessFile& file,
                                        int64_t offset, const char* header) {
  if (LoadInteger<uint32_t>(header + 8) != MaskCrc32c(Crc32c(header, 8)))
    return Damage(file, offset, "damaged length (checksum does not match)");
  const auto length = LoadInteger<uint64_t>(header);
  const int64_t left = file.size() - offset - kRecordFrameBytes;
  if (left < 0 || length > static_cast<uint64_t>(left))
    return Damage(file, offset, "cut off");
  return RecordPlace{offset, static_cast<int64_t>(length)};
}

}  // namespace

absl::StatusOr<RecordPlace> FindRecord(const RandomAccessFile& file,
                                       int64_t offset) {
  if (offset < 0 || file.size() - offset < kHeaderBytes)
    return Damage(file, offset, "cut off");
  char header[kHeaderBytes];
  RETURN_IF_ERROR(file.Read(offset, kHeaderBytes, header));
  return ParseHeader(file, offset, header);
}

absl::Status ReadRecordAt(const RandomAccessFile& file,
                          const RecordPlace& place, std::string* data) {
  RETURN_IF_ERROR(
      file.Read(place.offset, place.length + kRecordFrameBytes, data));
  ASSIGN_OR_RETURN(const RecordPlace found,
                   ParseHeader(file, place.offset, data->data()));
  if (found.length != place.length)
    return Damage(file, place.offset, "another length than expected");
  const auto stored =
      LoadInteger<uint32_t>(data->data() + kHeaderBytes + place.length);
  data->erase(0, kHeaderBytes);
  data->resize(place.length);
  if (stored == MaskCrc32c(Crc32c(*data))) return absl::OkStatus();
  return Damage(file, place.offset, "damaged data (checksum does not match)");
}

absl::Status ForEachRecord(
    const RandomAccessFile& file,
    absl::FunctionRef<void(const RecordPlace& place, uint32_t masked_crc)>
        visit) {
  if (file.size() == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(RecordPlace place, FindRecord(file, 0));
  while (true) {
    // A record's last bytes and the header of the next one.
    const int64_t footer = place.offset + kHeaderBytes + place.length;
    const int64_t next = footer + kFooterBytes;
    char bytes[kFooterBytes + kHeaderBytes];
    const int64_t count =
        std::min<int64_t>(sizeof(bytes), file.size() - footer);
    RETURN_IF_ERROR(file.Read(footer, count, bytes));
    visit(place, LoadInteger<uint32_t>(bytes));
    if (next == file.size()) return absl::OkStatus();
    if (count < static_cast<int64_t>(sizeof(bytes)))
      return Damage(file, next, "cut off");
    ASSIGN_OR_RETURN(place, ParseHeader(file, next, bytes + kFooterBytes));
  }
}

}  // namespace tritlab
