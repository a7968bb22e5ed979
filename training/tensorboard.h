// Records of TensorBoard's event files. A file is a record file
// (base/record_file.h) of these, the file version first.
#ifndef TRITLAB_TRAINING_TENSORBOARD_H_
#define TRITLAB_TRAINING_TENSORBOARD_H_

#include <cstdint>
#include <span>
#include <string>

namespace tritlab {

struct TensorBoardScalar {
  std::string tag;  // "PHASE/top1/test"; TensorBoard groups by the first part
  double value;     // stored as a float; NaN and infinities are allowed
};

// The record that every event file begins with.
std::string TensorBoardFileVersion(double wall_time);

// One record with all `scalars` of a step; `wall_time` in seconds since 1970.
std::string TensorBoardScalars(double wall_time, int64_t step,
                               std::span<const TensorBoardScalar> scalars);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_TENSORBOARD_H_
