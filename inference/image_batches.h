// A dataset's images, a batch at a time, as a packed model's program takes
// them.
#ifndef TRITLAB_INFERENCE_IMAGE_BATCHES_H_
#define TRITLAB_INFERENCE_IMAGE_BATCHES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/dataset.h"

namespace tritlab {

class ImageBatches {
 public:
  // `count` images, spread evenly over all of `images`, or all where there are
  // not as many. `images` must outlive this.
  ImageBatches(const Dataset& images, int64_t batch, int64_t count);

  // Reads the next ones and returns how many: fewer than `batch` at the end, 0
  // behind it. Without those that the dataset leaves out (Dataset::LeaveOut).
  absl::StatusOr<int64_t> Next();

  // [batch][height][width][channels]; behind the ones that were read, earlier
  // ones.
  std::span<const uint8_t> pixels() const { return pixels_; }
  std::span<const int32_t> labels() const { return labels_; }

 private:
  const Dataset& images_;
  const int64_t count_;
  int64_t next_ = 0;
  std::vector<uint8_t> pixels_;
  std::vector<int32_t> labels_;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_IMAGE_BATCHES_H_
