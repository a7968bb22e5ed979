#include "models/remove_filters.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

using Reason = RemovedFilter::Reason;

// A share of the terms of a sum within which its sign depends on how the sum
// is rounded; float's is 1.2e-7 for each operation.
constexpr double kRounding = 1e-6;

// Weights as [outputs][taps][inputs]. A linear layer reads a flattened image,
// channels innermost, and has a tap for each pixel.
struct WeightExtents {
  int64_t outputs = 0;
  int64_t taps = 0;
  int64_t inputs = 0;

  int64_t size() const { return outputs * taps * inputs; }
  int64_t at(int64_t output, int64_t tap, int64_t input) const {
    return (output * taps + tap) * inputs + input;
  }
};

// Where a layer's channels go, if they can be followed.
struct Chain {
  int producer = -1;        // node; a convolution or linear layer
  std::vector<int> passed;  // normalizations, ReLUs and so on, in order
  int reader = -1;          // node; a convolution or linear layer
};

// The smaller network in the making: the parameters at their old places, and
// which of each layer's output channels are still there.
class Removal {
 public:
  static absl::StatusOr<Removal> Create(const Graph& graph,
                                        const Parameters& parameters) {
    Removal removal(graph, parameters);
    ASSIGN_OR_RETURN(removal.shaped_, InferShapes(graph, /*batch=*/1));
    removal.FindExtents();
    RETURN_IF_ERROR(removal.CheckParameters());
    removal.FindChains();
    return removal;
  }

  void RemoveRedundant(const RemoveFiltersOptions& options) {
    size_t before;
    do {
      before = removed_.size();
      for (const Chain& chain : chains_) RemoveFrom(chain, options);
    } while (removed_.size() > before);
  }

