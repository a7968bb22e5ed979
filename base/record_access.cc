#include "base/record_access.h"

#include <algorithm>

#include "base/record_frame.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// The record whose header these bytes are.
absl::StatusOr<RecordPlace> ParseHeader(const RandomAccessFile& file,
                                        int64_t offset, const char* header) {
  ASSIGN_OR_RETURN(const uint64_t length,
                   RecordDataBytes(file.path(), offset, header));
  if (!RecordFits(length, file.size() - offset))
    return RecordCutOff(file.path(), offset);
  return RecordPlace{offset, static_cast<int64_t>(length)};
}

}  // namespace

absl::StatusOr<RecordPlace> FindRecord(const RandomAccessFile& file,
                                       int64_t offset) {
  if (offset < 0 || file.size() - offset < kRecordHeaderBytes)
    return RecordCutOff(file.path(), offset);
  char header[kRecordHeaderBytes];
  RETURN_IF_ERROR(file.Read(offset, kRecordHeaderBytes, header));
  return ParseHeader(file, offset, header);
}

absl::Status ReadRecordAt(const RandomAccessFile& file,
                          const RecordPlace& place, std::string* data) {
  RETURN_IF_ERROR(CheckRecordMemory(file.path(), place.length));
  RETURN_IF_ERROR(
      file.Read(place.offset, place.length + kRecordFrameBytes, data));
  ASSIGN_OR_RETURN(const RecordPlace found,
                   ParseHeader(file, place.offset, data->data()));
  if (found.length != place.length) {
    return RecordDamage(file.path(), place.offset,
                        "another length than expected");
  }
  const std::string footer = data->substr(kRecordHeaderBytes + place.length);
  data->erase(0, kRecordHeaderBytes);
  data->resize(place.length);
  return CheckRecordData(file.path(), place.offset, *data, footer.data());
}

absl::Status ForEachRecord(
    const RandomAccessFile& file,
    absl::FunctionRef<void(const RecordPlace& place, uint32_t masked_crc)>
        visit) {
  if (file.size() == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(RecordPlace place, FindRecord(file, 0));
  while (true) {
    // A record's last bytes and the header of the next one.
    const int64_t footer = place.offset + kRecordHeaderBytes + place.length;
    const int64_t next = footer + kRecordFooterBytes;
    char bytes[kRecordFooterBytes + kRecordHeaderBytes];
    const int64_t count =
        std::min<int64_t>(sizeof(bytes), file.size() - footer);
    RETURN_IF_ERROR(file.Read(footer, count, bytes));
    visit(place, RecordChecksum(bytes));
    if (next == file.size()) return absl::OkStatus();
    if (count < static_cast<int64_t>(sizeof(bytes)))
      return RecordCutOff(file.path(), next);
    ASSIGN_OR_RETURN(place,
                     ParseHeader(file, next, bytes + kRecordFooterBytes));
  }
}

}  // namespace tritlab
