// Local response normalization (kernels/local_response_normalization.h) of u8
// activations.
#ifndef TRITLAB_KERNELS_INTEGER_BYTE_LOCAL_RESPONSE_NORMALIZATION_H_
#define TRITLAB_KERNELS_INTEGER_BYTE_LOCAL_RESPONSE_NORMALIZATION_H_

#include <cstdint>

#include "kernels/local_response_normalization.h"

namespace tritlab {

// Bytes stand for input_step and output_step times themselves. Sums of squares
// are exact; what follows is f32, each operation rounded for itself, and the
// output is rounded to nearest and saturated: the same bits on every processor
// where beta is 0.75. shape must be valid; NHWC, the arrays may not overlap.
void NormalizeLocalResponseOfBytes(const LocalResponseNormalizationShape& shape,
                                   float input_step, float output_step,
                                   const uint8_t* input, uint8_t* output);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_BYTE_LOCAL_RESPONSE_NORMALIZATION_H_
