// A linear layer of u8 activations and whole numbers as weights in plain loops:
// what s8_linear.h, ternary_linear.h and power_of_two_linear.h are held
// against.
#ifndef TRITLAB_KERNELS_INTEGER_REFERENCE_INTEGER_LINEAR_H_
#define TRITLAB_KERNELS_INTEGER_REFERENCE_INTEGER_LINEAR_H_

#include <cstdint>
#include <vector>

#include "kernels/integer/integer_shape.h"

namespace tritlab::reference {

// sums[m][o] = sum over i of input[m][i] * weights[o][i]
template <typename Weight>
void IntegerLinear(const IntegerLinearShape& shape, int64_t batch,
                   const uint8_t* input, const std::vector<Weight>& weights,
                   int32_t* sums) {
  for (int64_t m = 0; m < batch; ++m) {
    for (int64_t o = 0; o < shape.outputs; ++o) {
      int32_t sum = 0;
      for (int64_t i = 0; i < shape.inputs; ++i)
        sum += input[m * shape.inputs + i] * weights[o * shape.inputs + i];
      sums[m * shape.outputs + o] = sum;
    }
  }
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_INTEGER_REFERENCE_INTEGER_LINEAR_H_
