#include "inference/emulation.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "inference/image_batches.h"
#include "inference/integer_program.h"
#include "models/cost.h"

namespace tritlab {
namespace {

constexpr int64_t kMostImages = 1000;
// Seconds of plain loops, not minutes.
constexpr int64_t kMultiplyAdds = 10'000'000'000;
constexpr int64_t kMostAtOnce = 16;

}  // namespace

absl::StatusOr<int64_t> ImagesToEmulate(const PackedModel& model) {
  ASSIGN_OR_RETURN(const Cost cost, CountCost(model.description.graph()));
  return std::clamp<int64_t>(
      kMultiplyAdds / std::max<int64_t>(1, cost.multiply_adds), 1, kMostImages);
}

absl::StatusOr<Emulation> Emulate(const PackedModel& model,
                                  const Dataset& images, int64_t count) {
  const auto no_image = [&](absl::string_view which) {
    return absl::InvalidArgumentError(
        absl::StrCat(images.source(), ": there is no image in it", which));
  };
  if (images.size() == 0) return no_image("");
  Emulation emulation;
  const int64_t chosen = std::min(count, images.size());
  // What a batch has room for is computed, whether there are as many or not.
  const int64_t batch = std::min(kMostAtOnce, chosen);
  ASSIGN_OR_RETURN(const auto program,
                   IntegerProgram::Create(model, {.batch = batch}));
  ASSIGN_OR_RETURN(
      const auto plain,
      IntegerProgram::Create(model, {.batch = batch, .reference = true}));
  const int64_t of_image = images.shape().size(), classes = plain->classes();
  if (of_image != plain->image().image_size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        images.source(), ": its images are not those of the model"));
  }
  std::vector<float> logits(batch * classes), of_plain = logits;
  ImageBatches batches(images, batch, chosen);
  int64_t correct = 0;
  while (true) {
    ASSIGN_OR_RETURN(const int64_t in_batch, batches.Next());
    if (in_batch == 0) break;
    program->Run(batches.pixels().data(), logits.data());
    plain->Run(batches.pixels().data(), of_plain.data());
    for (int64_t i = 0; i < in_batch; ++i) {
      const float* const first = of_plain.data() + i * classes;
      correct += std::max_element(first, first + classes) - first ==
                 batches.labels()[i];
      emulation.differences += std::memcmp(first, logits.data() + i * classes,
                                           classes * sizeof(float)) != 0;
    }
    emulation.images += in_batch;
  }
  if (emulation.images == 0) return no_image(" that can be read");
  emulation.top1 = 100.0 * static_cast<double>(correct) /
                   static_cast<double>(emulation.images);
  return emulation;
}

}  // namespace tritlab
