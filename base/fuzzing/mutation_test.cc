#include "base/fuzzing/mutation.h"

#include <cstring>
#include <set>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

const std::vector<std::string> kSeeds = {"", "length\4\0\0\0four", "another"};

// A crash must come again when it is looked into.
TEST(MutationTest, IsAFunctionOfItsIndex) {
  std::set<std::string> different;
  for (int64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(Mutation(kSeeds, i), Mutation(kSeeds, i));
    different.insert(Mutation(kSeeds, i));
  }
  EXPECT_GT(different.size(), 500u);
}

TEST(MutationTest, StaysShort) {
  for (int64_t i = 0; i < 1000; ++i)
    EXPECT_LE(Mutation(kSeeds, i).size(), 16u + 4096u);
}

// Without seeds of any length there is still something to insert.
TEST(MutationTest, AnEmptySeedGrows) {
  bool grown = false;
  for (int64_t i = 0; i < 100; ++i) grown |= !Mutation({""}, i).empty();
  EXPECT_TRUE(grown);
}

// What a few thousand mutations must find: a length field that is believed, a
// cut in the middle of a field, and one seed's end behind another's beginning.
TEST(MutationTest, FindsPlantedMistakes) {
  const std::vector<std::string> seeds = {std::string("length\4\0\0\0four", 14),
                                          "another seed"};
  bool huge_length = false, cut_field = false, spliced = false;
  for (int64_t i = 0; i < 3000; ++i) {
    const std::string input = Mutation(seeds, i);
    if (input.compare(0, 6, "length") != 0) continue;
    cut_field |= input.size() > 6 && input.size() < 10;
    spliced |= input.find("seed") != std::string::npos;
    if (input.size() < 10) continue;
    uint32_t length;
    std::memcpy(&length, input.data() + 6, sizeof(length));
    huge_length |= length > 1u << 20;
  }
  EXPECT_TRUE(huge_length);
  EXPECT_TRUE(cut_field);
  EXPECT_TRUE(spliced);
}

}  // namespace
}  // namespace tritlab
