#include "training/activation_counter.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/status_macros.h"
#include "kernels/nonzero_products.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

double ZeroShare(const std::vector<int32_t>& nonzeros, int64_t images) {
  const int64_t sum =
      std::accumulate(nonzeros.begin(), nonzeros.end(), int64_t{0});
  return 1 - static_cast<double>(sum) /
                 (static_cast<double>(images) * nonzeros.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<ActivationCounter>> ActivationCounter::Create(
    const Graph& graph) {
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  std::unique_ptr<ActivationCounter> counter(new ActivationCounter());
  for (const int i : WeightedNodes(graph)) {
    const Node& node = graph.nodes(i);
    const Shape& input = shaped.shapes[shaped.inputs[i][0]];
    Layer layer;
    layer.node = i;
    if (node.has_linear()) {
      layer.shape.input = {1, 1, 1, input.image_size()};
      layer.shape.out_channels = node.linear().out_features();
    } else {
      layer.shape = ShapeOf(node.convolution(), input);
    }
    layer.nonzeros.resize(input.image_size());
    counter->layers_.push_back(std::move(layer));
  }
  return counter;
}

int64_t ActivationCounter::Room(int64_t images) const {
  return std::min(images, kMostImages - images_);
}

const void* ActivationCounter::Forward(Program& program, const float* batch,
                                       int64_t images) {
  program.ObserveLayerInputs([&](const Program::LayerInput& input) {
    const auto layer = std::lower_bound(
        layers_.begin(), layers_.end(), input.node,
        [](const Layer& l, int node) { return l.node < node; });
    std::vector<int32_t>& nonzeros = input.before_quantization
                                         ? layer->before_quantization
                                         : layer->nonzeros;
    nonzeros.resize(layer->nonzeros.size());
    CountNonzeros(program.type(), input.values, images, nonzeros);
  });
  const void* const logits = program.Forward(batch);
  program.ObserveLayerInputs(nullptr);
  images_ += images;
  return logits;
}

ActivationStatistics ActivationCounter::Statistics(
    const TrainedNetwork& network) const {
  ActivationStatistics statistics;
  if (images_ == 0) return statistics;
  statistics.set_images(static_cast<uint32_t>(images_));
  for (size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const TrainedNetwork::Layer& of_network = network.layers()[l];
    LayerActivations& result = *statistics.add_layers();
    result.set_layer(of_network.node->name());
    result.set_zeros(ZeroShare(layer.nonzeros, images_));
    if (!layer.before_quantization.empty()) {
      result.set_zeros_before_quantization(
          ZeroShare(layer.before_quantization, images_));
    }
    const Shape output = layer.shape.output();
    const double products = static_cast<double>(images_) * output.height *
                            output.width *
                            static_cast<double>(layer.shape.weight_count());
    result.set_both_nonzero(NonzeroProducts(layer.shape,
                                            network.computed(of_network),
                                            layer.nonzeros) /
                            products);
  }
  return statistics;
}

}  // namespace tritlab
