// Makes a network of an ONNX model:
//
//   bazel run //onnx:import -- --model=resnet18.onnx --output=resnet18.network
//
// The file written is a checkpoint: the graph and its weights, which a spec
// takes with `model { network_file { path: "resnet18.network" } }`. Exit
// status: 0 done, 2 bad flags or a model that cannot be imported, each node
// that is in the way listed.
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "models/checkpoint.h"
#include "models/cost.h"
#include "onnx/import_network.h"
#include "onnx/onnx_file.h"

ABSL_FLAG(std::string, model, "", "the ONNX model to import");
ABSL_FLAG(std::string, output, "", "the checkpoint to write");
ABSL_FLAG(
    std::string, onnx_output, "",
    "which of the model's values are the logits; needed where it has more "
    "than one output");
ABSL_FLAG(int64_t, height, 0, "of images, where the model leaves it open");
ABSL_FLAG(int64_t, width, 0, "of images, where the model leaves it open");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Makes a network of an ONNX model.\n"
    "  --model=FILE.onnx --output=FILE";

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string path = FromWorkingDirectory(absl::GetFlag(FLAGS_model));
  const std::string output = FromWorkingDirectory(absl::GetFlag(FLAGS_output));
  if (path.empty())
    return absl::InvalidArgumentError("--model: not given; name an ONNX model");
  if (output.empty())
    return absl::InvalidArgumentError("--output: not given; name a new file");
  if (FileExists(output)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--output: ", output, " is there already; name a new file"));
  }
  for (const auto* const side : {&FLAGS_height, &FLAGS_width}) {
    if (absl::GetFlag(*side) >= 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", side->Name(), " is ", absl::GetFlag(*side),
                     "; it must be above 0, or left out"));
  }
  ASSIGN_OR_RETURN(const onnx::ModelProto model, ReadOnnxModel(path));
  auto imported =
      ImportNetwork(model, {.output = absl::GetFlag(FLAGS_onnx_output),
                            .height = absl::GetFlag(FLAGS_height),
                            .width = absl::GetFlag(FLAGS_width)});
  if (!imported.ok()) return WithPrefix(path, imported.status());
  ASSIGN_OR_RETURN(const Cost cost, CountCost(imported->graph));
  for (const std::string& note : imported->notes)
    std::printf("%s\n", OneLine(note).c_str());
  const InputOperator& image = imported->graph.nodes(0).input();
  std::printf(
      "%s: images of %lldx%lldx%lld, %d nodes, %lld parameters, %lld "
      "multiply-adds\n",
      imported->graph.name().c_str(), static_cast<long long>(image.height()),
      static_cast<long long>(image.width()),
      static_cast<long long>(image.channels()), imported->graph.nodes_size(),
      static_cast<long long>(cost.parameters),
      static_cast<long long>(cost.multiply_adds));
  RETURN_IF_ERROR(WriteCheckpoint({.graph = std::move(imported->graph),
                                   .tensors = std::move(imported->tensors),
                                   .position = {}},
                                  output));
  std::printf("%s\n", output.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
