#include "kernels/bfloat16_conversion.h"

#include <bit>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Every kind of float, NaN, infinities and subnormals among them, in arrays
// that end within and at the end of a vector: the bits of the one-element
// functions, and nothing written behind the end.
TEST(BFloat16Conversion, AgreesWithLoadAndStore) {
  const RandomStream random(1);
  for (const int64_t count : {0, 1, 15, 16, 17, 64, 1000, 100003}) {
    std::vector<float> floats(count);
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t bits = static_cast<uint32_t>(random.Bits(i));
      floats[i] = std::bit_cast<float>(i % 3 == 0 ? bits | 0x7f800000 : bits);
    }
    std::vector<BFloat16> narrow(count + 1, BFloat16{0x1234});
    Narrow(floats.data(), narrow.data(), count);
    EXPECT_EQ(narrow[count].bits, 0x1234);
    std::vector<float> wide(count + 1, 7.0f);
    Widen(narrow.data(), wide.data(), count);
    EXPECT_EQ(wide[count], 7.0f);
    for (int64_t i = 0; i < count; ++i) {
      BFloat16 expected;
      Store(floats[i], expected);
      ASSERT_EQ(narrow[i].bits, expected.bits) << floats[i];
      ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]),
                std::bit_cast<uint32_t>(Load(expected)));
    }
  }
}

// Part by part, also onto an input.
TEST(BFloat16Conversion, LoopsInFloatsMayOverwriteTheirInput) {
  const int64_t count = 2 * kConvertedAtATime + 77;
  std::vector<BFloat16> a(count), b(count);
  for (int64_t i = 0; i < count; ++i) {
    Store(static_cast<float>(i % 100), a[i]);
    Store(static_cast<float>(i % 7), b[i]);
  }
  InFloats<2>({a.data(), b.data()}, a.data(), count,
              [](const auto& read, float* written, int64_t n) {
                for (int64_t i = 0; i < n; ++i)
                  written[i] = read[0][i] + read[1][i];
              });
  for (int64_t i = 0; i < count; ++i)
    ASSERT_EQ(Load(a[i]), static_cast<float>(i % 100 + i % 7)) << i;
}

}  // namespace
}  // namespace tritlab
