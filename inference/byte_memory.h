// Internal to inference/integer_program: what the steps of a program over bytes
// work on, and what a step is.
#ifndef TRITLAB_INFERENCE_BYTE_MEMORY_H_
#define TRITLAB_INFERENCE_BYTE_MEMORY_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/tensor.h"

namespace tritlab {

struct ByteMemory {
  const uint8_t* pixels = nullptr;  // of the batch that runs now
  float* logits = nullptr;          // likewise
  std::vector<Buffer> buffers;
  std::vector<int32_t> sums, more_sums;  // of one linear layer at a time

  void* At(int buffer) { return buffers[buffer].data(); }
  uint8_t* Unsigned(int buffer) { return static_cast<uint8_t*>(At(buffer)); }
  float* Floats(int buffer) { return buffers[buffer].floats(); }
};

// Owns what it computes with beside the memory. May be copied, but a copy
// shares kernels: one of them runs at a time.
using ByteStep = std::function<void(ByteMemory&)>;

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_MEMORY_H_
