#include "onnx/channel_order.h"

#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;

// Two images of three pixels and two channels.
TEST(ChannelOrderTest, OnnxHasAPlaneForEachChannel) {
  const std::vector<int> nhwc = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_THAT(ChannelsFirst<int>(nhwc, 2, 2),
              ElementsAre(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11));
}

// Protects: what is exported is imported as it was.
TEST(ChannelOrderTest, EachOrderIsTheOthersInverse) {
  for (const int64_t channels : {1, 2, 3, 5, 30}) {
    for (const int64_t outer : {1, 4}) {
      std::vector<float> values(30 * outer);
      std::iota(values.begin(), values.end(), 0.0f);
      const auto first = ChannelsFirst<float>(values, outer, channels);
      EXPECT_EQ(ChannelsLast<float>(first, outer, channels), values);
      const auto last = ChannelsLast<float>(values, outer, channels);
      EXPECT_EQ(ChannelsFirst<float>(last, outer, channels), values);
    }
  }
}

}  // namespace
}  // namespace tritlab
