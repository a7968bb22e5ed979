// Fuzzes what reads a packed model: the bytes as they are, and once more with
// the header's length and checksum made right, which no blind change would
// get past. What can be read is unpacked, written and read again, and compiled
// to a program where that is small.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/crc32c.h"
#include "base/fuzzing/fuzz_target.h"
#include "inference/integer_program.h"
#include "inference/pack_network.h"
#include "inference/packed_model.h"
#include "inference/packed_model_archive.h"
#include "inference/packed_model_header.h"
#include "models/graph_builder.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

namespace header = packed_model_header;

void Demand(bool condition) {
  if (!condition) std::abort();
}

// Whether its program's tensors are small enough to make one of them here.
bool IsSmall(const Graph& graph) {
  constexpr double kMostValues = 1 << 16;
  const auto shaped = InferShapes(graph, 1);
  if (!shaped.ok()) return false;
  double values = 0;
  for (const Shape& shape : shaped->shapes)
    values += static_cast<double>(shape.size());
  return values <= kMostValues;
}

void UseModel(const PackedModel& model) {
  bool sound = true;
  for (const PackedTensor& tensor : model.description.tensors()) {
    const auto values = ValuesOf(model, tensor);
    sound &= values.ok();
    if (values.ok()) Demand(values->size() == tensor.count());
  }
  const PackedBytesByPart parts = CountBytes(model);
  Demand(parts.file() >= static_cast<int64_t>(header::kBytes));
  // What has been read can be stored the other way, and read again.
  const auto repacked = Repack(model, TernaryPacking::kTrits);
  Demand(repacked.ok() == sound);
  if (sound)
    Demand(ParsePackedModel(SerializePackedModel(*repacked), "again").ok());
  // Plain loops: the same checks without kernels made.
  if (sound && IsSmall(model.description.graph())) {
    IntegerProgram::Create(model, {.reference = true}).status().IgnoreError();
  }
}

void Read(absl::string_view bytes) {
  const auto model = ParsePackedModel(bytes, "fuzzed");
  if (model.ok()) UseModel(*model);
}

CodedWeights Codes(int count, int bits, std::vector<float> codebook) {
  CodedWeights coded;
  coded.bits = bits;
  for (int i = 0; i < count; ++i) {
    coded.codes.push_back(
        static_cast<uint8_t>((i + i / 7) % static_cast<int>(codebook.size())));
  }
  coded.codebook = std::move(codebook);
  return coded;
}

// An image, a convolution with what follows it, a linear layer: about the least
// that has a program.
PackedModel Small(const CodedWeights& codes, TernaryPacking packing) {
  InputOperator image;
  image.set_height(3);
  image.set_width(3);
  image.set_channels(1);
  GraphBuilder net("small", image);
  std::string x = net.Convolution("conv", "image", 2, 3, 1);
  x = net.Relu("relu", net.BatchNormalization("bn", x));
  net.Linear("fc", net.GlobalAveragePool("pool", x), 2);
  NetworkToPack network;
  network.graph = net.graph();
  network.codes["conv/weights"] = codes;
  network.values = {{"bn/scale", {2, 3}},         {"bn/shift", {1, -1}},
                    {"bn/mean", {0, 1}},          {"bn/variance", {0.25f, 4}},
                    {"fc/weights", {1, 2, 3, 4}}, {"fc/bias", {5, 6}}};
  if (codes.codes.empty()) {
    network.values["conv/weights"] = std::vector<float>(18, 0.5f);
    network.codes.clear();
  }
  PackedModel model = *PackNetwork(network, packing);
  PackedModelDescription& description = model.description;
  description.add_mean(0.5f);
  description.add_deviation(0.25f);
  for (int i = 0; i < network.graph.nodes_size(); ++i) description.add_clips(3);
  description.add_classes("cat");
  description.add_classes("dog");
  return model;
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const CodedWeights ternary = Codes(18, 2, {0, 0.5f, -0.25f});
  const CodedWeights powers = Codes(18, 3, {0, 1, 0.5f, 0.25f, -1, -0.5f});
  CodedWeights binary = Codes(18, 1, {1, -1});
  binary.channel_scales = {0.5f, 2};
  std::vector<std::string> seeds;
  for (const CodedWeights& codes : {ternary, powers, binary, CodedWeights()})
    seeds.push_back(SerializePackedModel(Small(codes, TernaryPacking::kTrits)));
  seeds.push_back(SerializePackedModel(Small(ternary, TernaryPacking::kBits)));
  for (const size_t i : {size_t{0}, size_t{1}})
    seeds.push_back(*CompressPackedModel(seeds[i]));
  return seeds;
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace header = tritlab::packed_model_header;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  tritlab::Read(bytes);
  if (bytes.size() < header::kBytes ||
      !absl::StartsWith(bytes, header::kMagic)) {
    return 0;
  }
  header::Put<uint64_t>(bytes.size(), header::kFileBytesAt, bytes);
  header::Put<uint32_t>(tritlab::Crc32c(bytes.data() + header::kChecksumEnd,
                                        bytes.size() - header::kChecksumEnd),
                        header::kChecksumAt, bytes);
  tritlab::Read(bytes);
  return 0;
}
