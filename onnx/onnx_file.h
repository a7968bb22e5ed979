// ONNX files.
#ifndef TRITLAB_ONNX_ONNX_FILE_H_
#define TRITLAB_ONNX_ONNX_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

// InvalidArgument, naming the file, when it is no ONNX model, over 2 GB, or
// over 16 MiB without the values of tensors (tensor_bytes.h); ResourceExhausted
// when there is not the memory to read it.
absl::StatusOr<onnx::ModelProto> ReadOnnxModel(const std::string& path);
// The same of bytes in memory; `name` begins the message.
absl::StatusOr<onnx::ModelProto> ParseOnnxModel(absl::string_view bytes,
                                                const std::string& name);

// Written whole or not at all. InvalidArgument when it would be over 2 GB.
absl::Status WriteOnnxModel(const onnx::ModelProto& model,
                            const std::string& path);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_ONNX_FILE_H_
