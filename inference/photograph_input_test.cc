#include "inference/photograph_input.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "datasets/jpeg_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

constexpr ImageShape kShape = {56, 56, 3};

std::string Written(const std::string& name, const std::string& bytes) {
  const std::string path = JoinPath(testing::TempDir(), name);
  EXPECT_TRUE(WriteFileAtomically(path, bytes).ok());
  return path;
}

// Any size works, and what was done is said with the photograph's width first.
TEST(PhotographInputTest, AnySizeIsResizedAndCropped) {
  const auto input = ReadPhotographInput(
      Written("photo.jpg",
              PlainJpeg(/*height=*/200, /*width=*/300, 90, 90, 90)),
      kShape);
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(input->how,
            "300x200 pixels, resized to 96x64, of which the model sees the "
            "centre's 56x56");
  EXPECT_EQ(input->pixels.size(), 56u * 56 * 3);
  EXPECT_THAT(input->pixels, Each(AllOf(Ge(89), Le(91))));
  // Smaller than the network's images, and very oblong.
  for (const int height : {5, 700}) {
    EXPECT_TRUE(
        ReadPhotographInput(
            Written("other.jpg", PlainJpeg(height, 20, 90, 90, 90)), kShape)
            .ok());
  }
}

// An image of the network's size is not cropped.
TEST(PhotographInputTest, TheModelsSizeStaysAsItIs) {
  std::vector<uint8_t> pixels(56 * 56 * 3, 200);
  std::fill_n(pixels.begin(), 3 * 56, uint8_t{0});  // the first row
  const auto input = ReadPhotographInput(
      Written("same.jpg", EncodeJpeg(pixels, 56, 56, 3)), kShape);
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(input->how, "56x56 pixels, as the model takes them");
  EXPECT_LT(input->pixels[0], 60);
  EXPECT_GT(input->pixels[10 * 56 * 3], 150);
}

// What is no JPEG, or a broken one, is named in one line.
TEST(PhotographInputTest, OtherFilesAreNamed) {
  const std::string jpeg = PlainJpeg(64, 64, 1, 2, 3);
  const std::pair<std::string, const char*> cases[] = {
      {std::string("\x89PNG\r\n\x1a\n"), "is not a JPEG file but a PNG"},
      {jpeg.substr(0, jpeg.size() / 2), "cut off or damaged"},
      {"", "is not a JPEG file (empty)"}};
  for (const auto& [bytes, expected] : cases) {
    const auto input =
        ReadPhotographInput(Written("broken.jpg", bytes), kShape);
    ASSERT_FALSE(input.ok());
    const std::string message(input.status().message());
    EXPECT_THAT(message, AllOf(HasSubstr("broken.jpg: "), HasSubstr(expected)));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
  EXPECT_TRUE(absl::IsNotFound(
      ReadPhotographInput(JoinPath(testing::TempDir(), "nowhere.jpg"), kShape)
          .status()));
}

TEST(PhotographInputTest, AFolderIsItsJpegFiles) {
  const std::string folder = JoinPath(testing::TempDir(), "photographs");
  ASSERT_TRUE(MakeDirectories(folder).ok());
  EXPECT_TRUE(absl::IsNotFound(ListPhotographs(folder).status()));
  for (const char* name : {"b.JPEG", "a.jpg", "notes.txt", ".hidden.jpg"})
    ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, name), "").ok());
  const auto found = ListPhotographs(folder);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre(JoinPath(folder, "a.jpg"),
                                  JoinPath(folder, "b.JPEG")));
  EXPECT_THAT(*ListPhotographs("x.jpg"), ElementsAre("x.jpg"));
}

}  // namespace
}  // namespace tritlab
