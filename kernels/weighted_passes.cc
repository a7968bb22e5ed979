#include "kernels/weighted_passes.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <numeric>

namespace tritlab::onednn {
namespace {

int64_t CountOf(const dnnl::memory::desc& desc) {
  const dnnl::memory::dims dims = desc.get_dims();
  return std::accumulate(dims.begin(), dims.end(), int64_t{1},
                         std::multiplies<>());
}

}  // namespace

WeightedPasses::WeightedPasses(const dnnl::memory::desc& plain,
                               const dnnl::memory::desc& input,
                               const dnnl::memory::desc& output,
                               const dnnl::memory::desc& bias, DataType stored)
    : plain_(plain),
      input_(input),
      output_(output),
      bias_desc_(bias),
      stored_(stored),
      weight_count_(CountOf(plain)),
      bias_(bias.get_size()) {}

void WeightedPasses::SetWeights(std::span<const float> weights,
                                std::span<const float> bias) {
  assert(static_cast<int64_t>(weights.size()) == weight_count_);
  assert(bias.size() * sizeof(float) == bias_.bytes());
  const float* rounded = RoundedWeights(weights, stored_);
  to_forward_weights_.Run({rounded, forward_weights_.data()});
  if (to_backward_weights_) {
    to_backward_weights_.Run({rounded, backward_weights_.data()});
  }
  std::copy(bias.begin(), bias.end(), bias_.floats());
}

void WeightedPasses::Forward(const void* input, void* output) {
  forward_.Run({input, forward_weights_.data(), bias_.data(), output});
}

void WeightedPasses::BackwardInput(const void* grad_output, void* grad_input) {
  const Buffer& weights =
      to_backward_weights_ ? backward_weights_ : forward_weights_;
  backward_input_.Run({grad_output, weights.data(), grad_input});
}

void WeightedPasses::BackwardWeights(const void* input, const void* grad_output,
                                     std::span<float> grad_weights,
                                     std::span<float> grad_bias) {
  assert(static_cast<int64_t>(grad_weights.size()) == weight_count_);
  assert(grad_bias.size() * sizeof(float) == bias_.bytes());
  float* const written =
      from_grad_weights_ ? grad_weights_.floats() : grad_weights.data();
  backward_weights_pass_.Run({input, grad_output, written, grad_bias.data()});
  if (from_grad_weights_) {
    from_grad_weights_.Run({written, grad_weights.data()});
  }
}

}  // namespace tritlab::onednn
