// What a large network holds in memory once it is loaded. A test of its own, as
// it asks how much memory the process has.
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "inference/integer_program.h"
#include "inference/packed_model.h"
#include "models/build.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

constexpr int64_t kClasses = 1000;
constexpr double kMegabyte = 1e6;
#ifdef TRITLAB_SANITIZER
constexpr bool kSanitized = true;  // by what keeps memory of its own
#else
constexpr bool kSanitized = false;
#endif

Graph Vgg16() {
  ModelSpec spec;
  spec.mutable_vgg16();
  InputOperator image;
  image.set_height(224);
  image.set_width(224);
  image.set_channels(3);
  return *BuildGraph(spec, image, kClasses);
}

int64_t OutputsOf(const Node& node) {
  return node.has_linear() ? node.linear().out_features()
                           : node.convolution().out_channels();
}

// Codes without pattern but in the first and the last layer, which stay in full
// precision as in training. Each value of the codebook is in each channel.
PackedModel Packed(const ShapedGraph& shaped, const Graph& graph,
                   const std::vector<float>& codebook, int bits) {
  PackedModel model;
  PackedModelDescription& description = model.description;
  *description.mutable_graph() = graph;
  const std::vector<int> weighted = WeightedNodes(graph);
  for (const int i : weighted) {
    const Node& node = graph.nodes(i);
    const Shape& input = shaped.shapes[shaped.inputs[i][0]];
    const int64_t window =
        node.has_linear() ? input.image_size() : 9 * input.channels;
    const int64_t count = OutputsOf(node) * window;
    const std::string name = absl::StrCat(node.name(), "/weights");
    if (i == weighted.front() || i == weighted.back()) {
      std::vector<float> values(count);
      for (int64_t k = 0; k < count; ++k)
        values[k] = static_cast<float>(k * 37 % 401 - 200) / 10'000;
      AddTensor(name, values, model);
    } else {
      CodedWeights codes = {.codes = {}, .codebook = codebook, .bits = bits};
      codes.codes.resize(count);
      for (int64_t k = 0; k < count; ++k) {
        codes.codes[k] = static_cast<uint8_t>(
            (k + k / 7 + k / 64) % static_cast<int64_t>(codebook.size()));
      }
      EXPECT_TRUE(AddTensor(name, codes, TernaryPacking::kTrits, model).ok());
    }
    AddTensor(absl::StrCat(node.name(), "/bias"),
              std::vector<float>(OutputsOf(node), 0.01f), model);
  }
  for (int c = 0; c < 3; ++c) {
    description.add_mean(0.5f);
    description.add_deviation(0.25f);
  }
  for (int i = 0; i < graph.nodes_size(); ++i) description.add_clips(3);
  return model;
}

// What this process has in memory and no file backs, in bytes.
int64_t AnonymousBytes() {
  malloc_trim(0);  // else what is freed counts until it is used again
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    absl::string_view value = line;
    int64_t kilobytes = 0;
    if (absl::ConsumePrefix(&value, "RssAnon:") &&
        absl::ConsumeSuffix(&value, "kB") &&
        absl::SimpleAtoi(value, &kilobytes))
      return 1024 * kilobytes;
  }
  return -1;
}

// Protects: memory holds packed weights on every processor, and weight_bytes()
// says what it holds: nothing beside the activations is there but a block into
// which one layer at a time is unpacked.
void CheckMemory(const std::vector<float>& codebook, int bits,
                 double most_megabytes) {
  const Graph graph = Vgg16();
  const ShapedGraph shaped = *InferShapes(graph, 1);
  // Each a buffer of its own; one of f32 values, for two products.
  int64_t activations = 0, largest = 0;
  for (const Shape& shape : shaped.shapes) {
    activations += shape.size();
    largest = std::max(largest, shape.size());
  }
  activations += largest * int64_t{sizeof(float)};
  auto model =
      std::make_unique<PackedModel>(Packed(shaped, graph, codebook, bits));
  const int64_t before = AnonymousBytes();
  auto program = IntegerProgram::Create(*model, {});
  ASSERT_TRUE(program.ok()) << program.status();
  const auto weight_bytes =
      static_cast<double>((*program)->weight_bytes()) / kMegabyte;
  EXPECT_LE(weight_bytes, most_megabytes);
  std::vector<uint8_t> pixels((*program)->image().size(), 90);
  std::vector<float> logits(kClasses);
  (*program)->Run(pixels.data(), logits.data());
  EXPECT_NE(logits, std::vector<float>(kClasses, logits[0]));
  const int64_t after = AnonymousBytes();
  if (kSanitized) return;
  ASSERT_GT(before, 0);
  constexpr double kBlocks = 8;  // MB: unpacked weights, windows, stacks
  EXPECT_LE(static_cast<double>(after - before - activations) / kMegabyte,
            weight_bytes + kBlocks);
}

TEST(WeightMemoryTest, OfATernaryVgg16) {
  CheckMemory({0, 0.021f, -0.017f}, 2, 60);
}

// Linear layers at 5 bits; convolutions at 4, and 2 for a second product, as
// each channel has both ends of the levels.
TEST(WeightMemoryTest, OfFiveBitsOfInq) {
  std::vector<float> codebook = {0};
  for (const float sign : {1.0f, -1.0f})
    for (int exponent = -12; exponent <= -5; ++exponent)
      codebook.push_back(sign * std::ldexp(1.0f, exponent));
  CheckMemory(codebook, 5, 92);
}

}  // namespace
}  // namespace tritlab
