// A profile of training steps as a table to read.
#ifndef TRITLAB_TRAINING_PROFILE_TABLE_H_
#define TRITLAB_TRAINING_PROFILE_TABLE_H_

#include <string>

#include "kernels/roofline.h"
#include "training/step_profile.h"

namespace tritlab {

// By kind of operator, then by operator: milliseconds a step, share of the
// step, multiply-adds and bytes a second, each with its share of what the
// machine could do. Bytes are those that the operator cannot do without, and
// caches may hold them, so that their share may exceed 100 %; so may that of
// multiply-adds in bf16, since the roof is f32's.
std::string ProfileTable(const StepProfile& profile, const Roofline& roofline);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_PROFILE_TABLE_H_
