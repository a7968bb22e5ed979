// Signed bytes of few different values, as a ternary or power-of-two layer's
// weights are: held at 2 or 4 bits each, and unpacked into the block that a
// product reads.
//
// Values need not be weights alone: a blocked layout with its padding packs as
// well as a plain one, so that what unpacks here is what the product wants.
#ifndef TRITLAB_KERNELS_INTEGER_PACKED_BYTE_ARRAY_H_
#define TRITLAB_KERNELS_INTEGER_PACKED_BYTE_ARRAY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "kernels/integer/instruction_set.h"
#include "kernels/tensor.h"

namespace tritlab {

class PackedByteArray {
 public:
  // Nothing when there are more than 16 different values; 2 bits each up to 4.
  static std::optional<PackedByteArray> Pack(std::span<const int8_t> values);

  // Writes size() values, by all threads where there are many.
  void Unpack(int8_t* values, IntegerInstructions instructions =
                                  BestIntegerInstructions()) const;

  int64_t size() const { return size_; }
  int bits() const { return bits_; }
  // In memory: size() * bits() / 8, rounded up to 64.
  int64_t bytes() const { return static_cast<int64_t>(codes_.bytes()); }

 private:
  PackedByteArray() = default;

  int64_t size_ = 0;
  int bits_ = 0;
  std::array<int8_t, 16> codebook_ = {};
  // Blocks of 64 bytes. Byte j of a block holds the codes of the block's values
  // j, 64 + j, 128 + j, ..., the first in the lowest bits.
  Buffer codes_;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_PACKED_BYTE_ARRAY_H_
