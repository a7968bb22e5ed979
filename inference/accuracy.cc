#include "inference/accuracy.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tritlab {

absl::StatusOr<double> Top1(Model& model, const Dataset& images) {
  const ImageShape& shape = images.shape();
  if (shape.height != model.height() || shape.width != model.width() ||
      shape.channels != model.channels()) {
    return absl::InvalidArgumentError(absl::StrCat(
        images.source(), ": images of ", shape.height, "x", shape.width, "x",
        shape.channels, "; the model takes ", model.height(), "x",
        model.width(), "x", model.channels()));
  }
  if (images.class_names() != model.classes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        images.source(), ": its classes are not those of the model"));
  }
  const int64_t batch = model.batch(), of_image = shape.size();
  const auto classes = static_cast<int64_t>(model.classes().size());
  std::vector<uint8_t> pixels(batch * of_image);
  std::vector<float> logits(batch * classes);
  std::vector<int32_t> labels(batch);
  int64_t correct = 0, seen = 0;
  for (int64_t next = 0; next < images.size();) {
    int64_t count = 0;
    for (; count < batch && next < images.size(); ++next) {
      const absl::Status status =
          images.Read(next,
                      std::span(pixels).subspan(count * of_image,
                                                static_cast<size_t>(of_image)),
                      &labels[count]);
      if (status.ok()) {
        ++count;
      } else if (!images.LeaveOut(next, status)) {
        return status;
      }
    }
    RETURN_IF_ERROR(model.Run(pixels, logits));
    for (int64_t i = 0; i < count; ++i) {
      const auto first = logits.begin() + i * classes;
      correct += std::max_element(first, first + classes) - first == labels[i];
    }
    seen += count;
  }
  if (seen == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        images.source(), ": there is no image in it that can be read"));
  }
  return 100.0 * static_cast<double>(correct) / static_cast<double>(seen);
}

}  // namespace tritlab
