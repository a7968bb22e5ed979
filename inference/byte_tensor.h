// Internal to inference/integer_program: an activation in the memory of a
// program over bytes.
#ifndef TRITLAB_INFERENCE_BYTE_TENSOR_H_
#define TRITLAB_INFERENCE_BYTE_TENSOR_H_

#include "kernels/integer/s8_convolution.h"
#include "kernels/tensor.h"

namespace tritlab {

// Bytes that stand for step * byte.
struct ByteTensor {
  Shape shape;
  ByteType type = ByteType::kU8;
  float step = 1;
  int buffer = -1;
  int readers = 0;  // that are still to come
};

// The step with which bytes of a type cover 0 to clip, or -clip to clip.
inline float StepOf(float clip, ByteType type) {
  return clip / (type == ByteType::kU8 ? 255 : 127);
}

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_TENSOR_H_
