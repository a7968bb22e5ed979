#include "base/fuzzing/mended_records.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/record_file.h"

namespace tritlab {
namespace {

constexpr size_t kHeaderBytes = 12;  // length and its checksum
constexpr size_t kFooterBytes = 4;

}  // namespace

std::string MendedRecords(absl::string_view bytes) {
  std::string mended;
  while (bytes.size() >= kHeaderBytes + kFooterBytes) {
    uint64_t length;
    std::memcpy(&length, bytes.data(), sizeof(length));
    length =
        std::min<uint64_t>(length, bytes.size() - kHeaderBytes - kFooterBytes);
    mended += FrameRecord(bytes.substr(kHeaderBytes, length));
    bytes.remove_prefix(kHeaderBytes + length + kFooterBytes);
  }
  return mended;
}

}  // namespace tritlab
