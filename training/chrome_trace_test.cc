#include "training/chrome_trace.h"

#include <string>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

// Parsed by a JSON parser, whatever a node is called.
TEST(ChromeTraceTest, IsJsonWithMicroseconds) {
  const std::vector<StepProfile::Event> events = {
      {.name = "conv\"1\\\n",
       .kind = "convolution forward",
       .start_seconds = 100,
       .seconds = 0.25,
       .multiply_adds = 7,
       .bytes = 8},
      {.name = "loss", .kind = "loss", .start_seconds = 100.5, .seconds = 0.5}};
  google::protobuf::Struct trace;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(ChromeTrace(events), &trace)
          .ok())
      << ChromeTrace(events);
  const auto& list = trace.fields().at("traceEvents").list_value();
  ASSERT_EQ(list.values_size(), 2);
  const auto& first = list.values(0).struct_value().fields();
  EXPECT_EQ(first.at("name").string_value(), "conv\"1\\\n");
  EXPECT_EQ(first.at("cat").string_value(), "convolution forward");
  EXPECT_EQ(first.at("ph").string_value(), "X");
  EXPECT_EQ(first.at("ts").number_value(), 0);
  EXPECT_EQ(first.at("dur").number_value(), 250000);
  EXPECT_EQ(first.at("args").struct_value().fields().at("bytes").number_value(),
            8);
  const auto& second = list.values(1).struct_value().fields();
  EXPECT_EQ(second.at("ts").number_value(), 500000);
}

TEST(ChromeTraceTest, OfNothingIsAnEmptyTrace) {
  google::protobuf::Struct trace;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(ChromeTrace({}), &trace)
          .ok());
  EXPECT_EQ(trace.fields().at("traceEvents").list_value().values_size(), 0);
}

}  // namespace
}  // namespace tritlab
