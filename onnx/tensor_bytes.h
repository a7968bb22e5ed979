// What a serialized ONNX model holds, before it is parsed: for a message of two
// bytes may become an object of three hundred.
#ifndef TRITLAB_ONNX_TENSOR_BYTES_H_
#define TRITLAB_ONNX_TENSOR_BYTES_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tritlab {

// The bytes that tensors' values take: of initializers, and of the attributes
// of the graph's nodes (Constant), not of subgraphs.
struct TensorBytes {
  int64_t numbers = 0;   // as large in memory
  int64_t integers = 0;  // each in as few bytes as it needs, one at least
};

// Adds those of a model. False when it is damaged; what is damaged within
// values, or in other messages, is not seen.
bool AddTensorBytes(absl::string_view model, TensorBytes& sum);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_TENSOR_BYTES_H_
