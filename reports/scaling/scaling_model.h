// How long a training step takes on N ranks that share each batch and average
// their gradients (training/gradient_average.h), from what one rank takes and
// what the network between them carries.
//
// Each rank's share of the batch stays what it is (weak scaling: the batch
// grows with N), so its computation takes the same time for every N. B bytes of
// gradients in k buckets are all-reduced over links that carry `bandwidth` in
// each direction at once, with `latency` for each message:
//
//   ring:              k * 2 (N - 1) * latency + 2 (N - 1)/N * B / bandwidth
//   halving-doubling:  k * 2 log2 N * latency + 2 (N - 1)/N * B / bandwidth
//   binomial tree:     2 ceil(log2 N) * (k * latency + B / bandwidth)
//
// (Thakur, Rabenseifner and Gropp 2005, "Optimization of Collective
// Communication Operations in MPICH"; Patarasuk and Yuan 2009 for the ring, and
// that no algorithm sends less.) Halving-doubling is for powers of two: other N
// take the next lower one in its place, and 3 messages a bucket and
// 2 B / bandwidth more, for what the other ranks hand over and get back.
// training/mpi has Open MPI take a ring below 4 ranks; from there on it takes
// halving-doubling. A share of it goes on while the backward pass computes; the
// last bucket, which is full only at its end, never does. Beside the gradients
// a step has short all-reduces that all wait for, each 2 ceil(log2 N) messages:
//
//   step = compute + max(all - overlap, all / k)
//              + waits * 2 ceil(log2 N) * latency
//
// Assumed: ranks are equally fast and never wait for each other's data, links
// do not share a bottleneck, adding up what arrives costs nothing beside
// receiving it, and communication takes no time of the processors that compute.
#ifndef TRITLAB_REPORTS_SCALING_SCALING_MODEL_H_
#define TRITLAB_REPORTS_SCALING_SCALING_MODEL_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "reports/page/table.h"

namespace tritlab {

enum class AllReduceAlgorithm { kRing, kHalvingDoubling, kBinomial };

// Of a training step (training/trainer.cc): whether to stop, whether all have
// read their images, and the loss.
inline constexpr int kWaitsOfAStep = 3;

struct ScalingModel {
  AllReduceAlgorithm algorithm = AllReduceAlgorithm::kRing;
  double compute_seconds = 0;  // of a step on one rank, measured
  double overlap_seconds = 0;  // of it, what communication may hide behind
  double images = 0;           // of a step on one rank
  double gradient_bytes = 0;
  double bucket_bytes = 0;
  double bandwidth = 0;  // bytes a second
  double latency = 0;    // seconds
  // kWaitsOfAStep, and with synchronized batch normalization two a layer of it.
  int waits = kWaitsOfAStep;
};

// InvalidArgument, naming the field, when one is not possible.
absl::Status ValidateScalingModel(const ScalingModel& model);

struct ScaledStep {
  double all_reduce_seconds = 0;  // of gradients
  double exposed_seconds = 0;     // of these, what the step is longer by
  double wait_seconds = 0;        // of short all-reduces
  double step_seconds = 0;
  double images_per_second = 0;  // of all ranks
  double efficiency = 0;         // against as many ranks that need not talk
};

// ranks: 1 or more. The model must be valid.
ScaledStep ScaleStep(const ScalingModel& model, int64_t ranks);

// One row for each number of ranks.
Table ScalingTable(const ScalingModel& model,
                   const std::vector<int64_t>& ranks);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_SCALING_SCALING_MODEL_H_
