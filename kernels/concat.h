// Concatenation along channels, forward and backward. Parallel, and the same
// bits for every number of threads.
#ifndef TRITLAB_KERNELS_CONCAT_H_
#define TRITLAB_KERNELS_CONCAT_H_

#include <cstdint>
#include <span>

#include "kernels/tensor.h"

namespace tritlab {

// output[p] = inputs[0][p], inputs[1][p], ..., for each of `pixels` (= batch *
// height * width); input i has channels[i] of them.
void ConcatForward(DataType type, int64_t pixels,
                   std::span<const int64_t> channels,
                   std::span<const void* const> inputs, void* output);

// The other way: grad_inputs[i][p] = input i's part of grad_output[p]. Where
// grad_inputs[i] is nullptr, nobody wants it.
void ConcatBackward(DataType type, int64_t pixels,
                    std::span<const int64_t> channels, const void* grad_output,
                    std::span<void* const> grad_inputs);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_CONCAT_H_
