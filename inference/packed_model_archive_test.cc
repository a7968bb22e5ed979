#include "inference/packed_model_archive.h"

#include <sys/resource.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "inference/model_table.h"
#include "inference/packed_model.h"
#include "inference/packed_model_header.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

namespace header = packed_model_header;

// Codes that are drawn, the lower ones more often.
CodedWeights Drawn(int count, int bits, int values) {
  CodedWeights coded;
  coded.bits = bits;
  const RandomStream random(bits);
  for (int i = 0; i < values; ++i)
    coded.codebook.push_back(0.25f * static_cast<float>(i) - 1);
  for (int i = 0; i < count; ++i) {
    coded.codes.push_back(static_cast<uint8_t>(
        random.Below(2 * i, 1 + random.Below(2 * i + 1, values))));
  }
  return coded;
}

// Ternary, INQ's 5 bits, and every other number of them; floats.
PackedModel Model(int count = 500) {
  PackedModel model;
  model.description.mutable_graph()->set_name("tiny");
  AddTensor("conv1/weights", {1, 2, 3}, model);
  for (int bits = 1; bits <= 8; ++bits) {
    CodedWeights codes =
        Drawn(count, bits, bits == 2 ? 3 : (1 << (bits - 1)) + 1);
    if (bits == 1) codes.channel_scales = {0.5f, 2};
    EXPECT_TRUE(AddTensor("conv" + std::to_string(bits + 1) + "/weights", codes,
                          TernaryPacking::kTrits, model)
                    .ok());
  }
  AddTensor("fc/bias", {}, model);
  AddTensor("bn/scale", {0.1f}, model);
  model.description.add_classes("cat");
  return model;
}

std::string Path(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

// Shipping a model changes no bit of it: the archive becomes the same file.
TEST(PackedModelArchiveTest, ComesBackToTheSameFile) {
  const PackedModel model = Model();
  ASSERT_TRUE(WritePackedArchive(model, Path("back.trit.zst")).ok());
  const auto read = ReadPackedModel(Path("back.trit.zst"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->archive_bytes, *FileSize(Path("back.trit.zst")));
  const auto& tensors = model.description.tensors();
  ASSERT_EQ(read->description.tensors_size(), tensors.size());
  for (int i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(*ValuesOf(*read, read->description.tensors(i)),
              *ValuesOf(model, tensors[i]))
        << tensors[i].name();
  }
  EXPECT_EQ(read->description.tensors(2).packing(), PackedTensor::TRITS);
  EXPECT_EQ(read->description.tensors(5).packing(), PackedTensor::BYTES);
  EXPECT_EQ(SerializePackedModel(*Repack(*read, TernaryPacking::kTrits)),
            SerializePackedModel(model));
  // What was packed at 2 bits gives the same archive.
  ASSERT_TRUE(WritePackedArchive(*Repack(model, TernaryPacking::kBits),
                                 Path("bits.trit.zst"))
                  .ok());
  EXPECT_EQ(*ReadFile(Path("bits.trit.zst")), *ReadFile(Path("back.trit.zst")));
}

// The figures are the files'.
TEST(PackedModelArchiveTest, IsCountedAndSmaller) {
  const PackedModel model = Model(20000);
  ASSERT_TRUE(WritePackedArchive(model, Path("counted.trit.zst")).ok());
  const std::string archive = *ReadFile(Path("counted.trit.zst"));
  EXPECT_LT(archive.size(), 0.9 * SerializePackedModel(model).size());
  const PackedModel read = *ReadPackedModel(Path("counted.trit.zst"));
  EXPECT_EQ(CountBytes(read).file(),
            static_cast<int64_t>(SerializePackedModel(read).size()));
  EXPECT_THAT(
      ModelTable(read),
      testing::AllOf(HasSubstr("the file, decompressed "),
                     HasSubstr(" " + std::to_string(archive.size()) + "\n"),
                     HasSubstr("the archive is ")));
  EXPECT_THAT(ModelTable(model), HasSubstr("the file is "));
}

TEST(PackedModelArchiveTest, NoCutIsTakenForAModel) {
  const std::string archive =
      *CompressPackedModel(SerializePackedModel(Model()));
  ASSERT_TRUE(ParsePackedModel(archive, "whole").ok());
  for (size_t length = 0; length < archive.size(); ++length) {
    const auto read = ParsePackedModel(
        absl::string_view(archive).substr(0, length), "cut.trit.zst");
    ASSERT_FALSE(read.ok()) << "first " << length;
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("cut.trit.zst: "));
    EXPECT_EQ(absl::IsDataLoss(read.status()), length >= 4) << length;
  }
}

// A changed byte is seen, or (in zstd's own headers, which differ from version
// to version) changes nothing.
TEST(PackedModelArchiveTest, NoDamageChangesTheModel) {
  const std::string file = SerializePackedModel(Model());
  const std::string archive = *CompressPackedModel(file);
  int seen = 0;
  for (size_t i = 0; i < archive.size(); ++i) {
    std::string damaged = archive;
    damaged[i] ^= static_cast<char>(1 << i % 8);
    const auto read = ParsePackedModel(damaged, "damaged");
    seen += !read.ok();
    if (!read.ok()) continue;
    EXPECT_EQ(SerializePackedModel(*read), file) << "byte " << i;
  }
  EXPECT_GT(seen, static_cast<int>(archive.size()) - 32);
}

// What is compressed is any 64 bytes and more that say how long they are.
std::string Bomb(uint64_t said, uint64_t length) {
  std::string file(header::kMagic);
  file.resize(length, '\0');
  header::Put<uint64_t>(said, header::kFileBytesAt, file);
  return file;
}

// The zstd stream of a long file, made by hand: blocks of 128 KiB of one byte
// take 4 bytes each (RFC 8878, 3.1.1.2). `first` stands before them.
std::string HandmadeStream(const std::string& first, uint64_t blocks) {
  // Magic; no checksum, no content size; a window of 128 KiB.
  std::string stream("\x28\xb5\x2f\xfd\x00\x38", 6);
  const auto block_header = [&](uint32_t type, uint64_t size, bool last) {
    const auto bits = static_cast<uint32_t>(last | type << 1 | size << 3);
    for (int i = 0; i < 3; ++i)
      stream.push_back(static_cast<char>(bits >> (8 * i) & 0xff));
  };
  block_header(0, first.size(), false);
  stream += first;
  for (uint64_t i = 0; i < blocks; ++i) {
    block_header(1, 128 << 10, i + 1 == blocks);
    stream.push_back('\0');
  }
  return stream;
}

int64_t PeakMemoryKilobytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// 4 GB in 128 KB: refused for what they say, or as soon as there is more than
// they say, and without the memory.
TEST(PackedModelArchiveTest, BombsTakeNoMemory) {
  constexpr uint64_t kBlocks = uint64_t{1} << 15;
  const int64_t before = PeakMemoryKilobytes();
  const auto message = [](uint64_t said) {
    const auto read = ParsePackedModel(
        HandmadeStream(Bomb(said, header::kBytes), kBlocks), "bomb.trit.zst");
    return std::string(read.status().message());
  };
  EXPECT_THAT(message(header::kBytes + (kBlocks << 17)),
              HasSubstr("bomb.trit.zst: an archive of 131145 bytes says that"));
  EXPECT_THAT(message(~uint64_t{0}), HasSubstr("no network's takes"));
  EXPECT_THAT(message(header::kBytes), HasSubstr("more than the 64 bytes"));
  EXPECT_THAT(message(1 << 20), HasSubstr("more than the 1048576 bytes"));
  EXPECT_THAT(message(0), HasSubstr("more than the 0 bytes"));
  EXPECT_LT(PeakMemoryKilobytes() - before, 64 << 10);
}

// The handmade stream is one that is read when it is honest, so that the test
// above tests what it says.
TEST(PackedModelArchiveTest, AHandmadeStreamIsRead) {
  const uint64_t length = header::kBytes + (3 << 17);
  const auto file = DecompressPackedModel(
      HandmadeStream(Bomb(length, header::kBytes), 3), "honest");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file, Bomb(length, length));
}

