#include "onnx/test_data.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/augmentation.h"
#include "inference/image_batches.h"
#include "inference/integer_program.h"
#include "onnx/channel_order.h"
#include "onnx/float_program.h"
#include "onnx/onnx.pb.h"

namespace tritlab {
namespace {

constexpr int64_t kImagesInSet = 50;

absl::Status WriteTensor(const std::string& name,
                         const std::vector<int64_t>& extents,
                         std::span<const float> values,
                         const std::string& path) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.mutable_dims()->Add(extents.begin(), extents.end());
  // Little-endian, as ONNX has it.
  tensor.set_raw_data(values.data(), values.size_bytes());
  return WriteFileAtomically(path, tensor.SerializeAsString());
}

absl::Status WriteSet(const ExpectedOutput& expected, int64_t count,
                      std::span<const float> nhwc,
                      std::span<const float> logits,
                      const std::string& folder) {
  const ImageShape& image = expected.image;
  RETURN_IF_ERROR(MakeDirectories(folder));
  RETURN_IF_ERROR(WriteTensor(
      "image", {count, image.channels, image.height, image.width},
      ChannelsFirst(nhwc.first(count * image.size()), count, image.channels),
      JoinPath(folder, "input_0.pb")));
  return WriteTensor("logits", {count, expected.classes},
                     logits.first(count * expected.classes),
                     JoinPath(folder, "output_0.pb"));
}

}  // namespace

Normalization NormalizationOf(const PackedModelDescription& model) {
  return {{model.mean().begin(), model.mean().end()},
          {model.deviation().begin(), model.deviation().end()}};
}

absl::StatusOr<ExpectedOutput> OutputOverBytes(const PackedModel& model) {
  ASSIGN_OR_RETURN(std::shared_ptr<IntegerProgram> program,
                   IntegerProgram::Create(model, {.batch = kImagesInSet}));
  const Shape image = program->image();
  return ExpectedOutput{
      .image = {static_cast<int>(image.height), static_cast<int>(image.width),
                static_cast<int>(image.channels)},
      .batch = program->batch(),
      .classes = program->classes(),
      .normalization = NormalizationOf(model.description),
      .run = [program](std::span<const uint8_t> pixels, std::span<const float>,
                       std::span<float> logits) {
        program->Run(pixels.data(), logits.data());
      }};
}

absl::StatusOr<ExpectedOutput> OutputInFloats(
    const NetworkToExport& network, const Normalization& normalization) {
  ASSIGN_OR_RETURN(
      std::shared_ptr<FloatProgram> program,
      FloatProgram::Create(network.graph, network.tensors, kImagesInSet));
  const InputOperator& image = network.graph.nodes(0).input();
  return ExpectedOutput{.image = {static_cast<int>(image.height()),
                                  static_cast<int>(image.width()),
                                  static_cast<int>(image.channels())},
                        .batch = kImagesInSet,
                        .classes = program->classes(),
                        .normalization = normalization,
                        .run = [program](std::span<const uint8_t>,
                                         std::span<const float> normalized,
                                         std::span<float> logits) {
                          std::copy_n(program->Forward(normalized.data()),
                                      logits.size(), logits.begin());
                        }};
}

absl::Status WriteTestData(const ExpectedOutput& expected,
                           const Dataset& images, int64_t count,
                           const std::string& folder) {
  const auto set_folder = [&](int64_t set) {
    return JoinPath(folder, absl::StrCat("test_data_set_", set));
  };
  if (FileExists(set_folder(0))) {
    return absl::FailedPreconditionError(
        absl::StrCat(set_folder(0), " is there already; name another folder"));
  }
  if (images.shape() != expected.image) {
    return absl::InvalidArgumentError(absl::StrCat(
        images.source(), ": its images are not those of the model"));
  }
  RETURN_IF_ERROR(
      ValidateNormalization(expected.normalization, expected.image.channels));
  const ImageTransform transform(expected.image, expected.normalization);
  ImageBatches batches(images, expected.batch, count);
  std::vector<float> normalized(batches.pixels().size());
  std::vector<float> logits(expected.batch * expected.classes);
  for (int64_t set = 0;; ++set) {
    ASSIGN_OR_RETURN(const int64_t read, batches.Next());
    if (read == 0 && set == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          images.source(), ": there is no image in it that can be read"));
    }
    if (read == 0) return absl::OkStatus();
    for (int64_t i = 0; i < expected.batch; ++i) {
      const int64_t at = i * expected.image.size();
      transform.Apply(&batches.pixels()[at], {}, &normalized[at]);
    }
    expected.run(batches.pixels(), normalized, logits);
    RETURN_IF_ERROR(
        WriteSet(expected, read, normalized, logits, set_folder(set)));
  }
}

}  // namespace tritlab
