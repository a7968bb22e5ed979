#include "inference/model.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"

namespace tritlab {

absl::StatusOr<std::unique_ptr<Model>> Model::Load(const std::string& path,
                                                   int64_t batch, bool exact) {
  ASSIGN_OR_RETURN(const PackedModel packed, ReadPackedModel(path));
  absl::StatusOr<std::unique_ptr<Model>> model = Create(packed, batch, exact);
  if (!model.ok()) return WithPrefix(path, model.status());
  return model;
}

absl::StatusOr<std::unique_ptr<Model>> Model::Create(const PackedModel& packed,
                                                     int64_t batch,
                                                     bool exact) {
  std::unique_ptr<Model> model(new Model());
  ASSIGN_OR_RETURN(
      model->program_,
      IntegerProgram::Create(packed, {.batch = batch, .exact = exact}));
  const PackedModelDescription& description = packed.description;
  model->classes_ = {description.classes().begin(),
                     description.classes().end()};
  if (static_cast<int64_t>(model->classes_.size()) !=
      model->program_->classes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model names ", model->classes_.size(),
                     " classes, but has ", model->program_->classes()));
  }
  return model;
}

absl::Status Model::Run(std::span<const uint8_t> pixels,
                        std::span<float> logits) {
  const size_t logit_count = static_cast<size_t>(batch()) * classes_.size();
  const auto pixel_count = static_cast<size_t>(program_->image().size());
  if (pixels.size() != pixel_count || logits.size() != logit_count) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the model takes %d bytes of pixels and gives %d logits, not %d and %d",
        pixel_count, logit_count, pixels.size(), logits.size()));
  }
  program_->Run(pixels.data(), logits.data());
  return absl::OkStatus();
}

}  // namespace tritlab
