#include "training/thread_communicator_for_tests.h"

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/threads.h"

namespace tritlab {
namespace {

// What all ranks see.
struct Shared {
  explicit Shared(int size) : barrier(size), spans(size) {}

  std::barrier<> barrier;
  std::vector<void*> spans;  // [rank], of the call that is under way
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(int rank, int size, Shared& shared)
      : rank_(rank), size_(size), shared_(shared) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void AllReduceSum(std::span<float> values) override { Sum(values); }
  void AllReduceSum(std::span<double> values) override { Sum(values); }

  // The values travel in Wait, so that whoever touches them before is found
  // out.
  void StartAllReduceSum(std::span<const float> values,
                         std::span<float> sums) override {
    begun_.push_back({values, sums});
  }
  void Progress() override {}
  void Wait() override {
    for (const auto& [values, sums] : begun_) {
      std::copy(values.begin(), values.end(), sums.begin());
      Sum(sums);
    }
    begun_.clear();
  }

  void Broadcast(std::span<std::byte> bytes) override {
    Publish(bytes.data());
    if (rank_ > 0)
      std::copy_n(static_cast<std::byte*>(shared_.spans[0]), bytes.size(),
                  bytes.data());
    Barrier();
  }
  void Barrier() override { shared_.barrier.arrive_and_wait(); }

 private:
  void Publish(void* values) {
    shared_.spans[rank_] = values;
    Barrier();
  }

  template <typename T>
  void Sum(std::span<T> values) {
    Publish(values.data());
    std::vector<T> sum(values.size(), T{0});
    for (int rank = 0; rank < size_; ++rank) {
      const T* const of_rank = static_cast<const T*>(shared_.spans[rank]);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += of_rank[i];
    }
    Barrier();
    std::copy(sum.begin(), sum.end(), values.begin());
  }

  const int rank_, size_;
  Shared& shared_;
  std::vector<std::pair<std::span<const float>, std::span<float>>> begun_;
};

}  // namespace

void RunRanks(int size, const std::function<void(Communicator&)>& rank) {
  Shared shared(size);
  std::vector<std::thread> threads;
  for (int i = 0; i < size; ++i) {
    threads.emplace_back([&, i] {
      SetThreads(1);
      ThreadCommunicator communicator(i, size, shared);
      rank(communicator);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace tritlab
