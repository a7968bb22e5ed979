// Builds ONNX models for tests, and runs what is imported of them.
#ifndef TRITLAB_ONNX_MODEL_FOR_TESTS_H_
#define TRITLAB_ONNX_MODEL_FOR_TESTS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "onnx/import_network.h"
#include "onnx/model_builder.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

class ModelForTests : public ModelBuilder {
 public:
  // With an image of these extents (batch, channels, height, width) named
  // "image".
  explicit ModelForTests(const std::vector<int64_t>& image, int64_t opset = 13)
      : ModelBuilder("test", opset) {
    Input("image", image);
  }

  using ModelBuilder::Tensor;
  std::string Tensor(const std::string& name,
                     const std::vector<int64_t>& extents,
                     const std::vector<float>& values) {
    return Tensor(name, extents, std::span<const float>(values));
  }
  // Numbers from a fixed stream between -1 and 1.
  std::string RandomTensor(const std::string& name,
                           const std::vector<int64_t>& extents);

  // The model, whose output is that of the node added last.
  onnx::ModelProto Model() const;

 private:
  uint64_t random_tensors_ = 0;
};

// The logits of images in ONNX's order, in f32.
absl::StatusOr<std::vector<float>> RunNetwork(const ImportedNetwork& network,
                                              const std::vector<float>& images);

// `count` numbers from 0 to 1 of a fixed stream.
std::vector<float> RandomImages(int64_t count);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_MODEL_FOR_TESTS_H_
