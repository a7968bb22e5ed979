// Removes the output channels of convolutions and linear layers that the
// network's output does not need: with three values to a weight, some filters
// are zero, and some are read by nobody. What is left is a smaller network of
// the same operators.
//
// A channel can go where all that happens to it is known: its layer's output is
// read by one chain of batch normalizations, ReLUs, poolings and dropouts that
// ends in one convolution or linear layer. Channels that are added to others,
// as all outside the blocks of a ResNet are, stay; so do those of grouped
// convolutions. Every layer keeps at least one channel.
//
// What is left has no training heads: they read channels that may be gone.
//
// Removing one may make others redundant (the only reader of a channel is
// gone); the pass goes on until nothing is left to remove.
#ifndef TRITLAB_MODELS_REMOVE_FILTERS_H_
#define TRITLAB_MODELS_REMOVE_FILTERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "models/parameters.h"

namespace tritlab {

struct RemovedFilter {
  enum class Reason {
    // Without weights, and what follows makes 0 of the bias alone. Exact: each
    // sum loses terms that are 0. Also where activations are quantized, if
    // their 0 is 0.
    kZero,
    // The next layer has no weight for the channel that is not zero. Exact
    // likewise, as long as the channel's values are finite.
    kUnread,
    // Without weights, and what follows makes a constant of the bias. The next
    // layer has no padding, so the constant adds the same to all its pixels: it
    // went into that layer's bias, or the mean of the batch normalization
    // behind it. Exact up to rounding.
    kConstant,
    // Equal to `merged_into` in weights, bias and normalization; the next
    // layer's weights of both were added. Exact up to rounding, but these
    // weights are no longer of the quantizer's values.
    kDuplicate,
  };
  std::string layer;    // the node's name
  int64_t channel = 0;  // its output channel, as counted before
  Reason reason = Reason::kZero;
  int64_t merged_into = -1;  // for kDuplicate: the channel that stayed
};

// "zero", "unread", "constant", "duplicate".
const char* Name(RemovedFilter::Reason reason);

struct RemoveFiltersOptions {
  bool fold_constants = true;     // Reason::kConstant
  bool merge_duplicates = false;  // Reason::kDuplicate
};

struct SmallerNetwork {
  Graph graph;
  Parameters parameters;
  std::vector<RemovedFilter> removed;  // in the order of nodes and channels
};

// `parameters` are what the network computes with: of quantized layers the
// quantized values, not the latent ones, and running statistics as they are
// used. InvalidArgument when the graph is none or the parameters are not its
// nodes' own. Where nothing is redundant, the network as it was.
absl::StatusOr<SmallerNetwork> RemoveFilters(
    const Graph& graph, const Parameters& parameters,
    const RemoveFiltersOptions& options = {});

// Deletes what RemoveFilters found from other parameters of the same graph: the
// latent weights, to train the smaller network further. Only deletes: constants
// and duplicates are in what RemoveFilters returned, not in what this does.
// InvalidArgument also when a layer or channel is not the graph's, is named
// twice, or when a layer would keep no channel or cannot lose any.
absl::StatusOr<SmallerNetwork> DeleteFilters(
    const Graph& graph, const Parameters& parameters,
    const std::vector<RemovedFilter>& removed);

}  // namespace tritlab

#endif  // TRITLAB_MODELS_REMOVE_FILTERS_H_
