// Shows what a packed model holds, and writes its values out in full precision:
//
//   bazel run //inference:unpack -- --model=run/model.trit [--output_dir=DIR]
//       [--output=FILE]
//
// The model may be an archive (NAME.trit.zst); FILE gets its model.trit.
// DIR gets one file NODE.TENSOR.f32 a tensor (little-endian floats, output
// channel outermost; / in names becomes .), and graph.textproto. Exit status: 0
// done, 2 bad flags or model, or no room for the result.
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "google/protobuf/text_format.h"
#include "inference/model_table.h"
#include "inference/packed_model.h"

ABSL_FLAG(std::string, model, "",
          "the packed model to read: a model.trit or an archive of one");
ABSL_FLAG(std::string, output_dir, "",
          "a new folder for the values; not given: they are only counted");
ABSL_FLAG(std::string, output, "",
          "a new file for the model.trit of an archive");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Shows what a packed model holds, and writes its values out.\n"
    "  --model=FILE [--output_dir=DIR] [--output=FILE]";

std::string FileOf(const PackedTensor& tensor) {
  return absl::StrCat(absl::StrReplaceAll(tensor.name(), {{"/", "."}}), ".f32");
}

absl::Status WriteValues(const PackedModel& model, const std::string& folder) {
  std::set<std::string> files;
  for (const PackedTensor& tensor : model.description.tensors()) {
    if (!files.insert(FileOf(tensor)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--output_dir: two of the model's tensors would be one "
                       "file, ",
                       FileOf(tensor), "; give other names and pack it anew"));
    }
  }
  RETURN_IF_ERROR(MakeDirectories(folder));
  ASSIGN_OR_RETURN(const std::vector<std::string> there, ListDirectory(folder));
  if (!there.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--output_dir: ", folder, " is not empty; name a new folder"));
  }
  for (const PackedTensor& tensor : model.description.tensors()) {
    ASSIGN_OR_RETURN(const std::vector<float> values, ValuesOf(model, tensor));
    RETURN_IF_ERROR(WriteFileAtomically(
        JoinPath(folder, FileOf(tensor)),
        absl::string_view(reinterpret_cast<const char*>(values.data()),
                          values.size() * sizeof(float))));
  }
  std::string graph;
  google::protobuf::TextFormat::PrintToString(model.description.graph(),
                                              &graph);
  return WriteFileAtomically(JoinPath(folder, "graph.textproto"), graph);
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string path = FromWorkingDirectory(absl::GetFlag(FLAGS_model));
  if (path.empty())
    return absl::InvalidArgumentError("--model: not given; name a model.trit");
  const std::string output = FromWorkingDirectory(absl::GetFlag(FLAGS_output));
  if (!output.empty() && FileExists(output)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--output: ", output, " is there already; name a new file"));
  }
  ASSIGN_OR_RETURN(const PackedModel model, ReadPackedModel(path));
  // Every code is looked at, also when nothing is written.
  for (const PackedTensor& tensor : model.description.tensors())
    RETURN_IF_ERROR(WithPrefix(path, ValuesOf(model, tensor).status()));
  const std::string folder =
      FromWorkingDirectory(absl::GetFlag(FLAGS_output_dir));
  if (!folder.empty()) RETURN_IF_ERROR(WriteValues(model, folder));
  if (!output.empty()) {
    ASSIGN_OR_RETURN(const PackedModel unpacked,
                     Repack(model, TernaryPacking::kTrits));
    RETURN_IF_ERROR(WritePackedModel(unpacked, output));
  }
  std::printf("%s\n", ModelTable(model).c_str());
  if (!folder.empty()) std::printf("%s\n", folder.c_str());
  if (!output.empty()) std::printf("%s\n", output.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
