// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), the checksum of
// TFRecord files, and of datasets and checkpoints here. Uses the SSE4.2
// instruction where the processor has it, a table elsewhere.
#ifndef TRITLAB_BASE_CRC32C_H_
#define TRITLAB_BASE_CRC32C_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace tritlab {

// The checksum of A followed by B is ExtendCrc32c(Crc32c(A), B).
uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size);

inline uint32_t Crc32c(const void* data, size_t size) {
  return ExtendCrc32c(0, data, size);
}
inline uint32_t Crc32c(absl::string_view bytes) {
  return Crc32c(bytes.data(), bytes.size());
}

// TFRecord stores checksums masked, so that the checksum of bytes that hold
// checksums themselves stays meaningful.
inline uint32_t MaskCrc32c(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

namespace internal {
// The table version, for tests and for processors without SSE4.2.
uint32_t ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size);
}  // namespace internal

}  // namespace tritlab

#endif  // TRITLAB_BASE_CRC32C_H_
