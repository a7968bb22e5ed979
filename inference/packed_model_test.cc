#include "inference/packed_model.h"

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/model_table.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

CodedWeights Ternary(int count) {
  CodedWeights coded;
  coded.bits = 2;
  coded.codebook = {0, 0.5f, -0.25f};
  for (int i = 0; i < count; ++i)
    coded.codes.push_back(static_cast<uint8_t>((i + i / 7) % 3));
  return coded;
}

CodedWeights Binary(int count) {
  CodedWeights coded;
  coded.bits = 1;
  coded.codebook = {1, -1};
  coded.channel_scales = {0.5f, 2};
  for (int i = 0; i < count; ++i)
    coded.codes.push_back(static_cast<uint8_t>(i % 3 == 0));
  return coded;
}

std::vector<float> Values(const CodedWeights& coded) {
  std::vector<float> values;
  for (size_t i = 0; i < coded.codes.size(); ++i)
    values.push_back(coded.value(i));
  return values;
}

PackedModel Model(TernaryPacking packing) {
  PackedModel model;
  model.description.mutable_graph()->set_name("tiny");
  AddTensor("conv1/weights", {1, 2, 3}, model);
  EXPECT_TRUE(AddTensor("conv2/weights", Ternary(1001), packing, model).ok());
  EXPECT_TRUE(AddTensor("conv3/weights", Binary(100), packing, model).ok());
  AddTensor("bn/scale", {0.1f}, model);
  AddTensor("fc/bias", {}, model);
  model.description.add_classes("cat");
  return model;
}

std::string Path(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

TEST(PackedModelTest, ComesBackFromItsFile) {
  for (const auto packing : {TernaryPacking::kBits, TernaryPacking::kTrits}) {
    ASSERT_TRUE(WritePackedModel(Model(packing), Path("back.trit")).ok());
    const auto read = ReadPackedModel(Path("back.trit"));
    ASSERT_TRUE(read.ok()) << read.status();
    const auto& tensors = read->description.tensors();
    ASSERT_EQ(tensors.size(), 5);
    EXPECT_EQ(*ValuesOf(*read, tensors[0]), (std::vector<float>{1, 2, 3}));
    EXPECT_EQ(*ValuesOf(*read, tensors[1]), Values(Ternary(1001)));
    EXPECT_EQ(*ValuesOf(*read, tensors[2]), Values(Binary(100)));
    EXPECT_EQ(*ValuesOf(*read, tensors[4]), std::vector<float>());
    EXPECT_EQ(CodesOf(*read, tensors[1])->codes, Ternary(1001).codes);
    EXPECT_FALSE(CodesOf(*read, tensors[0]).ok());
    EXPECT_EQ(read->description.classes(0), "cat");
    const bool trits = packing == TernaryPacking::kTrits;
    EXPECT_EQ(tensors[1].bytes(), trits ? 201u : 251u);
  }
}

// The report's bytes are the file's.
TEST(PackedModelTest, PartsAddUpToTheFile) {
  const PackedModel model = Model(TernaryPacking::kTrits);
  ASSERT_TRUE(WritePackedModel(model, Path("parts.trit")).ok());
  const PackedBytesByPart parts = CountBytes(model);
  EXPECT_EQ(parts.file(), *FileSize(Path("parts.trit")));
  EXPECT_EQ(parts.coded_weights, 201 + 3 * 4 + 13 + 4 * 4);
  EXPECT_EQ(parts.full_weights, 12);
  EXPECT_EQ(parts.normalization, 4);
  EXPECT_GT(parts.description, 64);
  EXPECT_THAT(ModelTable(model), HasSubstr("conv2/weights"));
}

// No byte of the file can change unseen, and no cut-off file is taken for one.
TEST(PackedModelTest, DamageIsSeen) {
  ASSERT_TRUE(
      WritePackedModel(Model(TernaryPacking::kTrits), Path("whole.trit")).ok());
  const std::string whole = *ReadFile(Path("whole.trit"));
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 0x10;
    ASSERT_TRUE(WriteFileAtomically(Path("damaged.trit"), damaged).ok());
    EXPECT_FALSE(ReadPackedModel(Path("damaged.trit")).ok()) << "byte " << i;
    ASSERT_TRUE(
        WriteFileAtomically(Path("damaged.trit"), whole.substr(0, i)).ok());
    EXPECT_FALSE(ReadPackedModel(Path("damaged.trit")).ok()) << "first " << i;
  }
}

