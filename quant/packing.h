// Codes to bytes and back, in two ways.
//
// Bits: code i takes bits [i * bits, (i + 1) * bits) of the byte string, lowest
// bits first; the last byte is filled with zeros.
//
// Trits: five codes of 0, 1 or 2 a byte (1.6 bits each): byte j is the sum of
// codes[5 j + k] 3^k, at most 242; the last byte is filled with zeros.
#ifndef TRITLAB_QUANT_PACKING_H_
#define TRITLAB_QUANT_PACKING_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "quant/quantizer.h"

namespace tritlab {

// The bytes that `count` codes of `bits` bits (1 to 8) take.
int64_t PackedBytes(int64_t count, int bits);

// InvalidArgument when a code does not fit into `bits` bits, or bits is not 1
// to 8.
absl::StatusOr<std::string> PackCodes(std::span<const uint8_t> codes, int bits);

// InvalidArgument when `packed` is not PackedBytes(count, bits) long.
absl::StatusOr<std::vector<uint8_t>> UnpackCodes(absl::string_view packed,
                                                 int64_t count, int bits);

// Likewise for trits. InvalidArgument when a code is above 2, `packed` has
// another length, or a byte is no sum of five trits.
int64_t PackedTritBytes(int64_t count);
absl::StatusOr<std::string> PackTrits(std::span<const uint8_t> codes);
absl::StatusOr<std::vector<uint8_t>> UnpackTrits(absl::string_view packed,
                                                 int64_t count);

// Whether trits are the shortest way: three values at most, and more than a
// bit.
bool IsTernary(const CodedWeights& coded);

// What coded weights take: ternary codes as trits, others as bits, and the
// values of the codebook and the channels' scales in f32.
int64_t PackedBytes(const CodedWeights& coded);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_PACKING_H_
