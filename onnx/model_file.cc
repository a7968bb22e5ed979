#include "onnx/model_file.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// What one protocol buffer may take.
constexpr int64_t kMostBytes = std::numeric_limits<int32_t>::max();

}  // namespace

absl::StatusOr<onnx::ModelProto> ReadOnnxModel(const std::string& path) {
  ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  // The bytes, and the model made of them.
  RETURN_IF_ERROR(CheckMemory(path, 2.0 * static_cast<double>(size),
                              "use a smaller model"));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMostBytes));
  return ParseOnnxModel(bytes, path);
}

absl::StatusOr<onnx::ModelProto> ParseOnnxModel(absl::string_view bytes,
                                                const std::string& name) {
  onnx::ModelProto model;
  if (static_cast<int64_t>(bytes.size()) > kMostBytes ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !model.has_graph() || model.opset_import_size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": this is no ONNX model, or a damaged one"));
  }
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
