#include "experiments/shared_phases.h"

#include <algorithm>
#include <string>

#include "base/file.h"
#include "experiments/run_folder.h"
#include "experiments/runner.h"
#include "experiments/spec_file.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "kernels/threads.h"
#include "models/build.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

ExperimentSpec Spec() {
  ExperimentSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "a" description: "b" seeds: [1, 2, 3]
         model { cifar_resnet { depth: 8 width: 2 } }
         dataset {
           name: "synthetic" synthetic { train_images: 32 test_images: 16 }
         }
         phases {
           name: "start" epochs: 1 batch_size: 16 optimizer { sgd { } }
           schedule { learning_rate: 0.01 }
         }
         phases {
           name: "other" epochs: 1 batch_size: 16 optimizer { sgd { } }
           schedule { learning_rate: 0.01 }
         }
         phases {
           name: "ttq" starts_from: "start" epochs: 1 batch_size: 16
           optimizer { sgd { } } schedule { learning_rate: 0.01 }
           policy { rules { layers: "*" quantizer { ttq { } } } }
         }
         paper { phase: "ttq" top1: 90 })",
      &spec));
  return spec;
}

std::string Key(const ExperimentSpec& spec, const char* phase = "ttq",
                uint32_t seed = 1, DataType type = DataType::kF32) {
  return PhaseKey(spec, phase, seed, type);
}

TEST(SharedPhasesTest, TheSpecIsTheChainAlone) {
  const ExperimentSpec shared =
      SharedPhaseSpec(Spec(), "ttq", 7, DataType::kF32);
  EXPECT_TRUE(ValidateSpec(shared).ok()) << ValidateSpec(shared);
  EXPECT_EQ(shared.name(), "ttq");
  ASSERT_EQ(shared.phases_size(), 2);
  EXPECT_EQ(shared.phases(0).name(), "start");
  EXPECT_EQ(shared.phases(1).name(), "ttq");
  EXPECT_THAT(shared.seeds(), testing::ElementsAre(7));
  EXPECT_EQ(shared.data_type(), ExperimentSpec::F32);
  EXPECT_TRUE(shared.paper().empty());
}

// Keys are names of folders on a disk: a change of the hash would train
// everything anew.
TEST(SharedPhasesTest, AKeyIsTheSameForever) {
  EXPECT_EQ(Key(Spec(), "start"), "start-4df3af0395addbe0");
}

TEST(SharedPhasesTest, AKeyStandsForAllThatThePhaseDependsOn) {
  const std::string key = Key(Spec());
  const std::pair<const char*, const char*> same[] = {
      {"name", "another"},   {"description", "another"},
      {"seeds", "9"},        {"phases.other.epochs", "5"},
      {"paper.0.top1", "1"}, {"data_type", "F32"}};
  for (const auto& [path, value] : same) {
    ExperimentSpec spec = Spec();
    ASSERT_TRUE(SetField(path, value, spec).ok());
    EXPECT_EQ(Key(spec), key) << path;
  }
  const std::pair<const char*, const char*> different[] = {
      {"model.cifar_resnet.width", "3"},
      {"dataset.synthetic.seed", "2"},
      {"phases.start.epochs", "2"},
      {"phases.ttq.schedule.learning_rate", "0.02"},
      {"phases.ttq.starts_from", "other"},
      {"phases.ttq.policy.rules.0.quantizer.ttq.sparsity", "0.5"}};
  for (const auto& [path, value] : different) {
    ExperimentSpec spec = Spec();
    ASSERT_TRUE(SetField(path, value, spec).ok());
    EXPECT_NE(Key(spec), key) << path;
  }
  EXPECT_NE(Key(Spec(), "ttq", 2), key);
  EXPECT_NE(Key(Spec(), "ttq", 1, DataType::kBF16), key);
  EXPECT_NE(Key(Spec(), "start"), key);
}

class CopyTest : public testing::Test {
 protected:
  // `folder_`/KEY holds phase "start" of Spec() with seed 1, trained.
  void SetUp() override {
    SetThreads(1);  // so small a network gains nothing by more
    folder_ =
        JoinPath(testing::TempDir(),
                 testing::UnitTest::GetInstance()->current_test_info()->name());
    spec_ = Spec();
    spec_.set_data_type(ExperimentSpec::F32);
    key_folder_ = JoinPath(folder_, Key(spec_, "start"));
    const ExperimentSpec shared =
        SharedPhaseSpec(spec_, "start", 1, DataType::kF32);
    const auto report = RunExperiment(shared, {.folder = key_folder_});
    ASSERT_TRUE(report.ok()) << report.status();
    shared_result_ = report->results(0);
    InputOperator image;
    image.set_height(32);
    image.set_width(32);
    image.set_channels(3);
    graph_ = *BuildGraph(spec_.model(), image, 10);
  }

  // Of the images that the shared phase was trained and tested on.
  std::string Images() const {
    Provenance trained_by;
    EXPECT_TRUE(ReadTextProto(ProvenanceIn(key_folder_), trained_by).ok());
    return trained_by.data_checksum();
  }
  absl::StatusOr<bool> Copy(uint32_t seed, const std::string& checksum,
                            const std::string& network_checksum = "") {
    return CopySharedPhase(folder_,
                           {.spec = spec_,
                            .phase = "start",
                            .seed = seed,
                            .type = DataType::kF32,
                            .graph = graph_,
                            .data_checksum = checksum,
                            .network_checksum = network_checksum},
                           JoinPath(folder_, "copy"));
  }

