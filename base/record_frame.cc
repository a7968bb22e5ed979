#include "base/record_frame.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/memory.h"

namespace tritlab {
namespace {

// TFRecord is little-endian, and so is every processor oneDNN's kernels here
// are built for.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <typename T>
void AppendInteger(T value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
T LoadInteger(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace

std::string RecordHeader(uint64_t data_bytes) {
  std::string header;
  AppendInteger<uint64_t>(data_bytes, &header);
  AppendInteger<uint32_t>(MaskCrc32c(Crc32c(header)), &header);
  return header;
}

std::string RecordFooter(absl::string_view data) {
  std::string footer;
  AppendInteger<uint32_t>(MaskCrc32c(Crc32c(data)), &footer);
  return footer;
}

absl::Status RecordDamage(absl::string_view path, int64_t offset,
                          absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat(path, ": ", what, " in the record at byte ", offset));
}

absl::Status RecordCutOff(absl::string_view path, int64_t offset) {
  return RecordDamage(path, offset, "cut off");
}

absl::StatusOr<uint64_t> RecordDataBytes(absl::string_view path, int64_t offset,
                                         const char* header) {
  constexpr int kLengthBytes = sizeof(uint64_t);
  if (LoadInteger<uint32_t>(header + kLengthBytes) !=
      MaskCrc32c(Crc32c(header, kLengthBytes))) {
    return RecordDamage(path, offset,
                        "damaged length (checksum does not match)");
  }
  return LoadInteger<uint64_t>(header);
}

bool RecordFits(uint64_t data_bytes, int64_t left) {
  return left >= kRecordFrameBytes &&
         data_bytes <= static_cast<uint64_t>(left - kRecordFrameBytes);
}

absl::Status CheckRecordMemory(absl::string_view path, int64_t data_bytes) {
  return CheckMemory(path, static_cast<double>(data_bytes),
                     "a record that large is damaged or a larger machine's");
}

uint32_t RecordChecksum(const char* footer) {
  return LoadInteger<uint32_t>(footer);
}

absl::Status CheckRecordData(absl::string_view path, int64_t offset,
                             absl::string_view data, const char* footer) {
  if (RecordChecksum(footer) == MaskCrc32c(Crc32c(data)))
    return absl::OkStatus();
  return RecordDamage(path, offset, "damaged data (checksum does not match)");
}

}  // namespace tritlab
