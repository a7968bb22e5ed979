// Makes an ONNX model of a trained network:
//
//   bazel run //onnx:export -- --run=DIR | --model=model.trit |
//   --checkpoint=FILE
//       --output=FILE.onnx [--precision=f32|int8] [--test_data=N]
//
// --run takes the run's model.trit; --checkpoint a phase's, or an imported
// network, with its weights in full precision and its running statistics.
// int8 is the default where the model has quantized weights and ranges. There
// is no form for activations that the network itself quantizes (PACT, DoReFa).
// --test_data writes that many test images, and what they give here, beside the
// model, for tools/compare_with_onnxruntime (onnx/test_data.h); --data_root,
// --dataset and --source say which images. Exit status: 0 done, 2 bad flags,
// model or data.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "datasets/dataset.h"
#include "inference/packed_model.h"
#include "inference/test_images_flags.h"
#include "models/checkpoint.h"
#include "onnx/export_network.h"
#include "onnx/export_quantized.h"
#include "onnx/onnx_file.h"
#include "onnx/test_data.h"

ABSL_FLAG(std::string, run, "", "a run's folder, whose model.trit is exported");
ABSL_FLAG(std::string, model, "",
          "the packed model to export: a model.trit or an archive of one");
ABSL_FLAG(std::string, checkpoint, "",
          "a checkpoint to export in full precision");
ABSL_FLAG(std::string, output, "", "the ONNX file to write");
ABSL_FLAG(int64_t, test_data, 0,
          "how many of the dataset's test images, and their logits, to write "
          "into folders test_data_set_0, ... beside the model");
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

// The test images that flags name, of the size that the network takes.
absl::StatusOr<std::unique_ptr<Dataset>> ImagesFor(const Graph& graph) {
  const InputOperator& image = graph.nodes(0).input();
  return OpenTestImagesOfFlags({static_cast<int>(image.height()),
                                static_cast<int>(image.width()),
                                static_cast<int>(image.channels())});
}

// --test_data, beside the model.
absl::Status WriteTestDataOf(const absl::StatusOr<ExpectedOutput>& expected,
                             const Dataset& images, const std::string& output) {
  RETURN_IF_ERROR(expected.status());
  return WriteTestData(*expected, images, absl::GetFlag(FLAGS_test_data),
                       std::filesystem::path(output).parent_path().string());
}

absl::StatusOr<onnx::ModelProto> ExportPacked(const std::string& path,
                                              const std::string& precision,
                                              const std::string& output) {
  ASSIGN_OR_RETURN(const PackedModel model, ReadPackedModel(path));
  const PackedModelDescription& description = model.description;
  const bool in_bytes =
      precision.empty() ? HasCodes(description) && description.clips_size() > 0
                        : precision == "int8";
  NetworkToExport network;  // where it is not in bytes
  auto exported = [&]() -> absl::StatusOr<onnx::ModelProto> {
    if (in_bytes) return ExportQuantized(model);
    ASSIGN_OR_RETURN(network, NetworkOf(model));
    return ExportNetwork(network);
  }();
  if (!exported.ok()) return WithPrefix(path, exported.status());
  if (absl::GetFlag(FLAGS_test_data) > 0) {
    ASSIGN_OR_RETURN(const auto images, ImagesFor(description.graph()));
    RETURN_IF_ERROR(WriteTestDataOf(
        in_bytes ? OutputOverBytes(model)
                 : OutputInFloats(network, NormalizationOf(description)),
        *images, output));
  }
  return exported;
}

absl::StatusOr<onnx::ModelProto> ExportCheckpoint(const std::string& path,
                                                  const std::string& output) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(path));
  const auto network = NetworkOf(std::move(checkpoint));
  if (!network.ok()) return WithPrefix(path, network.status());
  auto exported = ExportNetwork(*network);
  if (!exported.ok()) return WithPrefix(path, exported.status());
  if (absl::GetFlag(FLAGS_test_data) > 0) {
    ASSIGN_OR_RETURN(const auto images, ImagesFor(network->graph));
    RETURN_IF_ERROR(WriteTestDataOf(
        OutputInFloats(*network, images->normalization()), *images, output));
  }
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
  if (!checkpoint.empty() && precision == "int8") {
    return absl::InvalidArgumentError(
        "--precision: a checkpoint has no ranges of activations; give --run or "
        "--model");
  }
  if (absl::GetFlag(FLAGS_test_data) < 0)
    return absl::InvalidArgumentError("--test_data: it must be 0 or more");
  if (output.empty())
    return absl::InvalidArgumentError("--output: not given; name a new file");
  if (FileExists(output)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--output: ", output, " is there already; name a new file"));
  }
  if (!run.empty()) model = JoinPath(run, "model.trit");
  ASSIGN_OR_RETURN(const onnx::ModelProto exported,
                   checkpoint.empty() ? ExportPacked(model, precision, output)
                                      : ExportCheckpoint(checkpoint, output));
  RETURN_IF_ERROR(WriteOnnxModel(exported, output));
  std::printf("%s\n", output.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
