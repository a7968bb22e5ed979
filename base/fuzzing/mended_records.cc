#include "base/fuzzing/mended_records.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/record_file.h"
#include "base/record_frame.h"

namespace tritlab {

std::string MendedRecords(absl::string_view bytes) {
  std::string mended;
  while (bytes.size() >= kRecordFrameBytes) {
    uint64_t length;
    std::memcpy(&length, bytes.data(), sizeof(length));
    length = std::min<uint64_t>(length, bytes.size() - kRecordFrameBytes);
    mended += FrameRecord(bytes.substr(kRecordHeaderBytes, length));
    bytes.remove_prefix(length + kRecordFrameBytes);
  }
  return mended;
}

}  // namespace tritlab
