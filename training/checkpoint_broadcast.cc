#include "training/checkpoint_broadcast.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"

namespace tritlab {
namespace {

uint64_t BroadcastNumber(Communicator& ranks, uint64_t number) {
  ranks.Broadcast(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

// A string or a vector.
template <typename Sequence>
void BroadcastSequence(Communicator& ranks, Sequence& sequence) {
  sequence.resize(BroadcastNumber(ranks, sequence.size()));
  ranks.Broadcast(
      std::as_writable_bytes(std::span(sequence.data(), sequence.size())));
}

}  // namespace

absl::StatusOr<std::optional<Checkpoint>> BroadcastCheckpoint(
    Communicator& ranks, absl::StatusOr<std::optional<Checkpoint>> of_first) {
  if (ranks.size() == 1) return of_first;
  const bool first = ranks.rank() == 0;
  RETURN_IF_ERROR(Agree(ranks, first ? of_first.status() : absl::OkStatus()));
  const bool exists = first && of_first->has_value();
  if (BroadcastNumber(ranks, exists) == 0) return std::nullopt;
  Checkpoint checkpoint;
  if (first) checkpoint = **std::move(of_first);
  BroadcastSequence(ranks, checkpoint.position);
  const uint64_t tensors = BroadcastNumber(ranks, checkpoint.tensors.size());
  for (uint64_t i = 0; i < tensors; ++i) {
    std::string name;
    if (first) name = std::next(checkpoint.tensors.begin(), i)->first;
    BroadcastSequence(ranks, name);
    BroadcastSequence(ranks, checkpoint.tensors[name]);
  }
  return checkpoint;
}

}  // namespace tritlab
