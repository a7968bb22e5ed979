#include "onnx/model_for_tests.h"

#include "base/random.h"
#include "base/status_macros.h"
#include "onnx/channel_order.h"
#include "onnx/float_program.h"

namespace tritlab {
namespace {

constexpr uint64_t kStream = 0x6f6e6e78;

}  // namespace

std::string ModelForTests::RandomTensor(const std::string& name,
                                        const std::vector<int64_t>& extents) {
  int64_t count = 1;
  for (const int64_t extent : extents) count *= extent;
  std::vector<float> values(count);
  RandomStream(1, kStream, ++random_tensors_).FillUniform(-1, 1, values);
  return Tensor(name, extents, values);
}

onnx::ModelProto ModelForTests::Model() const {
  onnx::ModelProto finished = model();
  auto& graph = *finished.mutable_graph();
  if (graph.node_size() > 0 && graph.output_size() == 0)
    graph.add_output()->set_name(graph.node(graph.node_size() - 1).output(0));
  return finished;
}

absl::StatusOr<std::vector<float>> RunNetwork(
    const ImportedNetwork& network, const std::vector<float>& images) {
  const InputOperator& image = network.graph.nodes(0).input();
  const int64_t batch = static_cast<int64_t>(images.size()) /
                        (image.height() * image.width() * image.channels());
  ASSIGN_OR_RETURN(const auto program,
                   FloatProgram::Create(network.graph, network.tensors, batch));
  const float* const logits = program->Forward(
      ChannelsLast<float>(images, batch, image.channels()).data());
  return std::vector<float>(logits, logits + batch * program->classes());
}

std::vector<float> RandomImages(int64_t count) {
  std::vector<float> images(count);
  RandomStream(2, kStream).FillUniform(0, 1, images);
  return images;
}

}  // namespace tritlab
