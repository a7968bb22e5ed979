// model.trit: a trained network whose quantized weights are stored as codes.
// packed_model.proto describes the file. It has an entropy-coded form for
// shipping, NAME.trit.zst (packed_model_archive.h says what that is worth);
// whatever reads the one reads the other.
#ifndef TRITLAB_INFERENCE_PACKED_MODEL_H_
#define TRITLAB_INFERENCE_PACKED_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mapped_file.h"
#include "inference/packed_model.pb.h"
#include "quant/quantizer.h"

namespace tritlab {

// The bytes that a description's offsets point into: a model's own, or what a
// mapped file has from `begin` on, which copies share.
class PackedTensorBytes {
 public:
  PackedTensorBytes() = default;
  explicit PackedTensorBytes(std::string bytes) : own_(std::move(bytes)) {}
  PackedTensorBytes(std::shared_ptr<const MappedFile> file, size_t begin)
      : file_(std::move(file)), begin_(begin) {}

  absl::string_view view() const {
    return file_ == nullptr ? own_ : file_->bytes().substr(begin_);
  }
  size_t size() const { return view().size(); }
  // To be changed; a copy of a file's.
  std::string& Own();
  // As MappedFile says.
  absl::Status CheckSize() const {
    return file_ == nullptr ? absl::OkStatus() : file_->CheckSize();
  }

 private:
  std::string own_;
  std::shared_ptr<const MappedFile> file_;
  size_t begin_ = 0;
};

// A file's contents.
struct PackedModel {
  PackedModelDescription description;
  PackedTensorBytes tensors;
  // What the archive took that it was read from; 0 when that was a model.trit.
  int64_t archive_bytes = 0;
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
// InvalidArgument, naming the tensor, when a code is none of the codebook's or
// a value in full precision is no finite number. DataLoss when the model's file
// has been cut off since it was read; ResourceExhausted without the memory.
absl::StatusOr<std::vector<float>> ValuesOf(const PackedModel& model,
                                            const PackedTensor& tensor);
absl::StatusOr<CodedWeights> CodesOf(const PackedModel& model,
                                     const PackedTensor& tensor);

// The same model with its ternary codes stored that way, and codes of more
// values at their bits. InvalidArgument as ValuesOf says.
absl::StatusOr<PackedModel> Repack(const PackedModel& model,
                                   TernaryPacking packing);

// The bytes of a model.trit.
std::string SerializePackedModel(const PackedModel& model);

// Written whole or not at all.
absl::Status WritePackedModel(const PackedModel& model,
                              const std::string& path);

// The same as an archive. Codes are stored in the way that compresses best,
// whichever it was before; InvalidArgument as ValuesOf says.
absl::Status WritePackedArchive(const PackedModel& model,
                                const std::string& path);

// From either form. DataLoss, naming the file, when it is damaged or cut off;
// InvalidArgument when it is no packed model, of a newer format, or describes
// what cannot be. Of what is returned, every tensor lies within the file and
// has the bytes that its values take; codebooks and channel scales are finite.
// A model.trit is mapped, not copied: while the model is there the file may be
// replaced or removed, but not cut off (base/mapped_file.h).
absl::StatusOr<PackedModel> ReadPackedModel(const std::string& path);
// The same of bytes in memory; `name` begins every message.
absl::StatusOr<PackedModel> ParsePackedModel(absl::string_view bytes,
                                             const std::string& name);

// What the parts of a model take as a model.trit, in bytes; their sum is the
// file (of a model read from an archive: what came out of that).
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
