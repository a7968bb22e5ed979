#include "inference/model.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<Model>> Model::Load(const std::string& path,
                                                   int64_t batch) {
  ASSIGN_OR_RETURN(const PackedModel packed, ReadPackedModel(path));
  absl::StatusOr<std::unique_ptr<Model>> model = Create(packed, batch);
  if (!model.ok()) return WithPrefix(path, model.status());
  return model;
}

absl::StatusOr<std::unique_ptr<Model>> Model::Create(const PackedModel& packed,
                                                     int64_t batch) {
  std::unique_ptr<Model> model(new Model());
  ASSIGN_OR_RETURN(model->program_,
                   IntegerProgram::Create(packed, {.batch = batch}));
  const PackedModelDescription& description = packed.description;
  model->classes_ = {description.classes().begin(),
                     description.classes().end()};
  if (static_cast<int64_t>(model->classes_.size()) !=
      model->program_->classes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model names ", model->classes_.size(),
                     " classes, but has ", model->program_->classes()));
  }
  for (int c = 0; c < description.mean_size(); ++c) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      model->normalized_.push_back(
          (static_cast<float>(pixel) / 255 - description.mean(c)) /
          description.deviation(c));
    }
  }
  model->images_.resize(model->program_->image().size());
  return model;
}

absl::Status Model::Run(std::span<const uint8_t> pixels,
                        std::span<float> logits) {
  const size_t logit_count = static_cast<size_t>(batch()) * classes_.size();
  if (pixels.size() != images_.size() || logits.size() != logit_count) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the model takes %d bytes of pixels and gives %d logits, not %d and %d",
        images_.size(), logit_count, pixels.size(), logits.size()));
  }
  const size_t channels = static_cast<size_t>(this->channels());
  for (size_t i = 0; i < pixels.size(); ++i)
    images_[i] = normalized_[i % channels * 256 + pixels[i]];
  program_->Run(images_.data(), logits.data());
  return absl::OkStatus();
}

}  // namespace tritlab
