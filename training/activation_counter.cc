#include "training/activation_counter.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>

#include "base/status_macros.h"
#include "kernels/nonzero_products.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

// Which of the batch's images are counted. The n-th of all is where the share
// of those before it, rounded down, makes its next step.
std::vector<int64_t> Chosen(const Batch& batch, int64_t images_per_epoch) {
  const int64_t most = ActivationCounter::CountedOf(images_per_epoch);
  const auto before = [&](int64_t n) { return n * most / images_per_epoch; };
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < batch.count; ++i) {
    const int64_t n = batch.first + i;
    if (before(n + 1) > before(n)) chosen.push_back(i);
  }
  return chosen;
}

void AddUpCounts(Communicator& ranks, std::vector<int32_t>& counts) {
  std::vector<double> sums(counts.begin(), counts.end());
  ranks.AllReduceSum(std::span<double>(sums));
  std::transform(sums.begin(), sums.end(), counts.begin(),
                 [](double sum) { return static_cast<int32_t>(sum); });
}

double ZeroShare(const std::vector<int32_t>& nonzeros, int64_t images) {
  const int64_t sum =
      std::accumulate(nonzeros.begin(), nonzeros.end(), int64_t{0});
  return 1 - static_cast<double>(sum) /
                 (static_cast<double>(images) * nonzeros.size());
}

}  // namespace

int64_t ActivationCounter::CountedOf(int64_t images) {
  return std::min(images, std::clamp<int64_t>(images / 4, 100, 1000));
}

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

const void* ActivationCounter::Forward(Program& program, const Batch& batch,
                                       int64_t images_per_epoch) {
  const std::vector<int64_t> chosen = Chosen(batch, images_per_epoch);
  if (chosen.empty()) return program.Forward(batch.images.data());
  program.ObserveLayerInputs([&](const Program::LayerInput& input) {
    const auto layer = std::lower_bound(
        layers_.begin(), layers_.end(), input.node,
        [](const Layer& l, int node) { return l.node < node; });
    std::vector<int32_t>& nonzeros = input.before_quantization
                                         ? layer->before_quantization
                                         : layer->nonzeros;
    nonzeros.resize(layer->nonzeros.size());
    CountNonzeros(program.type(), input.values, chosen, nonzeros);
  });
  const void* const logits = program.Forward(batch.images.data());
  program.ObserveLayerInputs(nullptr);
  const auto count = static_cast<int64_t>(chosen.size());
  views_ += count;
  if (batch.view == 0) images_ += count;
  return logits;
}

void ActivationCounter::AddUp(Communicator& ranks) {
  if (ranks.size() == 1) return;
  // A rank that had no image does not know which layers quantize what they
  // read.
  std::vector<double> known = {static_cast<double>(images_),
                               static_cast<double>(views_)};
  for (const Layer& layer : layers_)
    known.push_back(layer.before_quantization.empty() ? 0 : 1);
  ranks.AllReduceSum(std::span<double>(known));
  images_ = static_cast<int64_t>(known[0]);
  views_ = static_cast<int64_t>(known[1]);
  for (size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    AddUpCounts(ranks, layer.nonzeros);
    if (known[2 + l] == 0) continue;
    layer.before_quantization.resize(layer.nonzeros.size());
    AddUpCounts(ranks, layer.before_quantization);
  }
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
    result.set_zeros(ZeroShare(layer.nonzeros, views_));
    if (!layer.before_quantization.empty()) {
      result.set_zeros_before_quantization(
          ZeroShare(layer.before_quantization, views_));
    }
    const Shape output = layer.shape.output();
    const double products = static_cast<double>(views_) * output.height *
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
