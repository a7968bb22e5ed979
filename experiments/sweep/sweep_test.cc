#include "experiments/sweep/sweep.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "datasets/jpeg_writer.h"
#include "experiments/spec_file.h"
#include "experiments/sweep/sweep_check.h"
#include "experiments/sweep/sweep_plan.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSweeps[] = "experiments/sweeps";

ExperimentSpec Quickstart() {
  ExperimentSpec spec;
  EXPECT_TRUE(
      ReadTextProto("experiments/specs/quickstart.textproto", spec).ok());
  return spec;
}

SweepSpec Parse(const std::string& text) {
  SweepSpec sweep;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &sweep))
      << text;
  return sweep;
}

constexpr char kGrid[] = R"(
  name: "grid"
  set: "phases.ttq.epochs=2"
  axes {
    name: "threshold"
    fields {
      path: "phases.ttq.policy.rules.0.quantizer.ttq.threshold_factor"
      values: ["0.05", "0.1"]
    }
  }
  axes {
    name: "rate"
    fields { path: "phases.ttq.schedule.learning_rate" values: ["0.1", "0.2"] }
    fields { path: "phases.ttq.epochs" values: ["3", "4"] }
    labels: ["slow & long", "fast"]
  }
  seeds: [4, 5])";

std::string ErrorOf(const std::string& text,
                    const std::vector<std::string>& settings = {}) {
  const auto sweep = ExpandSweep(Parse(text), Quickstart(), settings);
  return std::string(sweep.status().message());
}

