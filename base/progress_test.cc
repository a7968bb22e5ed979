#include "base/progress.h"

#include <cstdlib>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Collects what is printed, under a clock that the test sets.
class ProgressTest : public testing::Test {
 protected:
  void SetUp() override { stream_ = open_memstream(&text_, &size_); }
  void TearDown() override {
    fclose(stream_);
    free(text_);
  }
  Progress::Options Options(bool terminal) {
    Progress::Options options;
    options.stream = stream_;
    options.terminal = terminal;
    options.seconds = [this] { return now_; };
    return options;
  }
  std::string Text() {
    fflush(stream_);
    return std::string(text_, size_);
  }

  double now_ = 1000;

 private:
  FILE* stream_ = nullptr;
  char* text_ = nullptr;
  size_t size_ = 0;
};

TEST_F(ProgressTest, ATerminalGetsOneLineRedrawn) {
  Progress progress("epoch 1", 10000, Options(true));
  progress.Update(1);
  EXPECT_EQ(Text(), "");  // too early
  now_ += 2;
  progress.Update(2500, "loss 1.5");
  EXPECT_THAT(Text(), HasSubstr("\repoch 1 [=====>              ]  25%  "
                                "1,250 images/s  0:06 left  loss 1.5"));
  progress.Finish("top-1 50");
  EXPECT_THAT(Text(), HasSubstr("epoch 1  1,250 images/s  2.0 s  top-1 50\n"));
  progress.Finish();
  progress.Update(5);
}

// A line that wraps is left standing when the next one is drawn.
TEST_F(ProgressTest, ALineIsCutToTheTerminalsWidth) {
  Progress::Options options = Options(true);
  options.columns = 19;
  Progress progress("epoch 1 of the \xc3\xa9\xc3\xa9", 100, options);
  now_ += 1;
  progress.Update(50, "loss 1.5");
  EXPECT_EQ(Text(), "\repoch 1 of the \xc3\xa9");  // no half of an e acute
  now_ += 1;
  progress.Update(60, "loss 1.5");
  EXPECT_EQ(Text(),
            "\repoch 1 of the \xc3\xa9"
            "\repoch 1 of the \xc3\xa9");
  progress.Finish("a last line is never cut");
  EXPECT_THAT(Text(), HasSubstr("a last line is never cut\n"));
}

TEST_F(ProgressTest, ALogGetsPlainLinesAtIntervals) {
  {
    Progress progress("epoch 1", 100, Options(false));
    for (int i = 1; i <= 50; ++i) {
      now_ += 1;
      progress.Update(i);
    }
  }
  EXPECT_EQ(Text(),
            "epoch 1  10%  1.00 images/s  1:30 left\n"
            "epoch 1  20%  1.00 images/s  1:20 left\n"
            "epoch 1  30%  1.00 images/s  1:10 left\n"
            "epoch 1  40%  1.00 images/s  1:00 left\n"
            "epoch 1  50%  1.00 images/s  0:50 left\n");
}

TEST_F(ProgressTest, AnUnknownTotalShowsTheCount) {
  Progress progress("reading", 0, Options(false));
  now_ += 100;
  progress.Update(1234567);
  EXPECT_EQ(Text(), "reading 1,234,567 images  12,346 images/s\n");
}

TEST_F(ProgressTest, AResumedRunIsTimedFromWhereItTookUp) {
  Progress::Options options = Options(false);
  options.already_done = 5000;
  Progress progress("epoch 3", 10000, options);
  now_ += 10;
  progress.Update(6000);
  EXPECT_EQ(Text(), "epoch 3  60%  100 images/s  0:40 left\n");
}

TEST_F(ProgressTest, AnErrorMessageAfterItStandsOnACleanLine) {
  {
    Progress progress("epoch 1", 10, Options(true));
    now_ += 1;
    progress.Update(5);
  }
  EXPECT_EQ(Text().back(), '\r');
  EXPECT_THAT(Text(), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace tritlab