  absl::Status Delete(const RemovedFilter& filter) {
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(
          absl::StrCat("filter ", filter.channel, " of layer \"", filter.layer,
                       "\" cannot be removed: ", what));
    };
    for (const Chain& chain : chains_) {
      if (graph_.nodes(chain.producer).name() != filter.layer) continue;
      const std::vector<bool>& kept = kept_[chain.producer];
      if (filter.channel < 0 ||
          filter.channel >= static_cast<int64_t>(kept.size())) {
        return error(absl::StrCat("the layer has ", kept.size()));
      }
      if (!kept[filter.channel]) return error("it is named twice");
      if (Kept(chain.producer) == 1) return error("it is the last one");
      Remove(chain, filter.channel, filter.reason, filter.merged_into);
      return absl::OkStatus();
    }
    return error("the graph has no such layer whose channels can be followed");
  }

  absl::StatusOr<SmallerNetwork> Finish() {
    SmallerNetwork smaller;
    smaller.graph = graph_;
    smaller.graph.clear_training_heads();
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      Node& node = *smaller.graph.mutable_nodes(i);
      if (node.has_convolution()) {
        node.mutable_convolution()->set_out_channels(Kept(i));
        if (has_new_bias_[i]) node.mutable_convolution()->set_bias(true);
      } else if (node.has_linear()) {
        node.mutable_linear()->set_out_features(Kept(i));
      }
    }
    if (!removed_.empty()) {
      smaller.graph.set_description(absl::StrCat(
          graph_.description(), graph_.description().empty() ? "" : "; ",
          removed_.size(), " redundant filters removed"));
    }
    // Of the right names, order and extents; the values are replaced.
    ASSIGN_OR_RETURN(smaller.parameters,
                     InitialParameters(smaller.graph, /*seed=*/1));
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      const NodeParameters& from = parameters_.nodes[i];
      const NodeParameters& to = smaller.parameters.nodes[i];
      const auto copy = [&](int source, int target,
                            const std::vector<float>& values) {
        if (source < 0 && target < 0) return;
        smaller.parameters.tensors[target].values = values;
      };
      if (extents_[i].outputs > 0) {
        copy(from.weights, to.weights, KeptWeights(i));
        copy(from.bias, to.bias,
             KeptValues(i, from.bias >= 0 ? Tensor(from.bias) : new_bias_[i]));
      } else if (from.scale >= 0) {
        for (const auto& [source, target] :
             {std::pair(from.scale, to.scale), std::pair(from.shift, to.shift),
              std::pair(from.mean, to.mean),
              std::pair(from.variance, to.variance)}) {
          copy(source, target, KeptValues(i, Tensor(source)));
        }
      }
    }
    smaller.removed = std::move(removed_);
    std::sort(smaller.removed.begin(), smaller.removed.end(),
              [&](const RemovedFilter& a, const RemovedFilter& b) {
                return std::tuple(order_[a.layer], a.channel) <
                       std::tuple(order_[b.layer], b.channel);
              });
    return smaller;
  }

 private:
  Removal(const Graph& graph, const Parameters& parameters)
      : graph_(graph), parameters_(parameters) {}

  std::vector<float>& Tensor(int index) {
    return parameters_.tensors[index].values;
  }

  void FindExtents() {
    const int count = graph_.nodes_size();
    extents_.resize(count);
    kept_.resize(count);
    channels_of_.resize(count);
    has_new_bias_.resize(count);
    new_bias_.resize(count);
    for (int i = 0; i < count; ++i) {
      const Node& node = graph_.nodes(i);
      order_[node.name()] = i;
      channels_of_[i] = i;
      if (!node.has_convolution() && !node.has_linear()) continue;
      const Shape& input = shaped_.shapes[shaped_.inputs[i][0]];
      const ConvolutionOperator& convolution = node.convolution();
      extents_[i] =
          node.has_linear()
              ? WeightExtents{node.linear().out_features(),
                              input.height * input.width, input.channels}
              : WeightExtents{
                    convolution.out_channels(),
                    convolution.kernel_height() * convolution.kernel_width(),
                    input.channels / convolution.groups()};
      kept_[i].assign(extents_[i].outputs, true);
    }
  }

  absl::Status CheckParameters() {
    if (parameters_.nodes.size() != static_cast<size_t>(graph_.nodes_size())) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the parameters are of %d nodes, graph \"%s\" has %d",
          parameters_.nodes.size(), graph_.name(), graph_.nodes_size()));
    }
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      const Node& node = graph_.nodes(i);
      const NodeParameters& of = parameters_.nodes[i];
      const int64_t channels = shaped_.shapes[i].channels;
      const bool weighted = extents_[i].outputs > 0;
      const bool biased = node.has_linear() ||
                          (node.has_convolution() && node.convolution().bias());
      const int64_t normalized = node.has_batch_normalization() ? channels : 0;
      for (const auto& [tensor, size] :
           {std::pair(of.weights, weighted ? extents_[i].size() : 0),
            std::pair(of.bias, biased ? channels : 0),
            std::pair(of.scale, normalized), std::pair(of.shift, normalized),
            std::pair(of.mean, normalized),
            std::pair(of.variance, normalized)}) {
        const bool there =
            tensor >= 0 &&
            tensor < static_cast<int>(parameters_.tensors.size());
        const int64_t has =
            there ? static_cast<int64_t>(Tensor(tensor).size()) : 0;
        if (has == size && (tensor >= 0) == (size > 0)) continue;
        return absl::InvalidArgumentError(absl::StrFormat(
            "graph \"%s\", node \"%s\": a parameter tensor has %d values, its "
            "operator needs %d; they are of another network",
            graph_.name(), node.name(), has, size));
      }
    }
    return absl::OkStatus();
  }

  void FindChains() {
    std::vector<std::vector<int>> readers(graph_.nodes_size());
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      for (const int input : shaped_.inputs[i]) readers[input].push_back(i);
    }
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      if (extents_[i].outputs == 0 || Grouped(i)) continue;
      Chain chain;
      chain.producer = i;
      int at = i;
      while (readers[at].size() == 1) {
        at = readers[at][0];
        const Node& node = graph_.nodes(at);
        if (extents_[at].outputs > 0) {
          if (!Grouped(at)) chain.reader = at;
          break;
        }
        if (!node.has_batch_normalization() && !node.has_relu() &&
            !node.has_pooling() && !node.has_dropout())
          break;
        chain.passed.push_back(at);
      }
      if (chain.reader < 0) continue;
      for (const int node : chain.passed) channels_of_[node] = i;
      if (const std::vector<int>& behind = readers[chain.reader];
          behind.size() == 1)
        only_reader_[chain.reader] = behind[0];
      inputs_of_[chain.reader] = i;
      chains_.push_back(std::move(chain));
    }
  }

  bool Grouped(int i) const {
    return graph_.nodes(i).has_convolution() &&
           graph_.nodes(i).convolution().groups() != 1;
  }

  int64_t Kept(int layer) const {
    return std::count(kept_[layer].begin(), kept_[layer].end(), true);
  }
  // Whether the layer's input channel is still there.
  bool KeepsInput(int layer, int64_t channel) const {
    const auto producer = inputs_of_.find(layer);
    return producer == inputs_of_.end() || kept_[producer->second][channel];
  }

  std::vector<float> KeptWeights(int layer) {
    const WeightExtents& extents = extents_[layer];
    const std::vector<float>& weights =
        Tensor(parameters_.nodes[layer].weights);
    std::vector<float> result;
    for (int64_t o = 0; o < extents.outputs; ++o) {
      if (!kept_[layer][o]) continue;
      for (int64_t t = 0; t < extents.taps; ++t) {
        for (int64_t i = 0; i < extents.inputs; ++i) {
          if (KeepsInput(layer, i))
            result.push_back(weights[extents.at(o, t, i)]);
        }
      }
    }
    return result;
  }

  // One value a channel of the node's output.
  std::vector<float> KeptValues(int node, const std::vector<float>& values) {
    const std::vector<bool>& kept = kept_[channels_of_[node]];
    if (kept.empty()) return values;
    std::vector<float> result;
    for (size_t c = 0; c < values.size(); ++c) {
      if (kept[c]) result.push_back(values[c]);
    }
    return result;
  }

  bool HasNoWeights(int layer, int64_t output) {
    const WeightExtents& extents = extents_[layer];
    const std::vector<float>& weights =
        Tensor(parameters_.nodes[layer].weights);
    for (int64_t t = 0; t < extents.taps; ++t) {
      for (int64_t i = 0; i < extents.inputs; ++i) {
        if (weights[extents.at(output, t, i)] != 0 && KeepsInput(layer, i))
          return false;
      }
    }
    return true;
  }

  bool IsUnread(int reader, int64_t input) {
    const WeightExtents& extents = extents_[reader];
    const std::vector<float>& weights =
        Tensor(parameters_.nodes[reader].weights);
    for (int64_t o = 0; o < extents.outputs; ++o) {
      if (!kept_[reader][o]) continue;
      for (int64_t t = 0; t < extents.taps; ++t) {
        if (weights[extents.at(o, t, input)] != 0) return false;
      }
    }
    return true;
  }

  // What the chain's end gets from a channel without weights, and by how much
  // rounding may change it: 0 where it is the same in any arithmetic.
  struct Constant {
    double value = 0;
    double error = 0;
    bool zero() const { return value == 0 && error == 0; }
  };
  Constant ConstantOf(const Chain& chain, int64_t channel) {
    Constant constant;
    if (const int bias = parameters_.nodes[chain.producer].bias; bias >= 0)
      constant.value = Tensor(bias)[channel];
    if (has_new_bias_[chain.producer])
      constant.value = new_bias_[chain.producer][channel];
    for (const int i : chain.passed) {
      const Node& node = graph_.nodes(i);
      if (node.has_batch_normalization()) {
        const NodeParameters& of = parameters_.nodes[i];
        const double shift = Tensor(of.shift)[channel];
        const double factor =
            Tensor(of.scale)[channel] /
            std::sqrt(static_cast<double>(Tensor(of.variance)[channel]) +
                      node.batch_normalization().epsilon());
        const double mean = Tensor(of.mean)[channel];
        constant.error =
            std::abs(factor) * constant.error +
            kRounding * (std::abs(factor * constant.value) +
                         std::abs(factor * mean) + std::abs(shift));
        constant.value = factor * (constant.value - mean) + shift;
      } else if (node.has_relu()) {
        if (constant.value <= -constant.error) constant = {};
        constant.value = std::max(constant.value, 0.0);
      }
      // The maximum of equal values and their average over what lies inside the
      // image are that value; outside of training, dropout changes nothing.
    }
    return constant;
  }

  bool CanFold(const Chain& chain) const {
    const Node& reader = graph_.nodes(chain.reader);
    return reader.has_linear() || reader.convolution().padding() == 0;
  }

  // Adds to the reader's outputs what the constant channel adds to each.
  void Fold(const Chain& chain, int64_t channel, double value) {
    const WeightExtents& extents = extents_[chain.reader];
    const NodeParameters& of = parameters_.nodes[chain.reader];
    const std::vector<float>& weights = Tensor(of.weights);
    const auto behind = only_reader_.find(chain.reader);
    const int next = behind == only_reader_.end() ? -1 : behind->second;
    const bool into_mean = of.bias < 0 && next >= 0 &&
                           graph_.nodes(next).has_batch_normalization();
    if (of.bias < 0 && !into_mean && !has_new_bias_[chain.reader]) {
      has_new_bias_[chain.reader] = true;
      new_bias_[chain.reader].assign(extents.outputs, 0.0f);
    }
    std::vector<float>& target = into_mean
                                     ? Tensor(parameters_.nodes[next].mean)
                                 : of.bias >= 0 ? Tensor(of.bias)
                                                : new_bias_[chain.reader];
    for (int64_t o = 0; o < extents.outputs; ++o) {
      double sum = 0;
      for (int64_t t = 0; t < extents.taps; ++t)
        sum += weights[extents.at(o, t, channel)];
      const double added = into_mean ? -sum * value : sum * value;
      target[o] = static_cast<float>(target[o] + added);
    }
  }

  bool AreEqual(const Chain& chain, int64_t a, int64_t b) {
    const WeightExtents& extents = extents_[chain.producer];
    const NodeParameters& of = parameters_.nodes[chain.producer];
    for (int64_t t = 0; t < extents.taps; ++t) {
      for (int64_t i = 0; i < extents.inputs; ++i) {
        if (Tensor(of.weights)[extents.at(a, t, i)] !=
                Tensor(of.weights)[extents.at(b, t, i)] &&
            KeepsInput(chain.producer, i))
          return false;
      }
    }
    if (has_new_bias_[chain.producer] &&
        new_bias_[chain.producer][a] != new_bias_[chain.producer][b])
      return false;
    std::vector<int> tensors = {of.bias};
    for (const int i : chain.passed) {
      const NodeParameters& passed = parameters_.nodes[i];
      tensors.insert(tensors.end(), {passed.scale, passed.shift, passed.mean,
                                     passed.variance});
    }
    return std::all_of(tensors.begin(), tensors.end(), [&](int tensor) {
      return tensor < 0 || Tensor(tensor)[a] == Tensor(tensor)[b];
    });
  }

  void Merge(const Chain& chain, int64_t into, int64_t channel) {
    const WeightExtents& extents = extents_[chain.reader];
    std::vector<float>& weights =
        Tensor(parameters_.nodes[chain.reader].weights);
    for (int64_t o = 0; o < extents.outputs; ++o) {
      for (int64_t t = 0; t < extents.taps; ++t) {
        weights[extents.at(o, t, into)] += weights[extents.at(o, t, channel)];
      }
    }
  }

  void Remove(const Chain& chain, int64_t channel, Reason reason,
              int64_t merged_into = -1) {
    kept_[chain.producer][channel] = false;
    removed_.push_back({.layer = graph_.nodes(chain.producer).name(),
                        .channel = channel,
                        .reason = reason,
                        .merged_into = merged_into});
  }

  // From the last channel to the first, so that the one that a layer must keep
  // is its first.
  void RemoveFrom(const Chain& chain, const RemoveFiltersOptions& options) {
    for (int64_t c = extents_[chain.producer].outputs - 1; c >= 0; --c) {
      if (!kept_[chain.producer][c]) continue;
      if (Kept(chain.producer) == 1) return;
      if (IsUnread(chain.reader, c)) {
        Remove(chain, c, Reason::kUnread);
        continue;
      }
      if (HasNoWeights(chain.producer, c)) {
        const Constant constant = ConstantOf(chain, c);
        if (constant.zero()) {
          Remove(chain, c, Reason::kZero);
          continue;
        }
        if (options.fold_constants && CanFold(chain) &&
            std::isfinite(constant.value)) {
          Fold(chain, c, constant.value);
          Remove(chain, c, Reason::kConstant);
          continue;
        }
      }
      if (!options.merge_duplicates) continue;
      for (int64_t other = 0; other < c; ++other) {
        if (!kept_[chain.producer][other] || !AreEqual(chain, other, c))
          continue;
        Merge(chain, other, c);
        Remove(chain, c, Reason::kDuplicate, other);
        break;
      }
    }
  }

  const Graph& graph_;
  Parameters parameters_;
  ShapedGraph shaped_;
  std::vector<WeightExtents> extents_;   // [node]; 0 outputs: no weights
  std::vector<std::vector<bool>> kept_;  // [node][output channel]
  std::vector<int> channels_of_;         // [node]: whose channels it hands on
  std::vector<bool> has_new_bias_;       // [node]
  std::vector<std::vector<float>> new_bias_;  // [node]
  std::vector<Chain> chains_;
  std::map<int, int> inputs_of_;    // chain's reader -> its producer
  std::map<int, int> only_reader_;  // chain's reader -> what alone reads it
  std::map<std::string, int> order_;
  std::vector<RemovedFilter> removed_;
};

}  // namespace

const char* Name(RemovedFilter::Reason reason) {
  switch (reason) {
    case Reason::kZero:
      return "zero";
    case Reason::kUnread:
      return "unread";
    case Reason::kConstant:
      return "constant";
    case Reason::kDuplicate:
      return "duplicate";
  }
  return "unknown";
}

absl::StatusOr<SmallerNetwork> RemoveFilters(
    const Graph& graph, const Parameters& parameters,
    const RemoveFiltersOptions& options) {
  ASSIGN_OR_RETURN(Removal removal, Removal::Create(graph, parameters));
  removal.RemoveRedundant(options);
  return removal.Finish();
}

absl::StatusOr<SmallerNetwork> DeleteFilters(
    const Graph& graph, const Parameters& parameters,
    const std::vector<RemovedFilter>& removed) {
  ASSIGN_OR_RETURN(Removal removal, Removal::Create(graph, parameters));
  for (const RemovedFilter& filter : removed)
    RETURN_IF_ERROR(removal.Delete(filter));
  return removal.Finish();
}

}  // namespace tritlab
