// Records of TensorBoard's event files. A file is a record file
// (base/record_file.h) of these, the file version first.
#ifndef TRITLAB_TRAINING_TENSORBOARD_H_
#define TRITLAB_TRAINING_TENSORBOARD_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tritlab {

struct TensorBoardScalar {
  std::string tag;  // "PHASE/top1/test"; TensorBoard groups by the first part
  double value;     // stored as a float; NaN and infinities are allowed
};

// Of a step's values; what is no finite number is left out.
struct TensorBoardHistogram {
  std::string tag;
  std::span<const float> values;
};

struct TensorBoardImage {
  std::string tag;
  int height = 0;  // in pixels
  int width = 0;
  std::string encoded;  // a grey JPEG
};

// What a step shows beside its scalars.
struct TensorBoardPictures {
  std::vector<TensorBoardHistogram> histograms = {};
  std::vector<TensorBoardImage> images = {};
};

// The buckets of a histogram, equally wide from its least to its largest value:
// twice as many as TensorBoard shows, and about a kilobyte a record.
inline constexpr int kTensorBoardBuckets = 60;

// The record that every event file begins with.
std::string TensorBoardFileVersion(double wall_time);

// One record with all `scalars` of a step; `wall_time` in seconds since 1970.
std::string TensorBoardScalars(double wall_time, int64_t step,
                               std::span<const TensorBoardScalar> scalars);

// One record with all pictures of a step. Histograms without a finite value are
// left out.
std::string TensorBoardPicturesRecord(double wall_time, int64_t step,
                                      const TensorBoardPictures& pictures);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_TENSORBOARD_H_
