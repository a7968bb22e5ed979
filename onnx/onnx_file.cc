#include "onnx/onnx_file.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "onnx/tensor_bytes.h"

namespace tritlab {
namespace {

// What one protocol buffer may take.
constexpr int64_t kMostBytes = std::numeric_limits<int32_t>::max();
// What of it may be anything but tensors' values.
constexpr int64_t kMostDescriptionBytes = int64_t{16} << 20;
// What a byte becomes in memory at most: of what is no tensor's values (an
// empty attribute takes 2, and 290), and of integers, whose array doubles while
// it grows.
constexpr double kMemoryOfDescription = 150;
constexpr double kMemoryOfIntegers = 16;

absl::Status NoModel(const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(
      name, ": this is no ONNX model, or a damaged one; get the file anew"));
}

// Whether the model may be parsed.
absl::Status CheckBytes(absl::string_view bytes, const std::string& name) {
  const auto size = static_cast<int64_t>(bytes.size());
  TensorBytes tensors;
  if (size > kMostBytes || !AddTensorBytes(bytes, tensors))
    return NoModel(name);
  const int64_t description = size - tensors.numbers - tensors.integers;
  if (description > kMostDescriptionBytes) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %d bytes of it are no tensor's values, and at most %d can be "
        "read; export it without documentation and subgraphs",
        name, description, kMostDescriptionBytes));
  }
  // The bytes, and the model made of them.
  return CheckMemory(
      name,
      static_cast<double>(size) + static_cast<double>(tensors.numbers) +
          kMemoryOfIntegers * static_cast<double>(tensors.integers) +
          kMemoryOfDescription * static_cast<double>(description),
      "use a smaller model");
}

}  // namespace

absl::StatusOr<onnx::ModelProto> ReadOnnxModel(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMostBytes));
  return ParseOnnxModel(bytes, path);
}

absl::StatusOr<onnx::ModelProto> ParseOnnxModel(absl::string_view bytes,
                                                const std::string& name) {
  RETURN_IF_ERROR(CheckBytes(bytes, name));
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !model.has_graph() || model.opset_import_size() == 0)
    return NoModel(name);
  return model;
}

absl::Status WriteOnnxModel(const onnx::ModelProto& model,
                            const std::string& path) {
  if (static_cast<int64_t>(model.ByteSizeLong()) > kMostBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": the network takes more than the 2 GB of an ONNX file"));
  }
  return WriteFileAtomically(path, model.SerializeAsString());
}

}  // namespace tritlab
