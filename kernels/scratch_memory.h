// Internal to kernels/: memory that grows to the largest request. What it holds
// between two uses has no meaning; kept in a thread_local variable it serves
// all kernels that the thread runs.
#ifndef TRITLAB_KERNELS_SCRATCH_MEMORY_H_
#define TRITLAB_KERNELS_SCRATCH_MEMORY_H_

#include <cstddef>

#include "kernels/tensor.h"

namespace tritlab {

class ScratchMemory {
 public:
  char* AtLeast(size_t bytes) {
    if (buffer_.bytes() < bytes) {
      buffer_ = Buffer();  // frees the old one before taking the new one
      buffer_ = Buffer(bytes);
    }
    return static_cast<char*>(buffer_.data());
  }

 private:
  Buffer buffer_;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_SCRATCH_MEMORY_H_
