// Dropout (Srivastava et al. 2014), inverted: what is kept is scaled up, so
// that evaluation has nothing to do.
#ifndef TRITLAB_KERNELS_DROPOUT_H_
#define TRITLAB_KERNELS_DROPOUT_H_

#include <cstdint>

#include "base/random.h"
#include "kernels/tensor.h"

namespace tritlab {

// output[i] = dropped(i) ? 0 : input[i] / (1 - rate), for `count` elements of
// `type`; rate is at least 0 and below 1. The output may be the input.
//
// Element i is dropped when 32 random bits are below rate * 2^32: the lower
// half of random.Bits(i / 2) for even i, the upper one for odd i. So it depends
// neither on the number of threads nor on what was drawn before.
//
// The backward pass is the same function of the gradient, with the same random
// numbers.
void Dropout(DataType type, int64_t count, float rate,
             const RandomStream& random, const void* input, void* output);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_DROPOUT_H_