// What would be taken for a bomb is not written.
TEST(PackedModelArchiveTest, WhatCouldNotBeReadIsNotWritten) {
  const uint64_t length = 80 << 20;
  EXPECT_THAT(
      std::string(CompressPackedModel(Bomb(length, length)).status().message()),
      HasSubstr("ship the model.trit itself"));
}

TEST(PackedModelArchiveTest, OtherStreamsSayWhatTheyAre) {
  const auto message = [](const std::string& content) {
    const auto read =
        ParsePackedModel(*CompressPackedModel(content), "other.zst");
    return std::string(read.status().message());
  };
  EXPECT_THAT(message(std::string(100, 'x')),
              HasSubstr("other.zst: what is compressed in it is not"));
  EXPECT_THAT(message("short"), HasSubstr("5 bytes are in it"));
  EXPECT_THAT(message(""), HasSubstr("other.zst: "));
  // Streams in a stream are not opened.
  EXPECT_THAT(message(*CompressPackedModel(SerializePackedModel(Model()))),
              HasSubstr("what is compressed in it is not"));
}

// A code a byte leaves room for codes that are none.
TEST(PackedModelArchiveTest, ACodeBeyondTheCodebookIsRefused) {
  PackedModel model;
  ASSERT_TRUE(
      AddTensor("conv/weights", Drawn(100, 3, 5), TernaryPacking::kBits, model)
          .ok());
  ASSERT_TRUE(WritePackedArchive(model, Path("codes.trit.zst")).ok());
  PackedModel read = *ReadPackedModel(Path("codes.trit.zst"));
  ASSERT_EQ(read.description.tensors(0).packing(), PackedTensor::BYTES);
  read.tensors.Own()[7] = 5;
  EXPECT_THAT(
      std::string(
          CodesOf(read, read.description.tensors(0)).status().message()),
      HasSubstr("code 5 is beyond a codebook of 5"));
  EXPECT_THAT(
      std::string(WritePackedArchive(read, Path("never.zst")).message()),
      HasSubstr("never.zst: tensor conv/weights: code 5"));
  EXPECT_FALSE(FileExists(Path("never.zst")));
  read.description.mutable_tensors(0)->set_bits(2);
  EXPECT_THAT(std::string(ParsePackedModel(SerializePackedModel(read), "bits")
                              .status()
                              .message()),
              HasSubstr("codebook of an impossible size"));
}

}  // namespace
}  // namespace tritlab
