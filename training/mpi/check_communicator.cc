// What each rank of mpi_communicator_test.sh runs: every call of the
// communicator against what it must give. Exit status 1, saying what, when it
// does not.
#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include "training/communicator.h"
#include "training/mpi/mpi_communicator.h"

namespace tritlab {
namespace {

int failures = 0;

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  ++failures;
}

void Check(Communicator& ranks) {
  const int rank = ranks.rank(), size = ranks.size();
  const float all = static_cast<float>(size * (size + 1) / 2);

  std::vector<double> doubles(3, rank + 1.0);
  ranks.AllReduceSum(doubles);
  Expect(doubles == std::vector<double>(3, all), "sums of doubles");

  // Buckets of all sizes under way together, and a blocking sum among them.
  std::vector<std::vector<float>> buckets;
  for (const size_t floats : {1, 1000, 300000})
    buckets.emplace_back(floats, rank + 1.0f);
  for (int step = 0; step < 3; ++step) {
    std::vector<std::vector<float>> sums = buckets;
    for (size_t i = 0; i < buckets.size(); ++i) {
      ranks.StartAllReduceSum(buckets[i], sums[i]);
      ranks.Progress();
    }
    std::vector<float> among(5, rank + 1.0f);
    ranks.AllReduceSum(among);
    Expect(among == std::vector<float>(5, all), "a sum among buckets");
    ranks.Wait();
    for (const std::vector<float>& sum : sums)
      Expect(sum == std::vector<float>(sum.size(), all), "buckets");
  }

  // The same bits on all ranks, where the order of a sum matters.
  std::vector<float> thirds(100003), sums(thirds.size());
  for (size_t i = 0; i < thirds.size(); ++i)
    thirds[i] = 1.0f / static_cast<float>(3 + rank + i % 17);
  ranks.StartAllReduceSum(thirds, sums);
  ranks.Wait();
  std::vector<float> of_first = sums;
  ranks.Broadcast(std::as_writable_bytes(std::span(of_first)));
  Expect(of_first == sums, "all ranks have rank 0's bits");

  ranks.Broadcast({});
  ranks.Barrier();
  const absl::Status agreed =
      Agree(ranks, rank == size - 1 ? absl::DataLossError("damaged")
                                    : absl::OkStatus());
  Expect(absl::IsDataLoss(agreed), "one rank's error is all ranks'");
  Expect(Agree(ranks, absl::OkStatus()).ok(), "no error is none");
}

int Main() {
  const absl::StatusOr<std::unique_ptr<Communicator>> ranks =
      MakeMpiCommunicator();
  if (!ranks.ok()) {
    std::fprintf(stderr, "%s\n", ranks.status().ToString().c_str());
    return 1;
  }
  Check(**ranks);
  if ((*ranks)->rank() == 0 && failures == 0)
    std::printf("%d ranks agree\n", (*ranks)->size());
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tritlab

int main() { return tritlab::Main(); }
