// A fuzzer of a reader with a mistake in it, to see that a bounded run finds
// mistakes and keeps the input: a length field that is believed.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/fuzzing/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t length = 0;
  if (size < 8 || std::memcmp(data, "data", 4) != 0) return 0;
  std::memcpy(&length, data + 4, sizeof(length));
  if (length > 1u << 30) std::abort();
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  return {std::string("data\1\0\0\0x", 9)};
}
