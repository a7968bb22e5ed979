#include "inference/image_batches.h"

#include <algorithm>

#include "absl/status/status.h"

namespace tritlab {

ImageBatches::ImageBatches(const Dataset& images, int64_t batch, int64_t count)
    : images_(images),
      count_(std::min(count, images.size())),
      pixels_(batch * images.shape().size()),
      labels_(batch) {}

absl::StatusOr<int64_t> ImageBatches::Next() {
  const int64_t of_image = images_.shape().size();
  const auto batch = static_cast<int64_t>(labels_.size());
  int64_t read = 0;
  for (; read < batch && next_ < count_; ++next_) {
    const int64_t index = next_ * images_.size() / count_;
    const absl::Status status =
        images_.Read(index,
                     std::span(pixels_).subspan(read * of_image,
                                                static_cast<size_t>(of_image)),
                     &labels_[read]);
    if (status.ok()) {
      ++read;
    } else if (!images_.LeaveOut(index, status)) {
      return status;
    }
  }
  return read;
}

}  // namespace tritlab
