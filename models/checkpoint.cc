#include "models/checkpoint.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/record_file.h"
#include "base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "models/checkpoint.pb.h"

namespace tritlab {
namespace {

constexpr uint32_t kFormatVersion = 1;

// The next record; DataLoss when there is none.
absl::Status ReadRecord(const std::string& path, RecordReader& reader,
                        std::string* record) {
  ASSIGN_OR_RETURN(const bool more, reader.Next(record));
  return more ? absl::OkStatus()
              : absl::DataLossError(absl::StrCat(
                    path,
                    ": the checkpoint ends too early; use the one before it"));
}

absl::StatusOr<CheckpointHeader> ReadHeader(const std::string& path,
                                            RecordReader& reader) {
  std::string record;
  RETURN_IF_ERROR(ReadRecord(path, reader, &record));
  CheckpointHeader header;
  if (!header.ParseFromString(record) || header.format_version() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": this is not a checkpoint"));
  }
  if (header.format_version() > kFormatVersion) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: format version %d is newer than this program's %d; update it",
        path, header.format_version(), kFormatVersion));
  }
  return header;
}

// Of the network `graph`, or, without it, of any.
absl::StatusOr<Checkpoint> Read(const std::string& path, const Graph* graph) {
  ASSIGN_OR_RETURN(std::unique_ptr<RecordReader> reader,
                   RecordReader::Open(path));
  ASSIGN_OR_RETURN(CheckpointHeader header, ReadHeader(path, *reader));
  if (graph != nullptr && !google::protobuf::util::MessageDifferencer::Equals(
                              header.graph(), *graph)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": it holds another network (",
                     header.graph().name(), ") than the ", graph->name(),
                     " that is asked for; use the spec it was trained with"));
  }
  Checkpoint checkpoint;
  checkpoint.graph = std::move(*header.mutable_graph());
  checkpoint.position = header.position();
  std::string record;
  for (const CheckpointHeader::Tensor& tensor : header.tensors()) {
    RETURN_IF_ERROR(ReadRecord(path, *reader, &record));
    if (record.size() % sizeof(float) != 0 ||
        record.size() / sizeof(float) != tensor.elements()) {
      return absl::DataLossError(
          absl::StrFormat("%s: tensor %s takes %d bytes, not %d values", path,
                          tensor.name(), record.size(), tensor.elements()));
    }
    std::vector<float>& values = checkpoint.tensors[tensor.name()];
    values.resize(record.size() / sizeof(float));
    // memcpy may not be given the null pointer that an empty vector has.
    if (!values.empty())
      std::memcpy(values.data(), record.data(), record.size());
  }
  return checkpoint;
}

}  // namespace

absl::Status WriteCheckpoint(const Checkpoint& checkpoint,
                             const std::string& path,
                             const std::string& previous) {
  CheckpointHeader header;
  header.set_format_version(kFormatVersion);
  *header.mutable_graph() = checkpoint.graph;
  header.set_position(checkpoint.position);
  for (const auto& [name, values] : checkpoint.tensors) {
    CheckpointHeader::Tensor* tensor = header.add_tensors();
    tensor->set_name(name);
    tensor->set_elements(values.size());
  }
  ASSIGN_OR_RETURN(std::unique_ptr<RecordWriter> writer,
                   RecordWriter::Create(path));
  RETURN_IF_ERROR(writer->Write(header.SerializeAsString()));
  for (const auto& [name, values] : checkpoint.tensors) {
    RETURN_IF_ERROR(writer->Write(
        absl::string_view(reinterpret_cast<const char*>(values.data()),
                          values.size() * sizeof(float))));
  }
  return writer->Commit(previous);
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path,
                                          const Graph& graph) {
  return Read(path, &graph);
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path) {
  return Read(path, nullptr);
}

absl::StatusOr<Graph> ReadCheckpointGraph(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<RecordReader> reader,
                   RecordReader::Open(path));
  ASSIGN_OR_RETURN(CheckpointHeader header, ReadHeader(path, *reader));
  return std::move(*header.mutable_graph());
}

absl::Status CopyTensor(const Checkpoint& checkpoint, const std::string& name,
                        std::span<float> values) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the checkpoint has no tensor ", name));
  }
  if (found->second.size() != values.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the checkpoint's tensor %s has %d values, not %d",
                        name, found->second.size(), values.size()));
  }
  std::copy(found->second.begin(), found->second.end(), values.begin());
  return absl::OkStatus();
}

}  // namespace tritlab
