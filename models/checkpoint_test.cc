#include "models/checkpoint.h"

#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

Graph ResNet(int depth) {
  ModelSpec model;
  model.mutable_cifar_resnet()->set_depth(depth);
  InputOperator image;
  image.set_height(32);
  image.set_width(32);
  image.set_channels(3);
  return *BuildGraph(model, image, 10);
}

Checkpoint Example() {
  Checkpoint checkpoint;
  checkpoint.graph = ResNet(8);
  checkpoint.tensors["a"] = {1, -2.5f, 1e-38f};
  checkpoint.tensors["b"] = {};
  checkpoint.tensors["c"] = std::vector<float>(1000, 0.25f);
  checkpoint.position = "somewhere";
  return checkpoint;
}

std::string Path(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

TEST(CheckpointTest, ComesBackAsWritten) {
  const std::string path = Path("whole.ckpt");
  ASSERT_TRUE(WriteCheckpoint(Example(), path).ok());
  const auto read = ReadCheckpoint(path, ResNet(8));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->tensors, Example().tensors);
  EXPECT_EQ(read->position, "somewhere");
}

// Any flipped bit and any missing byte must be seen: what training goes on from
// is right or refused.
TEST(CheckpointTest, DamageIsSeenWhereverItIs) {
  const std::string path = Path("damaged.ckpt");
  ASSERT_TRUE(WriteCheckpoint(Example(), path).ok());
  const std::string whole = *ReadFile(path);
  for (size_t at = 0; at < whole.size(); at += 97) {
    std::string damaged = whole;
    damaged[at] ^= 0x10;
    ASSERT_TRUE(WriteFileAtomically(path, damaged).ok());
    const auto read = ReadCheckpoint(path, ResNet(8));
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(path));
    ASSERT_TRUE(WriteFileAtomically(path, whole.substr(0, at)).ok());
    EXPECT_FALSE(ReadCheckpoint(path, ResNet(8)).ok()) << "cut at " << at;
  }
}

TEST(CheckpointTest, AnotherNetworkIsRefusedByName) {
  const std::string path = Path("other.ckpt");
  ASSERT_TRUE(WriteCheckpoint(Example(), path).ok());
  const auto read = ReadCheckpoint(path, ResNet(20));
  EXPECT_THAT(
      std::string(read.status().message()),
      HasSubstr("it holds another network (resnet8) than the resnet20"));
}

TEST(CheckpointTest, AMissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(
      ReadCheckpoint(Path("nowhere.ckpt"), ResNet(8)).status()));
}

TEST(CheckpointTest, TensorsOfAnotherSizeAreRefused) {
  std::vector<float> values(2);
  EXPECT_THAT(std::string(CopyTensor(Example(), "a", values).message()),
              HasSubstr("a has 3 values, not 2"));
  EXPECT_THAT(std::string(CopyTensor(Example(), "z", values).message()),
              HasSubstr("no tensor z"));
  values.resize(3);
  ASSERT_TRUE(CopyTensor(Example(), "a", values).ok());
  EXPECT_EQ(values[1], -2.5f);
}

}  // namespace
}  // namespace tritlab
