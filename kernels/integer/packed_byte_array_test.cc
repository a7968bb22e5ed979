#include "kernels/integer/packed_byte_array.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

// `count` values, all of the first `different` among -128, -111, -94, ...
std::vector<int8_t> Values(int64_t count, int different) {
  std::vector<int8_t> values(count);
  const RandomStream stream(static_cast<uint64_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const auto which = i < different ? i : stream.Bits(i) % different;
    values[i] = static_cast<int8_t>(-128 + 17 * static_cast<int>(which));
  }
  return values;
}

// Blocks that end anywhere, all numbers of values that fit, both extremes of a
// byte, all instruction sets.
TEST(PackedByteArrayTest, UnpacksWhatWasPacked) {
  for (const int different : {1, 2, 3, 4, 5, 9, 16}) {
    for (const int64_t count :
         {16, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 4096, 70'001}) {
      const std::vector<int8_t> values = Values(count, different);
      const std::optional<PackedByteArray> packed =
          PackedByteArray::Pack(values);
      ASSERT_TRUE(packed.has_value());
      EXPECT_EQ(packed->size(), count);
      EXPECT_EQ(packed->bits(), different <= 4 ? 2 : 4);
      EXPECT_LE(packed->bytes(), count * packed->bits() / 8 + 64);
      for (const auto instructions : SupportedIntegerInstructions()) {
        constexpr int8_t kUntouched = 99;
        std::vector<int8_t> unpacked(count + 1, kUntouched);
        packed->Unpack(unpacked.data(), instructions);
        EXPECT_EQ(unpacked.back(), kUntouched) << "written past the end";
        unpacked.pop_back();
        EXPECT_EQ(unpacked, values)
            << count << " of " << different << ", " << Name(instructions);
      }
    }
  }
}

TEST(PackedByteArrayTest, MoreThanSixteenValuesStayBytes) {
  EXPECT_FALSE(
      PackedByteArray::Pack(std::vector<int8_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                                 10, 11, 12, 13, 14, 15, 16}))
          .has_value());
}

TEST(PackedByteArrayTest, NothingIsNothing) {
  const std::optional<PackedByteArray> packed = PackedByteArray::Pack({});
  ASSERT_TRUE(packed.has_value());
  EXPECT_EQ(packed->bytes(), 0);
  packed->Unpack(nullptr);
}

}  // namespace
}  // namespace tritlab
