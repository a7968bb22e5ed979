// Codes to bytes and back. Code i takes bits [i * bits, (i + 1) * bits) of the
// byte string, lowest bits first; the last byte is filled with zeros.
#ifndef TRITLAB_QUANT_PACKING_H_
#define TRITLAB_QUANT_PACKING_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"

namespace tritlab {

// The bytes that `count` codes of `bits` bits (1 to 8) take.
int64_t PackedBytes(int64_t count, int bits);

// InvalidArgument when a code does not fit into `bits` bits, or bits is not 1
// to 8.
absl::StatusOr<std::string> PackCodes(std::span<const uint8_t> codes, int bits);

// InvalidArgument when `packed` is not PackedBytes(count, bits) long.
absl::StatusOr<std::vector<uint8_t>> UnpackCodes(const std::string& packed,
                                                 int64_t count, int bits);

// What the codebook takes beside the codes: its values in f32, save for zero,
// which none needs to store, and the channels' scales.
int64_t CodebookBytes(const CodedWeights& coded);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_PACKING_H_
