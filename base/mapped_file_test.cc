#include "base/mapped_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "base/file.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

std::string Path(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

// Protects: bytes stay what they were when the file is replaced, as this
// project's writers do, or removed.
TEST(MappedFileTest, StaysWhenTheFileIsReplacedOrRemoved) {
  const std::string path = Path("replaced"), contents(100'000, 'x');
  ASSERT_TRUE(WriteFileAtomically(path, contents).ok());
  const auto file = *MappedFile::Open(path);
  EXPECT_TRUE(file->mapped());
  EXPECT_EQ(file->bytes(), contents);
  ASSERT_TRUE(WriteFileAtomically(path, "short").ok());
  EXPECT_TRUE(file->CheckSize().ok());
  EXPECT_EQ(file->bytes(), contents);
  ASSERT_EQ(std::remove(path.c_str()), 0);
  EXPECT_EQ(file->bytes(), contents);
  EXPECT_EQ(MappedFile::Open(path).status().code(),
            absl::StatusCode::kNotFound);
}

// Protects: what another program cuts off is an error, not the end of this one.
TEST(MappedFileTest, AFileThatBecomesShorterIsNamed) {
  const std::string path = Path("shrinks");
  ASSERT_TRUE(WriteFileAtomically(path, std::string(100'000, 'x')).ok());
  const auto file = *MappedFile::Open(path);
  ASSERT_EQ(truncate(path.c_str(), 5000), 0);
  const absl::Status status = file->CheckSize();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("shrinks: became shorter"),
            absl::string_view::npos);
}

TEST(MappedFileTest, WhatCannotBeMappedIsRead) {
  ASSERT_TRUE(WriteFileAtomically(Path("empty"), "").ok());
  EXPECT_EQ((*MappedFile::Open(Path("empty")))->bytes(), "");
  EXPECT_FALSE(MappedFile::Open(testing::TempDir()).ok());
  const std::string pipe = Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << "through a pipe"; });
  const auto file = MappedFile::Open(pipe);
  writer.join();
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE((*file)->mapped());
  EXPECT_EQ((*file)->bytes(), "through a pipe");
  EXPECT_TRUE((*file)->CheckSize().ok());
}

}  // namespace
}  // namespace tritlab
