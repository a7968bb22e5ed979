#include "inference/accuracy.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "inference/image_batches.h"

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
  const auto classes = static_cast<int64_t>(model.classes().size());
  std::vector<float> logits(model.batch() * classes);
  ImageBatches batches(images, model.batch(), images.size());
  int64_t correct = 0, seen = 0;
  while (true) {
    ASSIGN_OR_RETURN(const int64_t count, batches.Next());
    if (count == 0) break;
    RETURN_IF_ERROR(model.Run(batches.pixels(), logits));
    for (int64_t i = 0; i < count; ++i) {
      const auto first = logits.begin() + i * classes;
      correct += std::max_element(first, first + classes) - first ==
                 batches.labels()[i];
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
