#include "base/fuzzing/mutation.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <iterator>

#include "base/random.h"

namespace tritlab {
namespace {

constexpr int64_t kMostInserted = 1024;  // at a time; four times at most
constexpr uint64_t kExtremes[] = {
    0,          1,          2,          0x7f,        0x80,       0xff,
    0x100,      0x7fff,     0x8000,     0xffff,      0x10000,    0x7fffffff,
    0x80000000, 0xffffffff, 1ull << 32, ~0ull >> 1u, 1ull << 63, ~0ull};

// Numbers in turn, as a story of changes needs them.
class Dice {
 public:
  explicit Dice(int64_t index) : stream_(index) {}
  size_t Below(size_t n) {
    return static_cast<size_t>(stream_.Below(turn_++, static_cast<int64_t>(n)));
  }

 private:
  RandomStream stream_;
  uint64_t turn_ = 0;
};

// Mostly short.
size_t Length(Dice& dice, size_t most) {
  return 1 + dice.Below(std::min(most, size_t{1} << dice.Below(11)));
}

void Change(const std::vector<std::string>& seeds, Dice& dice,
            std::string& input) {
  const size_t at = dice.Below(input.size() + 1);
  const size_t behind = input.size() - at;
  switch (dice.Below(9)) {
    case 0:
      if (behind > 0) input[at] ^= static_cast<char>(1 << dice.Below(8));
      break;
    case 1:
      if (behind > 0) input[at] = static_cast<char>(dice.Below(256));
      break;
    case 2:
      input.resize(at);
      break;
    case 3:
      if (behind > 0) input.erase(at, Length(dice, behind));
      break;
    case 4: {
      std::string inserted(Length(dice, kMostInserted), '\0');
      for (char& byte : inserted) byte = static_cast<char>(dice.Below(256));
      input.insert(at, inserted);
      break;
    }
    case 5: {
      const size_t most = std::min<size_t>(behind, kMostInserted);
      if (most > 0) input.insert(at, input.substr(at, Length(dice, most)));
      break;
    }
    case 6:
    case 7: {  // an integer, little-endian
      const uint64_t value = kExtremes[dice.Below(std::size(kExtremes))];
      const size_t bytes = std::min(behind, size_t{1} << dice.Below(4));
      for (size_t i = 0; i < bytes; ++i)
        input[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
      break;
    }
    default: {
      const std::string& other = seeds[dice.Below(seeds.size())];
      input.resize(at);
      const size_t from = dice.Below(other.size() + 1);
      input.append(other, from, std::string::npos);
      break;
    }
  }
}

}  // namespace

std::string Mutation(const std::vector<std::string>& seeds, int64_t index) {
  assert(!seeds.empty());
  size_t longest = 0;
  for (const std::string& seed : seeds)
    longest = std::max(longest, seed.size());
  Dice dice(index);
  std::string input = seeds[dice.Below(seeds.size())];
  const size_t changes = 1 + dice.Below(4);
  for (size_t i = 0; i < changes; ++i) Change(seeds, dice, input);
  input.resize(std::min(input.size(), longest + 4 * kMostInserted));
  return input;
}

}  // namespace tritlab
