// Makes an ONNX model of a trained network:
//
//   bazel run //onnx:export -- --run=DIR | --model=model.trit |
//   --checkpoint=FILE
//       --output=FILE.onnx [--precision=f32|int8]
//
// --run takes the run's model.trit; --checkpoint a phase's, or an imported
// network, with its weights in full precision and its running statistics.
// int8 is the default where the model has quantized weights and ranges. Exit
// status: 0 done, 2 bad flags or model.
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "inference/packed_model.h"
#include "models/checkpoint.h"
#include "onnx/export_network.h"
#include "onnx/export_quantized.h"
#include "onnx/model_file.h"

ABSL_FLAG(std::string, run, "", "a run's folder, whose model.trit is exported");
ABSL_FLAG(std::string, model, "",
          "the packed model to export: a model.trit or an archive of one");
ABSL_FLAG(std::string, checkpoint, "",
          "a checkpoint to export in full precision");
ABSL_FLAG(std::string, output, "", "the ONNX file to write");
ABSL_FLAG(std::string, precision, "",
          "f32, or int8: bytes with QuantizeLinear and DequantizeLinear; int8 "
          "where the model has quantized weights if not given");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Makes an ONNX model of a trained network.\n"
    "  --run=DIR | --model=model.trit | --checkpoint=FILE  --output=FILE.onnx";

bool HasCodes(const PackedModelDescription& model) {
  return std::any_of(model.tensors().begin(), model.tensors().end(),
                     [](const PackedTensor& tensor) {
                       return tensor.packing() != PackedTensor::F32;
                     });
}

absl::StatusOr<onnx::ModelProto> ExportPacked(const std::string& path,
                                              std::string precision) {
  ASSIGN_OR_RETURN(const PackedModel model, ReadPackedModel(path));
  if (precision.empty()) {
    precision =
        HasCodes(model.description) && model.description.clips_size() > 0
            ? "int8"
            : "f32";
  }
  const auto make = [&]() -> absl::StatusOr<onnx::ModelProto> {
    if (precision == "int8") return ExportQuantized(model);
    ASSIGN_OR_RETURN(const NetworkToExport network, NetworkOf(model));
    return ExportNetwork(network);
  };
  auto exported = make();
  if (!exported.ok()) return WithPrefix(path, exported.status());
  return exported;
}

absl::StatusOr<onnx::ModelProto> ExportCheckpoint(
    const std::string& path, const std::string& precision) {
  if (precision == "int8") {
    return absl::InvalidArgumentError(
        "--precision: a checkpoint has no ranges of activations; give --run or "
        "--model");
  }
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(path));
  auto exported = ExportNetwork({.graph = std::move(checkpoint.graph),
                                 .tensors = std::move(checkpoint.tensors),
                                 .notes = {}});
  if (!exported.ok()) return WithPrefix(path, exported.status());
  return exported;
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string run = FromWorkingDirectory(absl::GetFlag(FLAGS_run));
  std::string model = FromWorkingDirectory(absl::GetFlag(FLAGS_model));
  const std::string checkpoint =
      FromWorkingDirectory(absl::GetFlag(FLAGS_checkpoint));
  const std::string output = FromWorkingDirectory(absl::GetFlag(FLAGS_output));
  const std::string precision = absl::GetFlag(FLAGS_precision);
  if ((!run.empty() + !model.empty() + !checkpoint.empty()) != 1) {
    return absl::InvalidArgumentError(
        "give one of --run, --model and --checkpoint");
  }
  if (!precision.empty() && precision != "f32" && precision != "int8") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--precision: \"", precision, "\" is unknown; give f32 or int8"));
  }
  if (output.empty())
    return absl::InvalidArgumentError("--output: not given; name a new file");
  if (FileExists(output)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--output: ", output, " is there already; name a new file"));
  }
  if (!run.empty()) model = JoinPath(run, "model.trit");
  onnx::ModelProto exported;
  if (checkpoint.empty()) {
    ASSIGN_OR_RETURN(exported, ExportPacked(model, precision));
  } else {
    ASSIGN_OR_RETURN(exported, ExportCheckpoint(checkpoint, precision));
  }
  RETURN_IF_ERROR(WriteOnnxModel(exported, output));
  std::printf("%s\n", output.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
