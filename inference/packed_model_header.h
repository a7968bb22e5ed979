// The 64 bytes that a model.trit begins with; packed_model.proto says what
// stands in them.
#ifndef TRITLAB_INFERENCE_PACKED_MODEL_HEADER_H_
#define TRITLAB_INFERENCE_PACKED_MODEL_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace tritlab::packed_model_header {

inline constexpr absl::string_view kMagic("\x89TRIT\r\n\x1a", 8);
inline constexpr uint32_t kNewestVersion = 2;
inline constexpr size_t kBytes = 64;

// Where the fields stand.
inline constexpr size_t kVersionAt = 8;
inline constexpr size_t kChecksumAt = 12;
inline constexpr size_t kFileBytesAt = 16;
inline constexpr size_t kDescriptionBytesAt = 24;
// The checksum covers everything from here on.
inline constexpr size_t kChecksumEnd = 16;

template <typename T>
void Put(T value, size_t at, std::string& file) {
  std::memcpy(file.data() + at, &value, sizeof(value));
}
template <typename T>
T Get(absl::string_view file, size_t at) {
  T value;
  std::memcpy(&value, file.data() + at, sizeof(value));
  return value;
}

}  // namespace tritlab::packed_model_header

#endif  // TRITLAB_INFERENCE_PACKED_MODEL_HEADER_H_
