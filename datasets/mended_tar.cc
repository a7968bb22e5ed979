#include "datasets/mended_tar.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace tritlab {
namespace {

constexpr size_t kBlock = 512;

// The checksum of a member's header: its bytes' sum, itself counted as spaces.
void MendHeader(char* header) {
  constexpr size_t kAt = 148, kLength = 8;
  std::fill_n(header + kAt, kLength, ' ');
  unsigned sum = 0;
  for (size_t i = 0; i < kBlock; ++i)
    sum += static_cast<unsigned char>(header[i]);
  std::snprintf(header + kAt, kLength, "%06o", sum);
}

}  // namespace

std::string MendedTar(std::string bytes) {
  constexpr size_t kSizeAt = 124, kSizeLength = 11;
  size_t at = 0;
  while (at + kBlock <= bytes.size() && bytes[at] != '\0') {
    MendHeader(bytes.data() + at);
    const std::string size = bytes.substr(at + kSizeAt, kSizeLength);
    const size_t contents =
        std::min<size_t>(std::strtoull(size.c_str(), nullptr, 8), bytes.size());
    at += kBlock + (contents + kBlock - 1) / kBlock * kBlock;
  }
  return bytes;
}

}  // namespace tritlab