TEST(SweepTest, AxesSpanAGridAndFieldsOfOneMoveTogether) {
  const auto sweep = ExpandSweep(Parse(kGrid), Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  ASSERT_EQ(sweep->points.size(), 4u);
  std::vector<std::string> names;
  for (const SweepPoint& point : sweep->points) names.push_back(point.name);
  EXPECT_THAT(
      names,
      ElementsAre("threshold=0.05,rate=slow_long", "threshold=0.05,rate=fast",
                  "threshold=0.1,rate=slow_long", "threshold=0.1,rate=fast"));
  const SweepPoint& last = sweep->points[3];
  EXPECT_THAT(last.labels, ElementsAre("0.1", "fast"));
  EXPECT_EQ(last.spec.name(), "grid.threshold-0.1-rate-fast");
  EXPECT_EQ(last.spec.phases(1).epochs(), 4);
  EXPECT_EQ(last.spec.phases(1).schedule().learning_rate(), 0.2f);
  EXPECT_EQ(last.spec.phases(1)
                .policy()
                .rules(0)
                .quantizer()
                .ttq()
                .threshold_factor(),
            0.1f);
  EXPECT_THAT(last.spec.seeds(), ElementsAre(4, 5));
  EXPECT_EQ(sweep->record.base().phases(1).epochs(), 2);
}

// What the user says on the command line has the last word, at every point.
TEST(SweepTest, SettingsGoOnTopOfAllPoints) {
  const auto sweep = ExpandSweep(Parse(kGrid), Quickstart(),
                                 {"phases.ttq.epochs=7", "seeds=1"});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  for (const SweepPoint& point : sweep->points) {
    EXPECT_EQ(point.spec.phases(1).epochs(), 7);
    EXPECT_THAT(point.spec.seeds(), ElementsAre(1));
  }
  EXPECT_THAT(sweep->record.set(),
              ElementsAre("phases.ttq.epochs=7", "seeds=1"));
}

TEST(SweepTest, AWholeMessageAndAListAreValues) {
  const auto sweep = ExpandSweep(Parse(R"(
    name: "messages"
    axes {
      name: "policy"
      fields {
        path: "phases.ttq.policy"
        values: ""
        values: "rules { layers: 'stage1/*' quantizer { ttq { } } }"
      }
      labels: ["none", "first stage"]
    }
    axes {
      name: "mean"
      fields { path: "dataset.mean" values: ["0.1, 0.2, 0.3"] }
    })"),
                                 Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  ASSERT_EQ(sweep->points.size(), 2u);
  EXPECT_EQ(sweep->points[0].spec.phases(1).policy().rules_size(), 0);
  EXPECT_EQ(sweep->points[1].spec.phases(1).policy().rules(0).layers(),
            "stage1/*");
  EXPECT_EQ(sweep->points[1].spec.dataset().mean_size(), 3);
  EXPECT_EQ(sweep->points[1].name, "policy=first_stage,mean=0.1_0.2_0.3");
}

TEST(SweepTest, AMistakeNamesAxisFieldAndValue) {
  const std::string epochs = "fields { path: 'phases.ttq.epochs' values: ";
  const auto axis = [](const std::string& rest) {
    return "name: 's' axes { name: 'a' " + rest + " }";
  };
  const std::pair<std::string, const char*> cases[] = {
      {"name: 's'", "axes is empty"},
      {"name: '../s'", "name: it is"},
      {axis(""), "axis a: fields is empty"},
      {axis("fields { path: 'name' }"), "axis a: name has no values"},
      {axis("fields { path: 'phases.ttq.epoch' values: '1' }"),
       "axis a: phases.ttq.epoch=1: there is no field \"epoch\""},
      {axis(epochs + "['1', 'x'] }"), "axis a: phases.ttq.epochs=x: "},
      {axis(epochs + "['1', '-1'] }"),
       "point a=-1: phases[1] (ttq): epochs is -1"},
      {axis(epochs + "['1', '2'] } fields { path: 'data_type' values: 'F32' }"),
       "phases.ttq.epochs has 2 values, data_type has 1"},
      {axis(epochs + "['1', '2'] } labels: 'x'"), "1 labels for 2 values"},
      {axis(epochs + "'1' } labels: '&'"), "the label \"&\""},
      {axis(epochs + "['1', '2'] } labels: ['x', 'x']"),
       "point a=x: there are two of that name"},
      {axis(epochs + "['1', '01'] }"), "it is the same experiment as a=1"},
      {axis(epochs + "'1' }") + " axes { name: 'a' }", "axis a: there are two"},
      {axis(epochs + "'1' }") + " axes { name: 'b/c' }", "axes[1].name"},
      {axis(epochs + "'1' }") + " axes { name: '.b' }",
       "axes[1].name: it is \".b\"; it must be a word"},
      {axis(epochs + "'1' }") + " set: 'epochs'", "set: epochs: it must be"},
      {axis(epochs + "'1' }") + " set: 'epochs=3'", "set: epochs=3: "}};
  for (const auto& [text, expected] : cases)
    EXPECT_THAT(ErrorOf(text), HasSubstr(expected)) << text;
  EXPECT_THAT(ErrorOf(kGrid, {"phases.ttq.epochs"}),
              HasSubstr("--set: phases.ttq.epochs: it must be path=value"));
}

TEST(SweepTest, NamesMayEndInAnyOfTheirSigns) {
  const auto sweep =
      ExpandSweep(Parse("name: 's_' axes { name: 'bits_' fields { path: "
                        "'phases.ttq.epochs' values: ['1', '2'] } }"),
                  Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_EQ(sweep->points[1].name, "bits_=2");
  EXPECT_EQ(sweep->points[1].spec.name(), "s_.bits_-2");
}

TEST(SweepTest, FilesAtFaultAreNamed) {
  const std::string folder = testing::TempDir();
  const std::string path = JoinPath(folder, "bad.textproto");
  ASSERT_TRUE(WriteFileAtomically(path, "name: \"bad\"").ok());
  EXPECT_THAT(std::string(LoadSweep(path, {}).status().message()),
              HasSubstr("bad.textproto: base is not set"));
  ASSERT_TRUE(
      WriteFileAtomically(path, "name: \"bad\" base: \"gone.textproto\"").ok());
  EXPECT_THAT(std::string(LoadSweep(path, {}).status().message()),
              HasSubstr("gone.textproto"));
}

// A pattern that fits no layer is seen before the first point has run.
TEST(SweepTest, PoliciesAreCheckedAgainstTheNetwork) {
  auto sweep = ExpandSweep(Parse(R"(
    name: "patterns"
    set: "dataset.synthetic=train_images: 64 test_images: 16"
    axes {
      name: "layers"
      fields {
        path: "phases.ttq.policy.rules.0.layers"
        values: ["stage1/*", "stage9/*"]
      }
    })"),
                           Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  const std::string error(CheckPoints(sweep->points, "").message());
  EXPECT_THAT(error, HasSubstr("point layers=stage9: phase ttq: "));
  EXPECT_THAT(error, HasSubstr("matches no layer"));
  sweep->points.pop_back();
  EXPECT_TRUE(CheckPoints(sweep->points, "").ok());
  sweep->points[0].spec.mutable_phases(0)->set_batch_size(65);
  EXPECT_THAT(std::string(CheckPoints(sweep->points, "").message()),
              HasSubstr("batch_size is 65; there are 64 images"));
}

// Protects: a dataset without its test images, or with those of another, is
// seen before the first point has run.
TEST(SweepTest, TestImagesAreLookedAtAsWell) {
  const std::string folder = JoinPath(testing::TempDir(), "images");
  const auto write = [&](const char* split, const char* name, int side) {
    const std::string of_class = absl::StrCat(folder, "/", split, "/", name);
    ASSERT_TRUE(MakeDirectories(of_class).ok());
    for (int i = 0; i < 8; ++i) {
      ASSERT_TRUE(WriteFileAtomically(absl::StrCat(of_class, "/", i, ".jpg"),
                                      PlainJpeg(side, side, 10 * i, 100, 200))
                      .ok());
    }
  };
  for (const char* name : {"dark", "light"}) write("train", name, 32);
  const auto sweep = ExpandSweep(Parse(R"(
    name: "images"
    set: "dataset=name: 'imagefolder' source: 'images'"
    set: "phases.full_precision.batch_size=8"
    set: "phases.ttq.batch_size=8"
    axes {
      name: "epochs"
      fields { path: "phases.ttq.epochs" values: ["1", "2"] }
    })"),
                                 Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  const auto error = [&] {
    return std::string(
        CheckPoints(sweep->points, testing::TempDir()).message());
  };
  EXPECT_THAT(error(), AllOf(HasSubstr("point epochs=1: "), HasSubstr("val")));
  for (const char* name : {"dark", "light"}) write("val", name, 48);
  EXPECT_THAT(error(), HasSubstr("images differ in shape or classes"));
  for (const char* name : {"dark", "light"}) write("val", name, 32);
  EXPECT_EQ(error(), "");
}

// Every shipped sweep can run: its fields, its values, its patterns.
TEST(SweepTest, ShippedSweepsFitTheirNetworks) {
  const auto files = ListDirectory(kSweeps);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_GE(files->size(), 9u);
  for (const std::string& file : *files) {
    const auto sweep =
        LoadSweep(JoinPath(kSweeps, file),
                  {"dataset=name: 'synthetic' synthetic { train_images: 256 "
                   "test_images: 32 }"});
    ASSERT_TRUE(sweep.ok()) << sweep.status();
    EXPECT_EQ(sweep->record.sweep().name() + ".textproto", file);
    // One seed shows no spread.
    EXPECT_GE(sweep->record.sweep().seeds_size(), 2) << file;
    const absl::Status status = CheckPoints(sweep->points, "");
    EXPECT_TRUE(status.ok()) << file << ": " << status;
  }
}

std::vector<PhaseSpec> LastPhases(const std::string& sweep) {
  std::vector<PhaseSpec> phases;
  const auto loaded = LoadSweep(JoinPath(kSweeps, sweep + ".textproto"), {});
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  if (!loaded.ok()) return phases;
  for (const SweepPoint& point : loaded->points)
    phases.push_back(point.spec.phases(point.spec.phases_size() - 1));
  return phases;
}

// Protects: INQ's splitting ratios go from one step to ten, TTQ is compared at
// a rate that suits it, and INQ with what may be combined with it.
TEST(SweepTest, ShippedSweepsHaveThePointsThatTheyAreFor) {
  std::set<int> steps;
  for (const PhaseSpec& phase : LastPhases("inq_portions"))
    steps.insert(phase.policy().rules(0).quantizer().inq().portions_size());
  EXPECT_EQ(steps.count(1), 1u);
  EXPECT_EQ(steps.count(10), 1u);
  std::vector<float> rates;
  for (const PhaseSpec& phase : LastPhases("methods")) {
    if (phase.policy().rules_size() > 0 &&
        phase.policy().rules(0).quantizer().has_ttq())
      rates.push_back(phase.schedule().learning_rate());
  }
  EXPECT_THAT(rates, ElementsAre(0.02f, 0.1f));
  const std::vector<PhaseSpec> options = LastPhases("inq_options");
  ASSERT_EQ(options.size(), 5u);
  for (const PhaseSpec& phase : options)
    EXPECT_EQ(phase.policy().rules(0).quantizer().inq().bits(), 5);
  EXPECT_EQ(options[1].policy().rules(0).activations().dorefa().bits(), 4);
  EXPECT_EQ(options[2].policy().rules(0).activations().pact().bits(), 4);
  EXPECT_EQ(options[3].policy().rules(0).gradients().dorefa().bits(), 8);
  EXPECT_EQ(options[4].starts_from(), "pruned");
  EXPECT_TRUE(options[4].policy().rules(0).quantizer().inq().keep_zeros());
}

TEST(SweepPlanTest, ASharedStartIsOneRunForEachSeed) {
  const auto sweep = ExpandSweep(Parse(kGrid), Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  const auto runs = PlanSweep(*sweep, "out", "out/shared", Shard());
  ASSERT_EQ(runs.size(), 2u + 4 * 2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(runs[i].point, -1);
    EXPECT_THAT(runs[i].folder, HasSubstr("out/shared/full_precision-"));
    ASSERT_EQ(runs[i].spec.phases_size(), 1);
    EXPECT_TRUE(ValidateSpec(runs[i].spec).ok());
    EXPECT_TRUE(runs[i].wanted);
  }
  EXPECT_NE(runs[0].folder, runs[1].folder);
  EXPECT_EQ(runs[2].folder, "out/points/threshold=0.05,rate=slow_long/seed-4");
  EXPECT_THAT(runs[2].spec.seeds(), ElementsAre(4));
  EXPECT_THAT(runs[2].needs, ElementsAre(0));
  EXPECT_THAT(runs[3].needs, ElementsAre(1));
  EXPECT_EQ(runs[9].point, 3);
}

// Shards together want every run once, and the starts that their own need.
TEST(SweepPlanTest, ShardsDivideTheRuns) {
  const auto sweep = ExpandSweep(Parse(kGrid), Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  std::vector<int> wanted(10, 0);
  for (int index = 1; index <= 3; ++index) {
    const auto runs =
        PlanSweep(*sweep, "out", "out/shared", {.index = index, .count = 3});
    for (size_t i = 0; i < runs.size(); ++i) wanted[i] += runs[i].wanted;
  }
  EXPECT_EQ(wanted, std::vector<int>({3, 3, 1, 1, 1, 1, 1, 1, 1, 1}));
  const auto second =
      PlanSweep(*sweep, "out", "out/shared", {.index = 2, .count = 2});
  EXPECT_FALSE(second[0].wanted);  // seed 4 falls to the first shard
  EXPECT_TRUE(second[1].wanted);
}

// What no two points have in common is part of their own runs.
TEST(SweepPlanTest, WhatVariesIsNotShared) {
  const auto sweep = ExpandSweep(Parse(R"(
    name: "rates"
    axes {
      name: "rate"
      fields {
        path: "phases.full_precision.schedule.learning_rate"
        values: ["0.1", "0.2"]
      }
    })"),
                                 Quickstart(), {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  const auto runs = PlanSweep(*sweep, "out", "out/shared", Shard());
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_TRUE(runs[0].needs.empty());
  EXPECT_EQ(runs[1].folder, "out/points/rate=0.2");
}

// A shared phase that starts from another shared phase comes after it.
TEST(SweepPlanTest, ChainsOfSharedPhasesAreInOrder) {
  ExperimentSpec base = Quickstart();
  *base.add_phases() = base.phases(1);
  base.mutable_phases(2)->set_name("again");
  base.mutable_phases(2)->set_starts_from("ttq");
  const auto sweep = ExpandSweep(Parse(R"(
    name: "chain"
    axes {
      name: "epochs"
      fields { path: "phases.again.epochs" values: ["1", "2"] }
    })"),
                                 base, {});
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  const auto runs = PlanSweep(*sweep, "out", "out/shared", Shard());
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[0].spec.phases_size(), 1);
  EXPECT_EQ(runs[1].spec.phases_size(), 2);
  EXPECT_THAT(runs[1].needs, ElementsAre(0));
  EXPECT_THAT(runs[2].needs, ElementsAre(0, 1));
}

TEST(SweepPlanTest, ShardsAreWrittenIOfN) {
  const auto shard = ParseShard("2/8");
  ASSERT_TRUE(shard.ok());
  EXPECT_EQ(shard->index, 2);
  EXPECT_EQ(shard->count, 8);
  for (const char* text : {"", "1", "0/2", "3/2", "1/0", "1/2/3", "a/b"})
    EXPECT_THAT(std::string(ParseShard(text).status().message()),
                HasSubstr("--shard"));
}

}  // namespace
}  // namespace tritlab
