#include "experiments/spec_file.h"

#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/cost.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

constexpr char kSpecs[] = "experiments/specs";

ExperimentSpec Quickstart() {
  ExperimentSpec spec;
  EXPECT_TRUE(
      ReadTextProto(JoinPath(kSpecs, "quickstart.textproto"), spec).ok());
  return spec;
}

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

// Every shipped experiment parses, is valid and is named like its file, which
// is what its target runs.
TEST(SpecFileTest, ShippedSpecsAreValid) {
  const auto files = ListDirectory(kSpecs);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_GE(files->size(), 6u);
  for (const std::string& file : *files) {
    ExperimentSpec spec;
    ASSERT_TRUE(ReadTextProto(JoinPath(kSpecs, file), spec).ok()) << file;
    EXPECT_TRUE(ValidateSpec(spec).ok()) << file << ": " << ValidateSpec(spec);
    EXPECT_EQ(spec.name() + ".textproto", file);
  }
}

// Protects: the crop and the first convolution's padding are of one network:
// what Caffe's AlexNet is known to cost (models/alexnet_test.cc).
TEST(SpecFileTest, AlexNetOnImageNetCostsWhatCaffesDoes) {
  for (const char* name :
       {"inq_alexnet_imagenet_5bit", "pruned_inq_alexnet_imagenet_5bit"}) {
    ExperimentSpec spec;
    ASSERT_TRUE(
        ReadTextProto(JoinPath(kSpecs, std::string(name) + ".textproto"), spec)
            .ok());
    InputOperator image;
    image.set_height(spec.dataset().resize().crop());
    image.set_width(spec.dataset().resize().crop());
    image.set_channels(3);
    const Cost cost = *CountCost(*BuildGraph(spec.model(), image, 1000));
    EXPECT_EQ(cost.parameters, 60965224) << name;
    EXPECT_EQ(cost.multiply_adds, 724406816) << name;
  }
}

TEST(SpecFileTest, AMistakeNamesFileLineAndField) {
  const std::string path = testing::TempDir() + "/bad.textproto";
  const std::pair<const char*, const char*> cases[] = {
      {"name: \"a\"\nphases { epoch: 3 }", "bad.textproto:2:15: "},
      {"name: \"a\"\nphases { epochs: many }", "bad.textproto:2:"},
      {"name: \"a\" phases {", "bad.textproto:1:"}};
  for (const auto& [text, expected] : cases) {
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
    ExperimentSpec spec;
    const std::string message = Message(ReadTextProto(path, spec));
    EXPECT_THAT(message, HasSubstr(expected));
    EXPECT_EQ(message.find('\n'), std::string::npos)
        << "one line is what a person can act on";
  }
  ExperimentSpec spec;
  EXPECT_TRUE(absl::IsNotFound(
      ReadTextProto(testing::TempDir() + "/nowhere.textproto", spec)));
}

TEST(SpecFileTest, FieldsAreSetByTheirPath) {
  ExperimentSpec spec = Quickstart();
  const std::pair<const char*, const char*> settings[] = {
      {"description", "in other words"},
      {"phases.ttq.epochs", "3"},
      {"phases.0.optimizer.sgd.momentum", "0.5"},
      {"phases.0.optimizer.sgd.nesterov", "false"},
      {"data_type", "BF16"},
      {"seeds", "4, 5, 6"},
      {"phases.ttq.policy.rules.0.quantizer", "ttq { sparsity: 0.5 }"},
      {"phases.ttq.policy.rules.1.layers", "fc"},
      {"dataset.mean", "[0.1, 0.2, 0.3]"}};
  for (const auto& [path, value] : settings) {
    const absl::Status status = SetField(path, value, spec);
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(spec.description(), "in other words");
  EXPECT_EQ(spec.phases(1).epochs(), 3);
  EXPECT_EQ(spec.phases(0).optimizer().sgd().momentum(), 0.5f);
  EXPECT_FALSE(spec.phases(0).optimizer().sgd().nesterov());
  EXPECT_EQ(spec.data_type(), ExperimentSpec::BF16);
  EXPECT_THAT(spec.seeds(), testing::ElementsAre(4, 5, 6));
  EXPECT_EQ(spec.phases(1).policy().rules(0).quantizer().ttq().sparsity(),
            0.5f);
  EXPECT_EQ(spec.phases(1).policy().rules(1).layers(), "fc");
  EXPECT_THAT(spec.dataset().mean(), testing::ElementsAre(0.1f, 0.2f, 0.3f));
}

TEST(SpecFileTest, AWrongPathOrValueSaysWhatThereIs) {
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"phase.0.epochs", "1"}, "no field \"phase\""},
      {{"phases.inq.epochs", "1"},
       "no entry \"inq\"; there are full_precision, ttq"},
      {{"phases.7.epochs", "1"}, "phases has 2 entries; there is no 7"},
      {{"phases.0", "1"}, "the path ends at an entry"},
      {{"phases.0.epochs", "many"}, "--set phases.0.epochs=many: "},
      {{"phases.0.epochs.x", "1"}, "epochs has no fields"},
      {{"phases.0.epochs", "1 batch_size: 2"}, "more than one field"},
      {{"", "1"}, "no field \"\""}};
  for (const auto& [setting, expected] : cases) {
    ExperimentSpec spec = Quickstart();
    EXPECT_THAT(Message(SetField(setting.first, setting.second, spec)),
                HasSubstr(expected));
  }
}

TEST(SpecFileTest, WhatIsImpossibleIsNamed) {
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"name", "\"../elsewhere\""}, "name is"},
      {{"phases.1.name", "full_precision"}, "is used twice"},
      {{"phases.0.starts_from", "ttq"}, "phases[0].starts_from"},
      {{"phases.ttq.epochs", "-1"}, "phases[1] (ttq): epochs is -1"},
      {{"phases.ttq.schedule.learning_rate", "-1"}, "schedule.learning_rate"},
      {{"paper.0.phase", "inq"}, "paper.phase is \"inq\""},
      {{"seeds", "1, 2, 1"}, "seeds names 1 twice"},
      {{"dataset.name", "\"\""}, "dataset.name"}};
  for (const auto& [setting, expected] : cases) {
    ExperimentSpec spec = Quickstart();
    ASSERT_TRUE(SetField(setting.first, setting.second, spec).ok());
    EXPECT_THAT(Message(ValidateSpec(spec)), HasSubstr(expected));
  }
  ExperimentSpec empty = Quickstart();
  empty.clear_phases();
  EXPECT_THAT(Message(ValidateSpec(empty)), HasSubstr("phases is empty"));
}

}  // namespace
}  // namespace tritlab
