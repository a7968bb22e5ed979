// Rows of bytes, widened to 16 bits, times a matrix of signed bytes: exact on
// every processor. vpmaddubsw, which multiplies bytes as they are, adds pairs
// in 16 bits and saturates; where there is no vpdpbusd, this is the way.
#ifndef TRITLAB_KERNELS_INTEGER_WIDENED_PRODUCT_H_
#define TRITLAB_KERNELS_INTEGER_WIDENED_PRODUCT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/integer/instruction_set.h"

namespace tritlab {

class WidenedProduct {
 public:
  // weights: [outputs][inputs].
  WidenedProduct(int64_t inputs, int64_t outputs,
                 std::span<const int8_t> weights);

  // sums[o] = sum over i of row[i] * weights[o][i]. row: padded_inputs()
  // values, anything but the first `inputs` ignored; sums: padded_outputs().
  // The sums must fit 32 bits.
  void Multiply(
      const int16_t* row, int32_t* sums,
      IntegerInstructions instructions = BestIntegerInstructions()) const;

  int64_t padded_inputs() const { return 2 * pairs_; }
  int64_t padded_outputs() const { return outputs_; }
  // What the weights take in memory.
  int64_t bytes() const {
    return static_cast<int64_t>(weights_.size() * sizeof(int16_t));
  }

 private:
  int64_t pairs_;                 // of inputs
  int64_t outputs_;               // rounded up to whole vectors
  std::vector<int16_t> weights_;  // [pairs_][outputs_][2], 0 beyond the matrix
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_WIDENED_PRODUCT_H_
