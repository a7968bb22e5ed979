// A linear layer whose weights are 0 and powers of two, as INQ leaves them with
// up to 5 bits, stored at 4 or 5 bits.
//
//   sums[m][o] = sum_i input[m][i] * weights[o][i]
//
// input: u8, [batch][inputs]. weights: 0, +-1, +-2, ..., +-128, relative to the
// layer's smallest power. sums: s32, [batch][outputs], exact: 128 is no signed
// byte, so nothing may be multiplied as one.
//
// How it is computed. A nibble holds a weight's exponent and sign; it looks up
// (vpshufb) the weight divided by 1 where the exponent is below 4, and the
// weight divided by 16 where it is above, both at most 8 in magnitude; the two
// sums are added as low + 16 high. Where no exponent is above 2, one nibble has
// room for the zero and one product is enough (INQ with up to 4 bits); else
// zeros have a bit of their own.
#ifndef TRITLAB_KERNELS_INTEGER_POWER_OF_TWO_LINEAR_H_
#define TRITLAB_KERNELS_INTEGER_POWER_OF_TWO_LINEAR_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "kernels/integer/instruction_set.h"
#include "kernels/integer/integer_shape.h"
#include "kernels/tensor.h"

namespace tritlab {

class PowerOfTwoLinear {
 public:
  // weights: [outputs][inputs] (InvalidArgument for one that is not allowed).
  static absl::StatusOr<std::unique_ptr<PowerOfTwoLinear>> Create(
      const IntegerLinearShape& shape, std::span<const int16_t> weights,
      IntegerInstructions instructions = BestIntegerInstructions());

  // One call at a time.
  void Multiply(int64_t batch, const uint8_t* input, int32_t* sums);

  // What the weights take in memory.
  int64_t weight_bytes() const {
    return static_cast<int64_t>(nibbles_.bytes() + nonzero_.bytes());
  }

 private:
  PowerOfTwoLinear(const IntegerLinearShape& shape,
                   IntegerInstructions instructions)
      : shape_(shape), instructions_(instructions) {}
  int64_t blocks() const;
  int64_t outputs_rounded_up() const;

  const IntegerLinearShape shape_;
  const IntegerInstructions instructions_;
  bool wide_ = false;  // exponents above 2: zeros have a bit of their own
  // [output / 4][input / 128][output % 4][64 bytes]: inputs j and 64 + j of a
  // block are the lower and the upper nibble of byte j.
  Buffer nibbles_;
  // Likewise [output / 4][input / 128][output % 4][16 bytes]: bit i is 1 where
  // the weight of the block's input i is not 0. Empty unless wide_.
  Buffer nonzero_;
  Buffer padded_;  // [batch][input / 128][128], the input with zeros behind
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_POWER_OF_TWO_LINEAR_H_
