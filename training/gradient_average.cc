#include "training/gradient_average.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "quant/quantizer.h"

namespace tritlab {

GradientAverage::GradientAverage(const std::vector<NodeValues>& values,
                                 Communicator& ranks, int64_t bucket_bytes)
    : ranks_(ranks), done_(values.size(), false) {
  const size_t most = bucket_bytes / sizeof(float);
  Bucket bucket;
  size_t elements = 0;
  const auto add = [&](std::span<float> tensor) {
    if (tensor.empty()) return;
    bucket.tensors.push_back(tensor);
    elements += tensor.size();
  };
  const auto close = [&] {
    bucket.values.resize(elements);
    bucket.sums.resize(elements);
    buckets_.push_back(std::move(bucket));
    bucket = {};
    elements = 0;
  };
  for (size_t i = values.size(); i-- > 0;) {
    const NodeValues& node = values[i];
    const size_t tensors = bucket.tensors.size();
    add(node.grad_weights);
    add(node.grad_bias);
    add(node.grad_scale);
    add(node.grad_shift);
    if (!node.grad_scale.empty()) {
      add(node.mean);
      add(node.variance);
    }
    if (bucket.tensors.size() == tensors) continue;
    bucket.nodes.push_back(static_cast<int>(i));
    if (elements >= most) close();
  }
  // Activation quantizers are done at other times than their nodes; what they
  // learn are single values, which leave with the last bucket, in Finish.
  for (const NodeValues& node : values) {
    if (node.activations == nullptr) continue;
    for (QuantizerParameter& parameter : node.activations->parameters())
      add({&parameter.gradient, 1});
  }
  if (elements > 0) close();
}

void GradientAverage::OperatorDone(const OperatorRun& run) {
  if (run.pass != Pass::kBackward || run.quantizes_input) return;
  done_[run.node] = true;
  // The last one leaves in Finish.
  while (started_ + 1 < buckets_.size()) {
    Bucket& next = buckets_[started_];
    if (!std::all_of(next.nodes.begin(), next.nodes.end(),
                     [&](int i) { return done_[i]; }))
      break;
    Start(next);
    ++started_;
  }
  ranks_.Progress();
}

void GradientAverage::Start(Bucket& bucket) {
  auto to = bucket.values.begin();
  for (const std::span<float> tensor : bucket.tensors)
    to = std::copy(tensor.begin(), tensor.end(), to);
  ranks_.StartAllReduceSum(bucket.values, bucket.sums);
}

void GradientAverage::Finish() {
  for (; started_ < buckets_.size(); ++started_) Start(buckets_[started_]);
  ranks_.Wait();
  const float share = 1.0f / static_cast<float>(ranks_.size());
  for (const Bucket& bucket : buckets_) {
    const float* from = bucket.sums.data();
    for (const std::span<float> tensor : bucket.tensors) {
      for (size_t i = 0; i < tensor.size(); ++i) tensor[i] = share * from[i];
      from += tensor.size();
    }
  }
  std::fill(done_.begin(), done_.end(), false);
  started_ = 0;
}

int64_t GradientAverage::bytes() const {
  size_t elements = 0;
  for (const Bucket& bucket : buckets_) elements += bucket.values.size();
  return static_cast<int64_t>(elements * sizeof(float));
}

}  // namespace tritlab
