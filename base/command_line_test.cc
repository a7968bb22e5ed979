#include "base/command_line.h"

#include <unistd.h>

#include <new>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(std::string, test_text, "", "a text");
ABSL_FLAG(int, test_number, 0, "a number");
ABSL_FLAG(bool, test_switch, false, "a switch");

namespace tritlab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::StatusOr<CommandLine> Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "program");
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return ParseCommandLine(static_cast<int>(argv.size()), argv.data(), "usage",
                          {"set"});
}

TEST(CommandLineTest, FlagsAreSet) {
  ASSERT_TRUE(
      Parse({"--test_text=a=b", "--test_number", "-3", "--test_switch"}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_text), "a=b");
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), -3);
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_switch));
  ASSERT_TRUE(Parse({"--notest_switch", "--test_number=4"}).ok());
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_switch));
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), 4);
}

// Protects: who asks for help gets the program's own flags, and success.
TEST(CommandLineTest, HelpListsTheFlags) {
  for (const char* help : {"--help", "-h"}) {
    EXPECT_EXIT(
        {
          dup2(STDERR_FILENO, STDOUT_FILENO);  // what the test looks at
          (void)Parse({help});
        },
        testing::ExitedWithCode(0),
        AllOf(HasSubstr("usage"),
              HasSubstr("--test_number  a number (default: \"0\")")));
  }
}

// Abseil keeps the last value of a flag only; --set must not lose any.
TEST(CommandLineTest, RepeatedFlagsKeepEveryValueInOrder) {
  const auto line = Parse({"--set=a=1", "--test_number=5", "--set", "b=2"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->repeated,
              testing::ElementsAre(testing::Pair("set", "a=1"),
                                   testing::Pair("set", "b=2")));
}

// The contract of all programs: 0 done, 1 failed, 2 what the caller can mend.
TEST(CommandLineTest, ExitStatusTellsWhoseFaultItWas) {
  EXPECT_EQ(ExitStatus(absl::OkStatus()), 0);
  EXPECT_EQ(ExitStatus(absl::AbortedError("the loss is not finite")), 1);
  EXPECT_EQ(ExitStatus(absl::InternalError("")), 1);
  EXPECT_EQ(ExitStatus(absl::CancelledError("stopped as asked to")), 130);
  EXPECT_EQ(ExitStatus(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitStatus(absl::DataLossError("")), 2);
}

TEST(CommandLineTest, ErrorsAreOneLineWhateverTheFilesAreCalled) {
  testing::internal::CaptureStderr();
  ExitStatus(absl::NotFoundError("a\nb\x1b[2J\x7f\xc3\xa9: is missing"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "error: a b [2J \xc3\xa9: is missing\n");
}

TEST(CommandLineTest, ErrorsNameTheFlag) {
  for (const auto& [arguments, begin] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--no_such=1"}, "--no_such: "},
           {{"--test_number=x"},
            "--test_number: \"x\" is impossible; give a whole number"},
           {{"--test_number"}, "--test_number: it has no value"},
           {{"--set"}, "--set: it has no value"},
           {{"--test_switch=maybe"},
            "--test_switch: \"maybe\" is impossible; give true or false"},
           {{"--notest_number"}, "--notest_number: "},
           {{"stray"}, "stray: "}}) {
    const absl::Status status = Parse(arguments).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith(begin));
  }
}

TEST(CommandLineTest, MemoryThatIsNotThereIsAnErrorLikeOthers) {
  const auto greedy = [](int, char**) -> absl::Status {
    throw std::bad_alloc();
  };
  EXPECT_EQ(RunProgram(0, nullptr, greedy), 2);
}

}  // namespace
}  // namespace tritlab
