// Appends nodes to a graph; what the builders of networks are written with.
// Each call returns its node's name, to be the input of the next.
#ifndef TRITLAB_MODELS_GRAPH_BUILDER_H_
#define TRITLAB_MODELS_GRAPH_BUILDER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "models/graph.pb.h"

namespace tritlab {

class GraphBuilder {
 public:
  GraphBuilder(const std::string& name, const InputOperator& image) {
    graph_.set_name(name);
    *Append("image", {})->mutable_input() = image;
  }
  // Goes on with a graph.
  explicit GraphBuilder(Graph graph) : graph_(std::move(graph)) {}

  // A square kernel, without bias (batch normalization follows) and padded so
  // that an odd one keeps the size at stride 1, unless said otherwise.
  std::string Convolution(const std::string& name, const std::string& input,
                          int64_t out_channels, int64_t kernel,
                          int64_t stride) {
    return Convolution(name, input, out_channels, kernel, stride, kernel / 2);
  }
  std::string Convolution(const std::string& name, const std::string& input,
                          int64_t out_channels, int64_t kernel, int64_t stride,
                          int64_t padding, bool bias = false,
                          int64_t groups = 1) {
    ConvolutionOperator* convolution =
        Append(name, {input})->mutable_convolution();
    convolution->set_out_channels(out_channels);
    convolution->set_kernel_height(kernel);
    convolution->set_kernel_width(kernel);
    convolution->set_stride(stride);
    convolution->set_padding(padding);
    convolution->set_groups(groups);
    convolution->set_bias(bias);
    return name;
  }
  std::string BatchNormalization(const std::string& name,
                                 const std::string& input) {
    Append(name, {input})->mutable_batch_normalization()->set_epsilon(1e-5f);
    return name;
  }
  std::string Relu(const std::string& name, const std::string& input) {
    Append(name, {input})->mutable_relu();
    return name;
  }
  std::string Add(const std::string& name, const std::string& a,
                  const std::string& b) {
    Append(name, {a, b})->mutable_add();
    return name;
  }
  std::string MaxPool(const std::string& name, const std::string& input,
                      int64_t window, int64_t stride, int64_t padding = 0) {
    return Pool(PoolingOperator::MAX, name, input, window, stride, padding);
  }
  // The last window may stand over the edge.
  std::string CeilMaxPool(const std::string& name, const std::string& input,
                          int64_t window, int64_t stride) {
    return Pool(PoolingOperator::MAX, name, input, window, stride, 0,
                /*ceil_mode=*/true);
  }
  std::string AveragePool(const std::string& name, const std::string& input,
                          int64_t window, int64_t stride) {
    return Pool(PoolingOperator::AVERAGE, name, input, window, stride, 0);
  }
  std::string GlobalAveragePool(const std::string& name,
                                const std::string& input) {
    return AveragePool(name, input, 0, 1);
  }
  std::string ChannelPad(const std::string& name, const std::string& input,
                         int64_t before, int64_t behind) {
    ChannelPadOperator* pad = Append(name, {input})->mutable_channel_pad();
    pad->set_before(before);
    pad->set_behind(behind);
    return name;
  }
  std::string Linear(const std::string& name, const std::string& input,
                     int64_t out_features) {
    Append(name, {input})->mutable_linear()->set_out_features(out_features);
    return name;
  }

  std::string Concat(const std::string& name,
                     std::initializer_list<std::string> inputs) {
    Append(name, inputs)->mutable_concat();
    return name;
  }
  // Over 5 channels, with the constants of AlexNet and GoogLeNet in Caffe.
  std::string LocalResponseNormalization(const std::string& name,
                                         const std::string& input) {
    LocalResponseNormalizationOperator* normalization =
        Append(name, {input})->mutable_local_response_normalization();
    normalization->set_size(5);
    normalization->set_alpha(1e-4f);
    normalization->set_beta(0.75f);
    normalization->set_k(1);
    return name;
  }
  std::string Dropout(const std::string& name, const std::string& input,
                      float rate) {
    Append(name, {input})->mutable_dropout()->set_rate(rate);
    return name;
  }

  // From now on nodes are those of a training head, until the next one begins.
  void BeginTrainingHead(float loss_weight) {
    graph_.add_training_heads()->set_loss_weight(loss_weight);
  }

  Graph& graph() { return graph_; }

 private:
  std::string Pool(PoolingOperator::Kind kind, const std::string& name,
                   const std::string& input, int64_t window, int64_t stride,
                   int64_t padding, bool ceil_mode = false) {
    PoolingOperator* pooling = Append(name, {input})->mutable_pooling();
    pooling->set_kind(kind);
    pooling->set_window(window);
    pooling->set_stride(stride);
    pooling->set_padding(padding);
    pooling->set_ceil_mode(ceil_mode);
    return name;
  }
  Node* Append(const std::string& name,
               std::initializer_list<std::string> inputs) {
    const int heads = graph_.training_heads_size();
    Node* node = heads == 0
                     ? graph_.add_nodes()
                     : graph_.mutable_training_heads(heads - 1)->add_nodes();
    node->set_name(name);
    for (const std::string& input : inputs) node->add_inputs(input);
    return node;
  }

  Graph graph_;
};

}  // namespace tritlab

#endif  // TRITLAB_MODELS_GRAPH_BUILDER_H_
