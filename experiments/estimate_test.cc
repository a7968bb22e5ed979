#include "experiments/estimate.h"

#include <string>

#include "experiments/spec.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

// A phase of two stages, one without training, and a spare batch that an epoch
// leaves out.
ExperimentSpec Spec() {
  ExperimentSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "tiny"
         model { cifar_resnet { depth: 8 width: 2 } }
         dataset {
           name: "synthetic" synthetic { train_images: 70 test_images: 40 }
         }
         phases {
           name: "inq" epochs: 3 batch_size: 16
           optimizer { sgd { } } schedule { learning_rate: 0.01 }
           policy { rules {
             layers: "*" quantizer { inq { bits: 5 portions: [0.5, 1] } } } }
         }
         phases { name: "as_it_is" epochs: 0 batch_size: 16 })",
      &spec));
  return spec;
}

// What is not a matter of speed is exact.
TEST(EstimateTest, CountsTheStepsOfTheWholeExperiment) {
  const auto estimate = EstimateExperiment(Spec(), "");
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  ASSERT_EQ(estimate->phases.size(), 2u);
  const PhaseEstimate& inq = estimate->phases[0];
  EXPECT_EQ(inq.name, "inq");
  EXPECT_EQ(inq.steps, 4 * 3 * 2);
  EXPECT_GT(inq.seconds_a_step, 0);
  EXPECT_DOUBLE_EQ(inq.training_seconds, inq.steps * inq.seconds_a_step);
  EXPECT_DOUBLE_EQ(inq.images_a_second, 16 / inq.seconds_a_step);
  EXPECT_GT(inq.evaluation_seconds, 0);
  const PhaseEstimate& as_it_is = estimate->phases[1];
  EXPECT_EQ(as_it_is.steps, 0);
  EXPECT_EQ(as_it_is.training_seconds, 0);
  EXPECT_GT(as_it_is.evaluation_seconds, 0);
  EXPECT_DOUBLE_EQ(estimate->seconds(), inq.training_seconds +
                                            inq.evaluation_seconds +
                                            as_it_is.evaluation_seconds);
  EXPECT_GE(estimate->threads, 1);
  EXPECT_GE(estimate->cores, 1);
  EXPECT_GT(estimate->peak_bytes, 1e6);
}

TEST(EstimateTest, TheTableSaysHoursByCores) {
  Estimate estimate{.description = "net: images",
                    .threads = 2,
                    .cores = 2,
                    .phases = {{.name = "full_precision",
                                .steps = 1000,
                                .seconds_a_step = 7.2,
                                .images_a_second = 17.8,
                                .training_seconds = 7200,
                                .evaluation_seconds = 30}},
                    .peak_bytes = 3.21e9};
  const std::string table = EstimateTable(estimate, /*runs=*/1);
  EXPECT_THAT(table, HasSubstr("net: images\n"));
  EXPECT_THAT(
      table,
      HasSubstr("full_precision      1000      7.200       17.8         30 s"
                "      2.0 h\n"));
  EXPECT_THAT(table,
              HasSubstr("1 run with 2 threads on 2 cores: 2.0 h; memory: 3.2 "
                        "GB\n"));
  EXPECT_THAT(table, HasSubstr("1: 4.0 h, 2: 2.0 h, 4: 1.0 h, 8: 30 min"));
  EXPECT_THAT(EstimateTable(estimate, /*runs=*/5),
              HasSubstr("5 runs, one a seed, with 2 threads on 2 cores: 10.0 "
                        "h"));
}

// As when the experiment is run.
TEST(EstimateTest, MistakesNameTheirPhase) {
  ExperimentSpec spec = Spec();
  spec.mutable_phases(0)->set_batch_size(71);
  EXPECT_THAT(std::string(EstimateExperiment(spec, "").status().message()),
              HasSubstr("phase inq: "));
  spec = Spec();
  spec.mutable_phases(0)->mutable_policy()->mutable_rules(0)->set_layers(
      "nothing");
  EXPECT_THAT(std::string(EstimateExperiment(spec, "").status().message()),
              HasSubstr("phase inq: "));
  spec = Spec();
  spec.clear_dataset();
  spec.mutable_dataset()->set_name("cifar10");
  EXPECT_EQ(EstimateExperiment(spec, "/nowhere").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tritlab
