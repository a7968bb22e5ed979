// A network by its graph and its values, ready to run in full precision.
#ifndef TRITLAB_ONNX_FLOAT_PROGRAM_H_
#define TRITLAB_ONNX_FLOAT_PROGRAM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {

class FloatProgram {
 public:
  // tensors: by the names of models/parameters.h. As TrainedNetwork::Initialize
  // and Program::Compile say.
  static absl::StatusOr<std::unique_ptr<FloatProgram>> Create(
      const Graph& graph,
      const std::map<std::string, std::vector<float>>& tensors, int64_t batch);

  // images: f32, normalized, NHWC, `batch` of them. Returns the logits,
  // [batch][classes], which stay valid until the next call.
  const float* Forward(const float* images) {
    return static_cast<const float*>(program_->Forward(images));
  }
  int64_t classes() const { return program_->classes(); }

 private:
  FloatProgram() = default;

  std::unique_ptr<TrainedNetwork> network_;  // what the program points into
  std::unique_ptr<Program> program_;
};

}  // namespace tritlab

#endif  // TRITLAB_ONNX_FLOAT_PROGRAM_H_
