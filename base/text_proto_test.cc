#include "base/text_proto.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::UninterpretedOption;

TEST(ParseTextProto, SetsTheMessage) {
  FileDescriptorProto message;
  message.set_package("before");
  const absl::Status status =
      ParseTextProto("name: 'a'\ndependency: ['b', 'c']", "x", message);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(message.name(), "a");
  EXPECT_EQ(message.dependency_size(), 2);
  EXPECT_FALSE(message.has_package());
}

// Protects: an error is one line, which names the file and the place.
TEST(ParseTextProto, NamesThePlaceOfTheFirstError) {
  FileDescriptorProto message;
  const char* const text = "name: 'a'\n  nonsense: 3\n  more: 4\n";
  const absl::Status status = ParseTextProto(text, "x.textproto", message);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(absl::StartsWith(status.message(), "x.textproto:2:")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "nonsense")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "more")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "\n")) << status;
  // What stands on a command line has no file.
  EXPECT_TRUE(
      absl::StartsWith(ParseTextProto(text, "", message).message(), "2:"));
}

// Protects: a number that no name of the enum stands for is an error, not a
// value that the program takes for some other.
TEST(ParseTextProto, EnumsHaveOnlyTheirValues) {
  google::protobuf::Value value;
  EXPECT_TRUE(ParseTextProto("null_value: 0", "x", value).ok());
  EXPECT_TRUE(ParseTextProto("null_value: NULL_VALUE", "x", value).ok());
  absl::Status status = ParseTextProto("null_value: 3", "x", value);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(status.message(),
            "x: null_value is 3; it must be one of NULL_VALUE");
  status = ParseTextProto(
      "list_value { values { null_value: 0 } values { null_value: -7 } }", "",
      value);
  EXPECT_EQ(status.message(),
            "list_value.values[1].null_value is -7; it must be one of "
            "NULL_VALUE");
}

// Protects: no text, however deep, overflows the stack.
TEST(ParseTextProto, TheDepthOfMessagesIsLimited) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "nested_type { ";
    for (int i = 0; i < depth; ++i) text += "} ";
    return text;
  };
  DescriptorProto message;
  const absl::Status status = ParseTextProto(nested(99), "x", message);
  EXPECT_TRUE(status.ok()) << status;
  for (const int depth : {101, 1000000}) {
    const absl::Status deep = ParseTextProto(nested(depth), "x", message);
    EXPECT_TRUE(absl::IsInvalidArgument(deep)) << deep;
    EXPECT_TRUE(absl::StrContains(deep.message(), "deep")) << deep;
  }
}

// Protects: what is wrong with the whole is not said to be at 0:1.
TEST(ParseTextProto, AnErrorWithoutAPlaceHasNone) {
  UninterpretedOption::NamePart message;  // two fields are required
  const absl::Status status = ParseTextProto("", "x.textproto", message);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(absl::StartsWith(status.message(), "x.textproto: ")) << status;
  const absl::Status nameless = ParseTextProto("", "", message);
  EXPECT_FALSE(absl::StartsWith(nameless.message(), ":")) << nameless;
  EXPECT_FALSE(absl::StartsWith(nameless.message(), "0")) << nameless;
}

}  // namespace
}  // namespace tritlab
