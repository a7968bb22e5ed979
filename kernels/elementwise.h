// Operators without weights that touch each element once: ReLU, residual
// addition, channel padding. All arrays hold `count` elements of `type`;
// outputs may be one of the inputs. Parallel, and the same bits for every
// number of threads.
#ifndef TRITLAB_KERNELS_ELEMENTWISE_H_
#define TRITLAB_KERNELS_ELEMENTWISE_H_

#include <cstdint>

#include "kernels/tensor.h"

namespace tritlab {

// output = max(input, 0)
void ReluForward(DataType type, int64_t count, const void* input, void* output);
// grad_input = (output > 0 ? grad_output : 0)
void ReluBackward(DataType type, int64_t count, const void* output,
                  const void* grad_output, void* grad_input);

// sum = a + b, and with relu max(a + b, 0).
void AddForward(DataType type, int64_t count, const void* a, const void* b,
                bool relu, void* sum);
// The gradient of an addition with ReLU, towards both operands: (output > 0 ?
// grad_output : 0). Where the output had two consumers, their gradients are
// summed on the way: grad_output_2 is the second, or nullptr.
void AddReluBackward(DataType type, int64_t count, const void* output,
                     const void* grad_output, const void* grad_output_2,
                     void* grad_sum);

// output[p][before + c] = input[p][c], all other channels 0, for each of
// `pixels` (= batch * height * width).
void ChannelPadForward(DataType type, int64_t pixels, int64_t in_channels,
                       int64_t before, int64_t out_channels, const void* input,
                       void* output);
// grad_input[p][c] = grad_output[p][before + c]
void ChannelPadBackward(DataType type, int64_t pixels, int64_t in_channels,
                        int64_t before, int64_t out_channels,
                        const void* grad_output, void* grad_input);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ELEMENTWISE_H_
