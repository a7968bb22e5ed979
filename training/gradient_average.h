// The mean of all ranks' gradients, taken while the backward pass goes on.
//
// Gradients travel in buckets, in the order in which the backward pass ends
// with them: as soon as all nodes of the next bucket are done, its sum over all
// ranks begins. What travels is
//   - the gradients of computed weights, biases, scales and shifts. Those of
//     latent weights and of what weight quantizers learn (TTQ's W_p and W_n)
//     follow from them on each rank alike;
//   - the gradients of what activation quantizers learn (PACT's alpha);
//   - batch normalization's running statistics, whose mean all ranks go on
//     with: any rank's network is then the one that is evaluated and kept, and
//     a training that is stopped at any step goes on with the same bits.
// Every rank's loss is the mean over an equal share of the batch, so the mean
// of gradients is the gradient of the mean loss over the whole batch.
#ifndef TRITLAB_TRAINING_GRADIENT_AVERAGE_H_
#define TRITLAB_TRAINING_GRADIENT_AVERAGE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "training/communicator.h"
#include "training/operator.h"
#include "training/operator_run.h"

namespace tritlab {

class GradientAverage {
 public:
  // Large enough for bandwidth to count more than latency, small enough for the
  // first to leave early.
  static constexpr int64_t kBucketBytes = 1 << 20;

  // `values`: as the program was compiled with, one entry a node; what they
  // point at and `ranks` must outlive this. A bucket is closed when it holds
  // `bucket_bytes` or more.
  GradientAverage(const std::vector<NodeValues>& values, Communicator& ranks,
                  int64_t bucket_bytes = kBucketBytes);

  // Called after each operator of a step (Program::ObserveOperators).
  void OperatorDone(const OperatorRun& run);
  // After the backward pass: waits, and puts the means in the gradients' place.
  void Finish();

  // Of one step, by one rank into the sum.
  int64_t bytes() const;
  int64_t buckets() const { return static_cast<int64_t>(buckets_.size()); }

 private:
  struct Bucket {
    std::vector<int> nodes = {};
    std::vector<std::span<float>> tensors = {};
    // Of all tensors, one behind the other: this rank's and all ranks'.
    std::vector<float> values = {}, sums = {};
  };

  void Start(Bucket& bucket);

  Communicator& ranks_;
  std::vector<Bucket> buckets_;
  std::vector<bool> done_;  // [node], in this backward pass
  size_t started_ = 0;      // buckets
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_GRADIENT_AVERAGE_H_
