#include "training/schedule.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

ScheduleSpec Parse(const std::string& text) {
  ScheduleSpec schedule;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &schedule));
  return schedule;
}

TEST(ScheduleTest, WithoutAShapeTheRateIsConstant) {
  const ScheduleSpec schedule = Parse("learning_rate: 0.5");
  EXPECT_EQ(LearningRate(schedule, 0, 10, 3), 0.5);
  EXPECT_EQ(LearningRate(schedule, 29, 10, 3), 0.5);
}

// The paper's schedule: the rate drops at the beginning of the named epochs.
TEST(ScheduleTest, StepsDropAtTheirEpochs) {
  const ScheduleSpec schedule = Parse(
      "learning_rate: 0.1 step { epochs: 80 epochs: 120 epochs: 300 factor: "
      "0.1 }");
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 80 * 390 - 1, 390, 400), 0.1f);
  EXPECT_NEAR(LearningRate(schedule, 80 * 390, 390, 400), 0.01, 1e-8);
  EXPECT_NEAR(LearningRate(schedule, 120 * 390, 390, 400), 0.001, 1e-8);
  EXPECT_NEAR(LearningRate(schedule, 400 * 390 - 1, 390, 400), 0.0001, 1e-8);
}

TEST(ScheduleTest, TheCosineGoesFromTheRateToItsFinalShare) {
  const ScheduleSpec schedule =
      Parse("learning_rate: 2 cosine { final_share: 0.1 }");
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 0, 11, 1), 2);
  EXPECT_NEAR(LearningRate(schedule, 5, 11, 1), 1.1, 1e-6);
  EXPECT_NEAR(LearningRate(schedule, 10, 11, 1), 0.2, 1e-6);
}

// The same numbers as the one-cycle schedule that others use: rate / 25 at
// first, the rate at warmup_share * steps - 1, rate / 250,000 at the last step.
TEST(ScheduleTest, OneCycleRisesAndFalls) {
  const ScheduleSpec schedule =
      Parse("learning_rate: 0.2 one_cycle { warmup_share: 0.2 }");
  EXPECT_NEAR(LearningRate(schedule, 0, 100, 10), 0.008, 1e-8);
  EXPECT_NEAR(LearningRate(schedule, 199, 100, 10), 0.2, 1e-8);
  EXPECT_NEAR(LearningRate(schedule, 999, 100, 10), 0.2 / 250000, 1e-10);
  for (int step = 1; step < 1000; ++step) {
    const double before = LearningRate(schedule, step - 1, 100, 10),
                 now = LearningRate(schedule, step, 100, 10);
    EXPECT_EQ(step <= 199, now > before) << step;
  }
}

// A smoke run has a single step; nothing may divide by zero.
TEST(ScheduleTest, OneStepIsEnough) {
  for (const char* shape : {"cosine { }", "one_cycle { warmup_share: 0.2 }",
                            "step { epochs: 0.5 factor: 0.1 }"}) {
    EXPECT_TRUE(std::isfinite(
        LearningRate(Parse(std::string("learning_rate: 1 ") + shape), 0, 1, 1)))
        << shape;
  }
}

TEST(ScheduleTest, ImpossibleSettingsNameTheirField) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "learning_rate"},
      {"learning_rate: -1", "learning_rate"},
      {"learning_rate: inf", "learning_rate"},
      {"learning_rate: 1 step { epochs: 1 }", "step.factor"},
      {"learning_rate: 1 step { factor: 0.1 }", "step.epochs"},
      {"learning_rate: 1 step { epochs: nan factor: 0.1 }", "step.epochs"},
      {"learning_rate: 1 step { epochs: -1 factor: 0.1 }", "step.epochs"},
      {"learning_rate: 1 step { epochs: 2 epochs: 1 factor: 0.1 }",
       "step.epochs"},
      {"learning_rate: 1 cosine { final_share: 2 }", "cosine.final_share"},
      {"learning_rate: 1 one_cycle { }", "one_cycle.warmup_share"}};
  for (const auto& [text, field] : cases) {
    EXPECT_THAT(std::string(ValidateSchedule(Parse(text), 10).message()),
                testing::HasSubstr(field))
        << text;
  }
}

// A recipe whose run is cut short must not train at the first rate alone
// without a word.
TEST(ScheduleTest, StepsThatAllComeTooLateAreRefused) {
  const ScheduleSpec schedule =
      Parse("learning_rate: 0.1 step { epochs: 80 epochs: 120 factor: 0.1 }");
  EXPECT_TRUE(ValidateSchedule(schedule, 81).ok());
  for (const int64_t epochs : {24, 80}) {
    EXPECT_THAT(std::string(ValidateSchedule(schedule, epochs).message()),
                testing::HasSubstr("schedule.step.epochs begins with 80"))
        << epochs;
  }
  EXPECT_TRUE(ValidateSchedule(
                  Parse("learning_rate: 1 step { epochs: 0.5 factor: 1 }"), 1)
                  .ok());
}

}  // namespace
}  // namespace tritlab