  std::string folder_, key_folder_;
  ExperimentSpec spec_;
  PhaseResult shared_result_;
  Graph graph_;
};

// A run takes the phase over as if it had trained it itself: in its report, its
// metrics, and in what the next phase starts from.
TEST_F(CopyTest, ARunTakesOverWhatWasTrained) {
  const std::string with = JoinPath(folder_, "with");
  const std::string without = JoinPath(folder_, "without");
  const auto taken =
      RunExperiment(spec_, {.folder = with, .shared_phases = folder_});
  const auto trained = RunExperiment(spec_, {.folder = without});
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_TRUE(trained.ok()) << trained.status();
  ASSERT_EQ(taken->results_size(), 3);
  EXPECT_EQ(taken->results(0).seconds(), shared_result_.seconds());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(taken->results(i).top1(), trained->results(i).top1());
    EXPECT_EQ(taken->results(i).loss(), trained->results(i).loss());
    EXPECT_EQ(taken->results(i).epochs_size(), 1);
  }
  const std::string metrics =
      ReadFile(JoinPath(with, "metrics.csv")).value_or("");
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 4) << metrics;
  EXPECT_EQ(taken->results(0).trained_by().experiment(), "start");
  EXPECT_FALSE(taken->results(1).has_trained_by());
  EXPECT_EQ(ReadFile(CheckpointIn(with, "start")).value_or("none"),
            ReadFile(CheckpointIn(key_folder_, "start")).value_or(""));
}

TEST_F(CopyTest, WhatIsNotThereIsNotCopied) {
  const auto copied = Copy(/*seed=*/2, "");
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_FALSE(*copied);
  EXPECT_FALSE(FileExists(JoinPath(folder_, "copy")));
}

TEST_F(CopyTest, OtherImagesAreNoticed) {
  // Either training or test images.
  for (const size_t digit : {size_t{0}, Images().size() - 1}) {
    std::string checksum = Images();
    checksum[digit] = checksum[digit] == '0' ? '1' : '0';
    EXPECT_THAT(std::string(Copy(/*seed=*/1, checksum).status().message()),
                HasSubstr("start.ckpt: it was trained or tested on other"));
  }
}

// Protects: other weights under the path of a network file.
TEST_F(CopyTest, AnotherNetworkFileIsNoticed) {
  EXPECT_THAT(
      std::string(Copy(/*seed=*/1, Images(), "0badcafe").status().message()),
      HasSubstr("start.ckpt: it began with another network file"));
  EXPECT_FALSE(FileExists(JoinPath(folder_, "copy")));
}

TEST_F(CopyTest, AnotherExperimentUnderTheKeyIsNoticed) {
  ExperimentSpec other = SharedPhaseSpec(spec_, "start", 1, DataType::kF32);
  other.mutable_phases(0)->set_epochs(2);
  ASSERT_TRUE(WriteFileAtomically(SpecIn(key_folder_), ToText(other)).ok());
  EXPECT_THAT(std::string(Copy(1, "").status().message()),
              HasSubstr("spec.textproto: it is not the experiment"));
}

// Protects: nodes of a cluster that compute otherwise are told apart; threads,
// which a sweep divides as it likes, are not.
TEST(SharedPhasesTest, WhatBitsDependOnIsCompared) {
  Provenance there, here;
  for (Provenance* provenance : {&there, &here}) {
    provenance->set_instruction_set("avx512_core");
    provenance->set_onednn_version("3.7.2");
    provenance->set_data_type("f32");
  }
  here.set_threads(7);
  EXPECT_EQ(DifferenceOf(there, here), "");
  here.set_instruction_set("avx2");
  EXPECT_EQ(DifferenceOf(there, here),
            "instructions avx512_core there, avx2 here");
}

// A phase that is still being trained is trained again rather than waited for.
TEST_F(CopyTest, AnUnfinishedPhaseIsNotCopied) {
  ExperimentSpec longer = spec_;
  longer.mutable_phases(0)->set_epochs(2);
  const std::string folder = JoinPath(folder_, Key(longer, "start"));
  int asked = 0;
  const auto stopped = RunExperiment(
      SharedPhaseSpec(longer, "start", 1, DataType::kF32),
      {.folder = folder, .stop_requested = [&] { return ++asked > 3; }});
  ASSERT_TRUE(absl::IsCancelled(stopped.status())) << stopped.status();
  ASSERT_TRUE(FileExists(CheckpointIn(folder, "start")));
  spec_ = longer;
  const auto copied = Copy(1, "");
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_FALSE(*copied);
}

TEST_F(CopyTest, ADamagedOneIsNamed) {
  const std::string path = CheckpointIn(key_folder_, "start");
  const std::string bytes = ReadFile(path).value_or("");
  ASSERT_TRUE(
      WriteFileAtomically(path, bytes.substr(0, bytes.size() / 2)).ok());
  EXPECT_THAT(std::string(Copy(1, "").status().message()), HasSubstr(path));
}

}  // namespace
}  // namespace tritlab
