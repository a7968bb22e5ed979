#include "training/communicator.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tritlab {
namespace {

class OneRank final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void AllReduceSum(std::span<float>) override {}
  void AllReduceSum(std::span<double>) override {}
  void StartAllReduceSum(std::span<const float> values,
                         std::span<float> sums) override {
    std::copy(values.begin(), values.end(), sums.begin());
  }
  void Progress() override {}
  void Wait() override {}
  void Broadcast(std::span<std::byte>) override {}
  void Barrier() override {}
};

}  // namespace

Communicator& SingleRank() {
  static OneRank one;
  return one;
}

absl::Status Agree(Communicator& ranks, const absl::Status& status) {
  if (ranks.size() == 1) return status;
  // Only what AllReduceSum can do is needed: everyone fills in its own places,
  // and the sum is the whole.
  std::vector<double> codes(2 * ranks.size(), 0.0);
  codes[2 * ranks.rank()] = status.raw_code();
  codes[2 * ranks.rank() + 1] = static_cast<double>(status.message().size());
  ranks.AllReduceSum(codes);
  int first = 0;
  while (first < ranks.size() && codes[2 * first] == 0) ++first;
  if (first == ranks.size()) return absl::OkStatus();
  std::vector<float> text(static_cast<size_t>(codes[2 * first + 1]), 0.0f);
  if (ranks.rank() == first) {
    for (size_t i = 0; i < text.size(); ++i)
      text[i] = static_cast<uint8_t>(status.message()[i]);
  }
  ranks.AllReduceSum(text);
  std::string message;
  for (const float c : text)
    message += static_cast<char>(static_cast<uint8_t>(c));
  // Rank 0's is what a training that is alone would say.
  return absl::Status(
      static_cast<absl::StatusCode>(static_cast<int>(codes[2 * first])),
      first == 0 ? message : absl::StrCat("rank ", first, ": ", message));
}

}  // namespace tritlab
