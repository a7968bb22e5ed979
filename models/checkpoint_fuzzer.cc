// Checkpoints that anyone may have made, and what a spec takes from them as a
// network: the bytes as they are, and once more with the records' checksums
// made right.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "base/fuzzing/mended_records.h"
#include "models/checkpoint.h"
#include "models/cost.h"
#include "models/graph_builder.h"
#include "models/network_file.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

constexpr int64_t kClasses = 3;
// A small file may state a network that takes a second to draw.
constexpr int64_t kMostParameters = 1 << 18;

InputOperator Image() {
  InputOperator image;
  image.set_height(4);
  image.set_width(4);
  image.set_channels(2);
  return image;
}

void Read(absl::string_view bytes) {
  static InputFile file("fuzzed.ckpt");
  file.Set(bytes);
  ReadCheckpoint(file.path()).status().IgnoreError();
  NetworkFileSpec spec;
  spec.set_path(file.path());
  const auto graph = BuildFromFile(spec, Image(), kClasses);
  if (!graph.ok()) return;
  const auto cost = CountCost(*graph);
  if (!cost.ok() || cost->parameters > kMostParameters) return;
  WeightsFromFile(spec, *graph, /*seed=*/1).status().IgnoreError();
}

Graph SmallNetwork(int64_t classes) {
  GraphBuilder net("small", Image());
  std::string x = net.Convolution("conv", "image", 3, 3, 1);
  x = net.Relu("relu", net.BatchNormalization("bn", x));
  net.Linear("fc", net.GlobalAveragePool("pool", x), classes);
  return net.graph();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const InputFile file("seed.ckpt");
  std::vector<std::string> seeds;
  for (const int64_t classes : {kClasses, int64_t{5}}) {
    Checkpoint checkpoint;
    checkpoint.graph = SmallNetwork(classes);
    checkpoint.position = "somewhere";
    const auto parameters = InitialParameters(checkpoint.graph, 1);
    for (const ParameterTensor& tensor : parameters->tensors)
      checkpoint.tensors[tensor.name] = tensor.values;
    if (!WriteCheckpoint(checkpoint, file.path()).ok()) std::abort();
    seeds.push_back(*ReadFile(file.path()));
  }
  return seeds;
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  tritlab::Read(bytes);
  tritlab::Read(tritlab::MendedRecords(bytes));
  return 0;
}
