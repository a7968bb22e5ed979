// Which intermediate tensors share memory. Planned once: buffers are acquired
// and released in the order of execution, and one that was released serves
// whoever comes next.
#ifndef TRITLAB_TRAINING_BUFFER_PLAN_H_
#define TRITLAB_TRAINING_BUFFER_PLAN_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/tensor.h"

namespace tritlab {

using Buffers = std::vector<std::shared_ptr<Buffer>>;

class BufferPlan {
 public:
  // A buffer of at least `bytes`, with one user.
  int Acquire(size_t bytes);
  // One user more, and one less; without users it is free.
  void Share(int buffer) { ++users_[buffer]; }
  void Release(int buffer) { --users_[buffer]; }
  int users(int buffer) const { return users_[buffer]; }

  // What Allocate will take.
  size_t total_bytes(const Buffers& lent = {}) const;
  // The memory of all buffers, indexed by what Acquire returned: of `lent`,
  // which are someone else's as well, where one is large enough, else taken
  // now.
  Buffers Allocate(const Buffers& lent = {}) const;

 private:
  // [buffer], nullptr where none of `lent` is left that is large enough.
  Buffers Borrow(const Buffers& lent) const;

  std::vector<size_t> bytes_;
  std::vector<int> users_;
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_BUFFER_PLAN_H_
