// Rows of bytes, widened to 16 bits, times a matrix of signed bytes: exact on
// every processor. vpmaddubsw, which multiplies bytes as they are, adds pairs
// in 16 bits and saturates; where there is no vpdpbusd, this is the way.
//
// Six rows are multiplied with sixteen outputs at a time, in registers, so that
// a weight is widened once for six products and the matrix can lie in memory as
// bytes, or packed (resident_weights.h).
#ifndef TRITLAB_KERNELS_INTEGER_WIDENED_PRODUCT_H_
#define TRITLAB_KERNELS_INTEGER_WIDENED_PRODUCT_H_

#include <cstdint>
#include <span>

#include "kernels/integer/instruction_set.h"
#include "kernels/integer/resident_weights.h"

namespace tritlab {

class WidenedProduct {
 public:
  static constexpr int64_t kRows = 6;      // of a block of sums
  static constexpr int64_t kOutputs = 16;  // likewise

  // weights: [outputs][inputs]. packed: as resident_weights.h says.
  WidenedProduct(int64_t inputs, int64_t outputs,
                 std::span<const int8_t> weights, bool packed = false);

  // The matrix as Multiply reads it, as ResidentWeights::Get says.
  const int8_t* Matrix() const {
    return static_cast<const int8_t*>(weights_.Get());
  }

  // sums[r][o] = sum over i of rows[r][i] * weights[o][i], for the outputs of
  // the blocks from `first_block` to `end_block`. rows: [count]
  // [padded_inputs()], anything but the first `inputs` ignored; sums:
  // [count][padded_outputs()]. The sums must fit 32 bits.
  void Multiply(
      const int8_t* matrix, int64_t count, const int16_t* rows,
      int64_t first_block, int64_t end_block, int32_t* sums,
      IntegerInstructions instructions = BestIntegerInstructions()) const;

  int64_t padded_inputs() const { return 2 * pairs_; }
  int64_t padded_outputs() const { return blocks_ * kOutputs; }
  int64_t blocks() const { return blocks_; }  // of outputs
  // What the weights take in memory.
  int64_t bytes() const { return weights_.bytes(); }

 private:
  int64_t pairs_;   // of inputs
  int64_t blocks_;  // of outputs
  // [blocks_][pairs_][kOutputs][2], 0 beyond the matrix.
  ResidentWeights weights_;
};

// output[i] = input[i]
void WidenBytes(const uint8_t* input, int64_t count, int16_t* output);
void WidenBytes(const int8_t* input, int64_t count, int16_t* output);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_WIDENED_PRODUCT_H_
