// ONNX's own form of a test: beside a model lie folders test_data_set_0,
// test_data_set_1, ..., each with what goes in (input_0.pb) and what has to
// come out (output_0.pb). ONNX's tools and other runtimes check a model by
// them; tools/compare_with_onnxruntime counts how far ONNX Runtime agrees.
#ifndef TRITLAB_ONNX_TEST_DATA_H_
#define TRITLAB_ONNX_TEST_DATA_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "inference/packed_model.h"
#include "onnx/export_network.h"

namespace tritlab {

// This project's own program of a network that is exported: what a test wants
// to come out.
struct ExpectedOutput {
  ImageShape image;
  int64_t batch = 0;
  int64_t classes = 0;
  Normalization normalization;  // the exported model's input
  // Logits, [batch][classes], of images, [batch][height][width][channels], as
  // pixels and, the same, normalized.
  std::function<void(std::span<const uint8_t> pixels,
                     std::span<const float> normalized,
                     std::span<float> logits)>
      run;
};

// How a packed model's images become its input.
Normalization NormalizationOf(const PackedModelDescription& model);

// Of ExportQuantized's model: IntegerProgram. As IntegerProgram::Create says.
absl::StatusOr<ExpectedOutput> OutputOverBytes(const PackedModel& model);
// Of ExportNetwork's, on images with this normalization. As
// FloatProgram::Create says.
absl::StatusOr<ExpectedOutput> OutputInFloats(
    const NetworkToExport& network, const Normalization& normalization);

// Writes the test data sets of `count` of the images, spread evenly, or of all
// where there are not as many, into `folder`. FailedPrecondition when
// test_data_set_0 is there already; InvalidArgument when the images are not the
// network's or none can be read.
absl::Status WriteTestData(const ExpectedOutput& expected,
                           const Dataset& images, int64_t count,
                           const std::string& folder);

}  // namespace tritlab

#endif  // TRITLAB_ONNX_TEST_DATA_H_
