// Internal to kernels/integer: the weights of a product between two runs.
#ifndef TRITLAB_KERNELS_INTEGER_RESIDENT_WEIGHTS_H_
#define TRITLAB_KERNELS_INTEGER_RESIDENT_WEIGHTS_H_

#include <cstdint>
#include <optional>

#include "kernels/integer/packed_byte_array.h"
#include "kernels/tensor.h"

namespace tritlab {

// Bytes in the order in which a product reads them. packed: where they have few
// different values they lie in memory at 2 or 4 bits each
// (packed_byte_array.h), and are unpacked for a run into a block that all
// objects of a thread share.
class ResidentWeights {
 public:
  ResidentWeights() = default;
  // count: how many of the bytes are weights. What lies behind them, sums of
  // weights for instance, stays as it is.
  ResidentWeights(Buffer bytes, int64_t count, bool packed);

  // All bytes; valid until another object's call on this thread. Uses all
  // threads, so it belongs outside a parallel region.
  const void* Get() const;

  // What is held between two runs.
  int64_t bytes() const {
    return static_cast<int64_t>(bytes_.bytes()) +
           (packed_.has_value() ? packed_->bytes() : 0);
  }

 private:
  Buffer bytes_;  // what is not packed
  std::optional<PackedByteArray> packed_;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_RESIDENT_WEIGHTS_H_
