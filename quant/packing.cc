#include "quant/packing.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace tritlab {
namespace {

constexpr size_t kTritsOfByte = 5;
constexpr int kLargestTritByte = 242;  // 3^5 - 1

absl::Status CheckBits(int bits) {
  if (bits >= 1 && bits <= 8) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("a code has %d bits; it must have 1 to 8", bits));
}

}  // namespace

int64_t PackedBytes(int64_t count, int bits) { return (count * bits + 7) / 8; }

absl::StatusOr<std::string> PackCodes(std::span<const uint8_t> codes,
                                      int bits) {
  if (absl::Status status = CheckBits(bits); !status.ok()) return status;
  std::string packed(PackedBytes(static_cast<int64_t>(codes.size()), bits),
                     '\0');
  uint32_t pending = 0;
  int pending_bits = 0;
  size_t next = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >> bits != 0) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "code %d is %d; it does not fit into %d bits", i, codes[i], bits));
    }
    pending |= static_cast<uint32_t>(codes[i]) << pending_bits;
    pending_bits += bits;
    if (pending_bits >= 8) {
      packed[next++] = static_cast<char>(pending & 0xff);
      pending >>= 8;
      pending_bits -= 8;
    }
  }
  if (pending_bits > 0) packed[next] = static_cast<char>(pending);
  return packed;
}

absl::StatusOr<std::vector<uint8_t>> UnpackCodes(absl::string_view packed,
                                                 int64_t count, int bits) {
  if (absl::Status status = CheckBits(bits); !status.ok()) return status;
  if (count < 0 ||
      static_cast<int64_t>(packed.size()) != PackedBytes(count, bits)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d codes of %d bits do not take %d bytes", count, bits,
                        packed.size()));
  }
  std::vector<uint8_t> codes(count);
  const uint32_t mask = (1u << bits) - 1;
  uint32_t pending = 0;
  int pending_bits = 0;
  size_t next = 0;
  for (uint8_t& code : codes) {
    if (pending_bits < bits) {
      pending |= static_cast<uint32_t>(static_cast<uint8_t>(packed[next++]))
                 << pending_bits;
      pending_bits += 8;
    }
    code = static_cast<uint8_t>(pending & mask);
    pending >>= bits;
    pending_bits -= bits;
  }
  return codes;
}

int64_t PackedTritBytes(int64_t count) {
  return (count + kTritsOfByte - 1) / kTritsOfByte;
}

absl::StatusOr<std::string> PackTrits(std::span<const uint8_t> codes) {
  std::string packed(PackedTritBytes(static_cast<int64_t>(codes.size())), '\0');
  for (size_t byte = 0; byte < packed.size(); ++byte) {
    int value = 0, weight = 1;
    const size_t begin = byte * kTritsOfByte;
    const size_t end = std::min(begin + kTritsOfByte, codes.size());
    for (size_t i = begin; i < end; ++i) {
      if (codes[i] > 2) {
        return absl::InvalidArgumentError(
            absl::StrFormat("code %d is %d; a trit is 0, 1 or 2", i, codes[i]));
      }
      value += codes[i] * weight;
      weight *= 3;
    }
    packed[byte] = static_cast<char>(value);
  }
  return packed;
}

absl::StatusOr<std::vector<uint8_t>> UnpackTrits(absl::string_view packed,
                                                 int64_t count) {
  if (count < 0 ||
      static_cast<int64_t>(packed.size()) != PackedTritBytes(count)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d trits do not take %d bytes", count, packed.size()));
  }
  std::vector<uint8_t> codes(count);
  for (size_t byte = 0; byte < packed.size(); ++byte) {
    int value = static_cast<uint8_t>(packed[byte]);
    if (value > kLargestTritByte) {
      return absl::InvalidArgumentError(
          absl::StrFormat("byte %d is %d; five trits are at most %d", byte,
                          value, kLargestTritByte));
    }
    const size_t begin = byte * kTritsOfByte;
    const size_t end = std::min(begin + kTritsOfByte, codes.size());
    for (size_t i = begin; i < end; ++i) {
      codes[i] = static_cast<uint8_t>(value % 3);
      value /= 3;
    }
  }
  return codes;
}

bool IsTernary(const CodedWeights& coded) {
  return coded.codebook.size() <= 3 && coded.bits > 1;
}

int64_t PackedBytes(const CodedWeights& coded) {
  const auto count = static_cast<int64_t>(coded.codes.size());
  const auto floats =
      static_cast<int64_t>(coded.codebook.size() + coded.channel_scales.size());
  return (IsTernary(coded) ? PackedTritBytes(count)
                           : PackedBytes(count, coded.bits)) +
         floats * static_cast<int64_t>(sizeof(float));
}

}  // namespace tritlab