// Protects: a model is read from its file as it is used, not copied, and is the
// same when the file has been replaced; one that another program cuts off is
// refused, tensor by tensor. What is added to it is not in the file.
TEST(PackedModelTest, AModelIsMapped) {
  const std::string path = Path("mapped.trit");
  // Several pages, so that some of them are gone when the file is cut off.
  PackedModel model = Model(TernaryPacking::kBits);
  AddTensor("last/weights", std::vector<float>(10'000, 2), model);
  const auto last = [](const PackedModel& of) {
    return of.description.tensors(5);
  };
  ASSERT_TRUE(WritePackedModel(model, path).ok());
  const PackedModel read = *ReadPackedModel(path);
  PackedModel changed = read;
  changed.tensors.Own().back() = 'x';
  EXPECT_EQ(read.tensors.view(), model.tensors.view());
  ASSERT_TRUE(WriteFileAtomically(path, "another one").ok());
  EXPECT_EQ(*ValuesOf(read, last(read)), std::vector<float>(10'000, 2));
  ASSERT_TRUE(WritePackedModel(model, path).ok());
  const PackedModel cut = *ReadPackedModel(path);
  ASSERT_EQ(truncate(path.c_str(), 4096), 0);
  EXPECT_EQ(ValuesOf(cut, last(cut)).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_THAT(
      std::string(CodesOf(cut, cut.description.tensors(1)).status().message()),
      HasSubstr("mapped.trit: became shorter"));
}

// A file with a right checksum whose contents are wrong: as an attacker, or a
// program with a bug, would write it.
TEST(PackedModelTest, ImpossibleDescriptionsAreRefused) {
  const auto message = [](const PackedModel& model) {
    EXPECT_TRUE(WritePackedModel(model, Path("impossible.trit")).ok());
    const auto read = ReadPackedModel(Path("impossible.trit"));
    return read.ok() ? "read" : std::string(read.status().message());
  };
  const PackedModel sound = Model(TernaryPacking::kTrits);
  PackedModel model = sound;
  model.description.mutable_tensors(3)->set_offset(1u << 30);
  EXPECT_THAT(message(model), HasSubstr("bn/scale lies beyond"));
  model = sound;
  model.description.mutable_tensors(0)->set_bytes(~uint64_t{0});
  EXPECT_THAT(message(model), HasSubstr("conv1/weights lies beyond"));
  model = sound;
  model.description.mutable_tensors(0)->set_count(uint64_t{1} << 62);
  EXPECT_THAT(message(model), HasSubstr("which cannot be"));
  model = sound;
  model.description.mutable_tensors(2)->set_bits(9);
  EXPECT_THAT(message(model), HasSubstr("conv3/weights has 100 values"));
  model = sound;
  model.description.mutable_tensors(1)->clear_codebook();
  EXPECT_THAT(message(model), HasSubstr("codebook of an impossible size"));
  model = sound;
  model.description.mutable_tensors(2)->add_channel_scales(1);
  EXPECT_THAT(message(model), HasSubstr("channel scales"));
  model = sound;
  model.description.mutable_tensors(1)->set_name("conv1/weights");
  EXPECT_THAT(message(model), HasSubstr("is there twice"));
  // Bits that no shift takes, of floats, which have none.
  model = sound;
  ASSERT_EQ(model.description.tensors(3).packing(), PackedTensor::F32);
  model.description.mutable_tensors(3)->set_bits(40);
  EXPECT_EQ(message(model), "read");
  // More values than codes of one bit, or trits, can name.
  model = sound;
  for (int extra = 0; extra < 2; ++extra) {
    EXPECT_EQ(message(model), "read");
    model.description.mutable_tensors(1 + extra)->add_codebook(1);
    EXPECT_THAT(message(model), HasSubstr("codebook of an impossible size"));
    model = sound;
  }
}

// Protects: what is no finite number becomes no weight of a program, which
// would round it to anything.
TEST(PackedModelTest, WhatIsNoFiniteNumberIsRefused) {
  const auto message = [](const PackedModel& model) {
    const auto read = ParsePackedModel(SerializePackedModel(model), "a");
    return read.ok() ? "read" : std::string(read.status().message());
  };
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    PackedModel model = Model(TernaryPacking::kTrits);
    model.description.mutable_tensors(1)->set_codebook(1, bad);
    EXPECT_THAT(message(model),
                HasSubstr("a: tensor conv2/weights has a codebook with a value "
                          "that is no finite number"));
    model = Model(TernaryPacking::kTrits);
    model.description.mutable_tensors(2)->set_channel_scales(0, bad);
    EXPECT_THAT(message(model), HasSubstr("conv3/weights has a channel scale"));
    model = PackedModel();
    AddTensor("bn/scale", {1, bad}, model);
    EXPECT_THAT(
        std::string(
            ValuesOf(model, model.description.tensors(0)).status().message()),
        HasSubstr("tensor bn/scale: value 1 is"));
    EXPECT_THAT(
        std::string(Repack(model, TernaryPacking::kBits).status().message()),
        HasSubstr("tensor bn/scale: value 1 is"));
  }
}

// The fuzzer found that the protobuf library says so on stderr, too, and a
// program's error is one line.
TEST(PackedModelTest, NamesThatAreNoUtf8AreRefusedQuietly) {
  std::string file = SerializePackedModel(Model(TernaryPacking::kTrits));
  const size_t name = file.find("conv2/weights");
  ASSERT_NE(name, std::string::npos);
  file[name] = '\xff';
  const uint32_t checksum = Crc32c(file.data() + 16, file.size() - 16);
  std::memcpy(file.data() + 12, &checksum, sizeof(checksum));
  testing::internal::CaptureStderr();
  const auto read = ParsePackedModel(file, "names.trit");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(read.status().message(),
            "names.trit: its description cannot be read; pack it anew");
}

// Protects: eight values may lie in a byte of the file, and each of them takes
// memory only where there is as much.
TEST(PackedModelTest, MoreValuesThanMemoryAreRefused) {
  PackedModel model = Model(TernaryPacking::kBits);
  for (const int i : {0, 1, 2}) {
    PackedTensor& tensor = *model.description.mutable_tensors(i);
    tensor.set_count(uint64_t{1} << 50);
    EXPECT_EQ(ValuesOf(model, tensor).status().code(),
              absl::StatusCode::kResourceExhausted);
    if (tensor.packing() == PackedTensor::F32) continue;
    EXPECT_EQ(CodesOf(model, tensor).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
}

// Protects: names come from the file. One that is long does not lengthen the
// line of every tensor, and none gives orders to the terminal.
TEST(PackedModelTest, HostileNamesDoNotSpoilTheTable) {
  PackedModel model;
  const std::string long_name(100'000, 'x');
  AddTensor(long_name + "\x1b[2J\n/weights", {1}, model);
  for (int i = 0; i < 100; ++i)
    AddTensor(absl::StrCat("fc", i, "/weights"), {1}, model);
  const std::string table = ModelTable(model);
  EXPECT_LT(table.size(), 2 * long_name.size());
  EXPECT_THAT(table, HasSubstr(long_name + " [2J /weights"));
}

TEST(PackedModelTest, ACodeBeyondTheCodebookIsRefused) {
  PackedModel model = Model(TernaryPacking::kBits);
  PackedTensor& tensor = *model.description.mutable_tensors(1);
  tensor.mutable_codebook()->RemoveLast();
  EXPECT_THAT(std::string(ValuesOf(model, tensor).status().message()),
              HasSubstr("conv2/weights: code 2"));
}

// Protects: a program that knows nothing of first and last layers in f32 must
// not run them as bytes; files without them stay readable for it.
TEST(PackedModelTest, FirstAndLastLayersInFloatsAreOfVersion2) {
  PackedModel model = Model(TernaryPacking::kBits);
  EXPECT_EQ(SerializePackedModel(model)[8], 1);
  model.description.set_first_and_last(PackedModelDescription::F32);
  std::string file = SerializePackedModel(model);
  EXPECT_EQ(file[8], 2);
  const auto read = ParsePackedModel(file, "a");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->description.first_and_last(), PackedModelDescription::F32);
  EXPECT_THAT(ModelTable(*read), HasSubstr("last layer computed in f32"));
  file[8] = 1;
  EXPECT_THAT(std::string(ParsePackedModel(file, "a").status().message()),
              HasSubstr("first_and_last"));
}

TEST(PackedModelTest, OtherFilesAndNewerOnesSayWhatTheyAre) {
  ASSERT_TRUE(WriteFileAtomically(Path("other.trit"), "hello, world").ok());
  EXPECT_THAT(
      std::string(ReadPackedModel(Path("other.trit")).status().message()),
      HasSubstr("not a packed model"));
  ASSERT_TRUE(
      WritePackedModel(Model(TernaryPacking::kBits), Path("newer.trit")).ok());
  std::string newer = *ReadFile(Path("newer.trit"));
  newer[8] = 3;
  ASSERT_TRUE(WriteFileAtomically(Path("newer.trit"), newer).ok());
  EXPECT_THAT(
      std::string(ReadPackedModel(Path("newer.trit")).status().message()),
      HasSubstr("version 3 is newer"));
}

}  // namespace
}  // namespace tritlab
