// model.trit: a trained network whose quantized weights are stored as codes.
// packed_model.proto describes the file.
#ifndef TRITLAB_INFERENCE_PACKED_MODEL_H_
#define TRITLAB_INFERENCE_PACKED_MODEL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/packed_model.pb.h"
#include "quant/quantizer.h"

namespace tritlab {

// A file's contents: the description, and the bytes that its offsets point
// into.
struct PackedModel {
  PackedModelDescription description;
  std::string tensors;
};

// How ternary codes are stored: at 2 bits, or five a byte (1.6 bits), which
// takes divisions to read. Codes of more values take their bits.
enum class TernaryPacking { kBits, kTrits };

// Appends a tensor to the model. `codes` must fit their own bits and codebook.
void AddTensor(const std::string& name, const std::vector<float>& values,
               PackedModel& model);
absl::Status AddTensor(const std::string& name, const CodedWeights& codes,
                       TernaryPacking packing, PackedModel& model);

// The values of a tensor, or (InvalidArgument when it has none) its codes.
// InvalidArgument, naming the tensor, when a code is none of the codebook's.
absl::StatusOr<std::vector<float>> ValuesOf(const PackedModel& model,
                                            const PackedTensor& tensor);
absl::StatusOr<CodedWeights> CodesOf(const PackedModel& model,
                                     const PackedTensor& tensor);

// Written whole or not at all.
absl::Status WritePackedModel(const PackedModel& model,
                              const std::string& path);

// DataLoss, naming the file, when it is damaged or cut off; InvalidArgument
// when it is no model.trit, of a newer format, or describes what cannot be:
// then every tensor lies within the file, and has the bytes that its values
// take.
absl::StatusOr<PackedModel> ReadPackedModel(const std::string& path);

// What the parts of a model's file take, in bytes; their sum is the file.
struct PackedBytesByPart {
  int64_t coded_weights = 0;  // codes, codebooks and channel scales
  int64_t full_weights = 0;   // weights in full precision
  int64_t biases = 0;
  int64_t normalization = 0;  // scales and shifts
  int64_t description = 0;    // header, graph, names, padding
  int64_t file() const {
    return coded_weights + full_weights + biases + normalization + description;
  }
};
PackedBytesByPart CountBytes(const PackedModel& model);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_PACKED_MODEL_H_
