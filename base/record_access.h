// Record files (record_file.h) read at any place.
#ifndef TRITLAB_BASE_RECORD_ACCESS_H_
#define TRITLAB_BASE_RECORD_ACCESS_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random_access_file.h"

namespace tritlab {

struct RecordPlace {
  int64_t offset = 0;  // where the record begins, in bytes
  int64_t length = 0;  // of its data
};

// Finds the record that begins at `offset`. Its length's checksum is verified.
// DataLoss, naming file and byte: there is none, or it is cut off.
absl::StatusOr<RecordPlace> FindRecord(const RandomAccessFile& file,
                                       int64_t offset);

// Its data. Length and checksum are verified. DataLoss: damage.
// ResourceExhausted: larger than the memory.
absl::Status ReadRecordAt(const RandomAccessFile& file,
                          const RecordPlace& place, std::string* data);

// All records from the first to the last, by their lengths alone, with the
// checksum that is stored with their data.
absl::Status ForEachRecord(
    const RandomAccessFile& file,
    absl::FunctionRef<void(const RecordPlace& place, uint32_t masked_crc)>
        visit);

}  // namespace tritlab

#endif  // TRITLAB_BASE_RECORD_ACCESS_H_
