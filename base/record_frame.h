// The frame of a record in TFRecord files, little-endian, around its data:
//
//   u64 length | u32 masked CRC-32C of length | data | u32 masked CRC-32C of
//   data
//
// record_file.h and record_access.h write and read such files.
#ifndef TRITLAB_BASE_RECORD_FRAME_H_
#define TRITLAB_BASE_RECORD_FRAME_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// What comes before the data, and what comes after it.
inline constexpr int64_t kRecordHeaderBytes = 12;
inline constexpr int64_t kRecordFooterBytes = 4;
// What a record takes in a file beside its data.
inline constexpr int64_t kRecordFrameBytes =
    kRecordHeaderBytes + kRecordFooterBytes;

std::string RecordHeader(uint64_t data_bytes);
std::string RecordFooter(absl::string_view data);

// DataLoss, "PATH: WHAT in the record at byte OFFSET".
absl::Status RecordDamage(absl::string_view path, int64_t offset,
                          absl::string_view what);
// Of one that the file ends before.
absl::Status RecordCutOff(absl::string_view path, int64_t offset);

// The length, in bytes, of the data that comes after these kRecordHeaderBytes.
// It may be more than the file has. DataLoss: its checksum does not match.
absl::StatusOr<uint64_t> RecordDataBytes(absl::string_view path, int64_t offset,
                                         const char* header);

// Whether `left` bytes of a file, from the record's beginning on, have room for
// so much data in its frame.
bool RecordFits(uint64_t data_bytes, int64_t left);

// ResourceExhausted for more than the memory: a sparse file has room for any
// length.
absl::Status CheckRecordMemory(absl::string_view path, int64_t data_bytes);

// The masked checksum that these kRecordFooterBytes hold.
uint32_t RecordChecksum(const char* footer);

// DataLoss: the checksum of the data is not the footer's.
absl::Status CheckRecordData(absl::string_view path, int64_t offset,
                             absl::string_view data, const char* footer);

}  // namespace tritlab

#endif  // TRITLAB_BASE_RECORD_FRAME_H_
