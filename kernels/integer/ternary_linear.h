// A linear layer with weights of -1, 0 and 1, stored at 2 bits: at a small
// batch its time is that of reading the weights, a sixteenth of f32's.
//
//   sums[m][o] = sum_i input[m][i] * weights[o][i]
//
// input: u8, [batch][inputs]. sums: s32, [batch][outputs], exact. A TTQ layer,
// whose positive and negative weights have scales of their own, asks for the
// sums of both sides apart: W_p * positive - W_n * negative.
//
// How it is computed. A weight w is stored as its code c = w + 1 (0, 1 or 2) in
// 2 bits. With activations shifted to signed bytes, x' = x - 128,
//
//   sum w x = sum c x' - sum x' + 128 sum w
//
// Of the byte that holds four codes, c_0 + 4 c_1 + 16 c_2 + 64 c_3, a mask
// leaves 4^p c_p, which is multiplied as it stands (bytes times bytes, summed
// to 32 bits); the four sums are divided by 4^p once at the end, without a
// remainder. So a weight costs a quarter of a mask and of a product, and
// nothing is shifted or looked up. Where several images share the mask, codes
// are shifted down as well, and all sums of an output are one. The codes' upper
// bits alone give twice the sum over the positive side.
#ifndef TRITLAB_KERNELS_INTEGER_TERNARY_LINEAR_H_
#define TRITLAB_KERNELS_INTEGER_TERNARY_LINEAR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/integer/instruction_set.h"
#include "kernels/integer/integer_shape.h"
#include "kernels/tensor.h"

namespace tritlab {

class TernaryLinear {
 public:
  // weights: [outputs][inputs], each -1, 0 or 1 (InvalidArgument otherwise).
  static absl::StatusOr<std::unique_ptr<TernaryLinear>> Create(
      const IntegerLinearShape& shape, std::span<const int8_t> weights,
      IntegerInstructions instructions = BestIntegerInstructions());

  // One call at a time.
  void Multiply(int64_t batch, const uint8_t* input, int32_t* sums);
  // positive - negative is what Multiply gives.
  void MultiplySides(int64_t batch, const uint8_t* input, int32_t* positive,
                     int32_t* negative);

  // What the weights take in memory.
  int64_t weight_bytes() const {
    return static_cast<int64_t>(packed_.bytes() +
                                2 * outputs_rounded_up() * sizeof(int32_t));
  }

 private:
  TernaryLinear(const IntegerLinearShape& shape,
                IntegerInstructions instructions);
  int64_t blocks() const;
  int64_t outputs_rounded_up() const;
  // The x' of the images [first, first + tile) and their sums.
  void Shift(const uint8_t* input, int64_t first, int64_t tile);
  // finish(m, o, products): products[p] = sum over inputs of (code & bits[p])
  // x' for image m and output o.
  template <size_t kParts, typename Finish>
  void Products(int64_t batch, const uint8_t* input,
                const std::array<uint8_t, kParts>& bits, const Finish& finish);

  const IntegerLinearShape shape_;
  const IntegerInstructions instructions_;
  // [output / 4][input / 256][output % 4][64 bytes]: the codes of inputs j, 64
  // + j, 128 + j and 192 + j of a block are in byte j, lowest bits first.
  // Beyond the last input and output, codes are 1 (weights of 0).
  Buffer packed_;
  std::vector<int32_t> weight_sums_;      // [output], sum w
  std::vector<int32_t> positive_counts_;  // [output], weights of 1
  // x' of tiles of images, [input / 64][image of the tile][64].
  Buffer shifted_;
  std::vector<int32_t> shifted_sums_;  // [batch], sum x'
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_TERNARY_LINEAR_H_
