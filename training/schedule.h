// The learning rate of every step.
#ifndef TRITLAB_TRAINING_SCHEDULE_H_
#define TRITLAB_TRAINING_SCHEDULE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "training/phase.pb.h"

namespace tritlab {

// InvalidArgument, naming the field, when a rate or a share is impossible, or
// when the rate should drop in steps but does not within `epochs` epochs.
absl::Status ValidateSchedule(const ScheduleSpec& schedule, int64_t epochs);

// The rate of step `step` (from 0) of `epochs` epochs with `steps_per_epoch`
// steps each.
double LearningRate(const ScheduleSpec& schedule, int64_t step,
                    int64_t steps_per_epoch, int64_t epochs);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_SCHEDULE_H_
