// ONNX models that anyone may have made.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "onnx/import_network.h"
#include "onnx/model_builder.h"
#include "onnx/onnx_file.h"

namespace tritlab {
namespace {

// Little enough that no input takes the memory that is allowed.
constexpr int64_t kMostValues = 1 << 20;

// Nodes give "a", "b", ... in their order; "x" is the image.
class Seed : public ModelBuilder {
 public:
  Seed() : ModelBuilder("seed", 13) { Input("x", {1, 2, 4, 4}); }

  void Numbers(const char* name, const std::vector<int64_t>& extents,
               int count) {
    std::vector<float> values(count);
    for (int i = 0; i < count; ++i) values[i] = 0.5f * static_cast<float>(i);
    Tensor(name, extents, std::span<const float>(values));
  }
  ModelBuilder& Next(const char* op, const std::vector<std::string>& inputs) {
    Node(op, std::string(1, next_++), inputs);
    return *this;
  }
  std::string Bytes() {
    Output(std::string(1, static_cast<char>(next_ - 1)), {1, 3});
    return model().SerializeAsString();
  }

 private:
  char next_ = 'a';
};

std::string Layers() {
  Seed seed;
  seed.Numbers("w", {2, 2, 3, 3}, 36);
  seed.Numbers("v", {2}, 2);
  seed.Numbers("m", {4, 3}, 12);
  seed.Integers("p", {0, 0, 1, 1, 0, 0, 1, 1});
  seed.Next("Pad", {"x", "p"});
  seed.Next("Conv", {"a", "w", "v"}).SetAll("kernel_shape", {3, 3});
  seed.Next("BatchNormalization", {"b", "v", "v", "v", "v"});
  seed.Next("Mul", {"c", "v1"});
  seed.Numbers("v1", {2, 1, 1}, 2);
  seed.Next("Relu", {"d"});
  seed.Next("Add", {"e", "x"});
  seed.Next("Concat", {"f", "e"}).Set("axis", int64_t{1});
  seed.Next("MaxPool", {"g"}).SetAll("kernel_shape", {2, 2});
  seed.Next("GlobalAveragePool", {"h"});
  seed.Next("Flatten", {"i"});
  seed.Next("Gemm", {"j", "m"});
  seed.Next("Softmax", {"k"});
  return seed.Bytes();
}

std::string Shapes() {
  Seed seed;
  seed.Integers("zero", {0});
  seed.Integers("rest", {-1});
  seed.Integers("size", {3, 32});
  seed.Next("Shape", {"x"});
  seed.Next("Gather", {"a", "zero"});
  seed.Next("Concat", {"b", "rest"}).Set("axis", int64_t{0});
  seed.Next("Reshape", {"x", "c"});
  seed.Next("ConstantOfShape", {"size"});
  seed.Next("Transpose", {"e"});
  seed.Next("MatMul", {"d", "f"});
  seed.Next("Unsqueeze", {"g"}).SetAll("axes", {2, 3});
  seed.Next("Squeeze", {"h"}).SetAll("axes", {2, 3});
  return seed.Bytes();
}

}  // namespace

std::vector<std::string> FuzzSeeds() { return {Layers(), Shapes()}; }

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = tritlab::ParseOnnxModel(
      absl::string_view(reinterpret_cast<const char*>(data), size), "fuzzed");
  if (!model.ok()) return 0;
  tritlab::ImportOptions options;
  options.most_values = tritlab::kMostValues;
  tritlab::ImportNetwork(*model, options).status().IgnoreError();
  return 0;
}
