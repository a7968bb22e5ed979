// A packed model, loaded and ready to run: bytes of images in, logits out.
//
//   auto model = Model::Load("run/model.trit");
//   if (!model.ok()) ...
//   (*model)->Run(pixels, logits);
//
// inference/example.cc is a whole program.
#ifndef TRITLAB_INFERENCE_MODEL_H_
#define TRITLAB_INFERENCE_MODEL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/integer_program.h"
#include "inference/packed_model.h"

namespace tritlab {

class Model {
 public:
  // For `batch` images at a time. exact: two products where a layer's weights
  // are not exact as bytes (TTQ's two scales; INQ's weights always are, up to
  // 5 bits), at 2 to 2.4 times the time. As ReadPackedModel and
  // IntegerProgram::Create say; messages name the file.
  static absl::StatusOr<std::unique_ptr<Model>> Load(const std::string& path,
                                                     int64_t batch = 1,
                                                     bool exact = false);
  // The same of a model in memory.
  static absl::StatusOr<std::unique_ptr<Model>> Create(const PackedModel& model,
                                                       int64_t batch = 1,
                                                       bool exact = false);

  // pixels: u8, [batch][height][width][channels], 0 to 255. logits:
  // [batch][classes]. InvalidArgument when a length is another. One call at a
  // time.
  absl::Status Run(std::span<const uint8_t> pixels, std::span<float> logits);

  int64_t batch() const { return program_->batch(); }
  int64_t height() const { return program_->image().height; }
  int64_t width() const { return program_->image().width; }
  int64_t channels() const { return program_->image().channels; }
  // The largest error of quantized weights as bytes, as a share of their
  // channel's largest.
  double weight_error() const { return program_->weight_error(); }
  // What weights take in memory.
  int64_t weight_bytes() const { return program_->weight_bytes(); }
  // Names, one a logit.
  const std::vector<std::string>& classes() const { return classes_; }

 private:
  Model() = default;

  std::unique_ptr<IntegerProgram> program_;
  std::vector<std::string> classes_;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_MODEL_H_
