// Where values that are not finite come from.
#ifndef TRITLAB_TRAINING_NONFINITE_H_
#define TRITLAB_TRAINING_NONFINITE_H_

#include <string>

#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {

// For a message: the first node of a forward pass of the batch (f32, NHWC)
// whose output is NaN or infinite; empty where none is. Observers that the
// program had are gone.
std::string FirstNonfiniteOutput(const TrainedNetwork& network,
                                 Program& program, const float* images);

// For a message: the first trained value that is NaN or infinite, else
// FirstNonfiniteOutput, else the first gradient.
// Repeats the pass, so running statistics move once more; observers that the
// program had are gone.
std::string WhereNonfinite(const TrainedNetwork& network, Program& program,
                           const float* images);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_NONFINITE_H_
