// Ranks that are threads of one program: what tests of training on several
// ranks talk through. Sums are taken in the order of ranks.
#ifndef TRITLAB_TRAINING_THREAD_COMMUNICATOR_FOR_TESTS_H_
#define TRITLAB_TRAINING_THREAD_COMMUNICATOR_FOR_TESTS_H_

#include <functional>

#include "training/communicator.h"

namespace tritlab {

// Calls rank(communicator) on `size` threads at once, each with one OpenMP
// thread, and returns when all have returned.
void RunRanks(int size, const std::function<void(Communicator&)>& rank);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_THREAD_COMMUNICATOR_FOR_TESTS_H_
