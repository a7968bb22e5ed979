#include "datasets/image_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "datasets/gzip_writer.h"
#include "datasets/jpeg_writer.h"
#include "datasets/tar_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Files = TarFiles;

Files GoodFiles() {
  return {{"train/", ""},
          {"train/cat/", ""},
          {"train/cat/2.JPG", PlainJpeg(4, 6, 30, 60, 90)},
          {"train/cat/10.jpg", PlainJpeg(4, 6, 200, 100, 50)},
          {"train/cat/notes.txt", "not an image"},
          {"train/cat/.hidden.jpg", "not an image"},
          {"train/.x/1.jpg", "not an image"},
          {"train/ant/", ""},
          {"train/ant/a.jpeg", PlainJpeg(4, 6, 0, 0, 255)},
          {"train/classes.txt", "ant cat"},
          {"val/cat/v.JPEG", PlainJpeg(4, 6, 9, 9, 9)},
          {"README", "read me"}};
}

class ImageFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = JoinPath(
        testing::TempDir(),
        std::string("image_folder_test_") +
            testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(MakeDirectories(folder_).ok());
  }

  // The files as a folder of that name; its path.
  std::string PutFolder(const std::string& name, const Files& files) {
    const std::string root = JoinPath(folder_, name);
    for (const auto& [path, contents] : files) {
      const std::string full = JoinPath(root, path);
      const std::string parent = full.substr(0, full.rfind('/'));
      EXPECT_TRUE(MakeDirectories(parent).ok());
      if (full.back() != '/') {
        EXPECT_TRUE(WriteFileAtomically(full, contents).ok());
      }
    }
    return root;
  }

  // The files as an archive of that name; its path.
  std::string PutArchive(const std::string& name, const std::string& prefix,
                         const Files& files) {
    const std::string path = JoinPath(folder_, name);
    Files prefixed;
    for (const auto& [file, contents] : files)
      prefixed.push_back({prefix + file, contents});
    EXPECT_TRUE(
        WriteFileAtomically(path, MakeTar(prefixed, path.ends_with(".gz")))
            .ok());
    return path;
  }

  absl::StatusOr<std::unique_ptr<Dataset>> Read(const std::string& path,
                                                Split split) {
    return ReadImageFolder(path, split, "imagefolder", {{0, 0, 0}, {1, 1, 1}});
  }

  // Reads the files both ways, and gives the two errors, each without what the
  // path is in.
  void ExpectError(const Files& files, Split split,
                   const std::string& in_message) {
    for (const std::string& path :
         {PutFolder("bad", files), PutArchive("bad.tar", "", files)}) {
      const absl::Status status = Read(path, split).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
      EXPECT_THAT(std::string(status.message()), StartsWith(path));
      EXPECT_THAT(std::string(status.message()), HasSubstr(in_message));
    }
  }

  std::string folder_;
};

TEST_F(ImageFolderTest, FolderAndArchivesAreTheSameDataset) {
  const std::string folder = PutFolder("good", GoodFiles());
  Files reversed = GoodFiles();
  std::reverse(reversed.begin(), reversed.end());
  for (const std::string& path :
       {folder, PutArchive("a.tar", "", GoodFiles()),
        PutArchive("b.tar.gz", "./", GoodFiles()),
        PutArchive("c.tar.gz", "some/where/", reversed)}) {
    const auto train = Read(path, Split::kTrain);
    ASSERT_TRUE(train.ok()) << train.status();
    EXPECT_EQ((*train)->source(), path);
    EXPECT_EQ((*train)->shape(), (ImageShape{4, 6, 3}));
    EXPECT_THAT((*train)->class_names(), ElementsAre("ant", "cat"));
    // By class, then by name: ant/a, cat/10, cat/2.
    ASSERT_EQ((*train)->size(), 3);
    EXPECT_EQ((*train)->label(0), 0);
    EXPECT_EQ((*train)->label(1), 1);
    EXPECT_NEAR((*train)->InMemory(0)[2], 255, 3);
    EXPECT_NEAR((*train)->InMemory(1)[0], 200, 3);
    EXPECT_NEAR((*train)->InMemory(2)[0], 30, 3);
    const auto test = Read(path, Split::kTest);
    ASSERT_TRUE(test.ok()) << test.status();
    ASSERT_EQ((*test)->size(), 1);
    EXPECT_EQ((*test)->label(0), 1);  // as in train
    EXPECT_THAT((*test)->class_names(), ElementsAre("ant", "cat"));
    EXPECT_EQ((*train)->checksum(), (*Read(folder, Split::kTrain))->checksum());
  }
}

TEST_F(ImageFolderTest, ATestFolderGoesBeforeVal) {
  Files files = GoodFiles();
  files.push_back({"test/ant/t.jpg", PlainJpeg(4, 6, 1, 1, 1)});
  const auto test = Read(PutArchive("a.tar", "", files), Split::kTest);
  ASSERT_TRUE(test.ok());
  EXPECT_EQ((*test)->label(0), 0);
}

TEST_F(ImageFolderTest, ValAloneIsATestSplit) {
  const std::string path =
      PutFolder("a", {{"val/x/1.jpg", PlainJpeg(2, 2, 1, 1, 1)}});
  EXPECT_TRUE(Read(path, Split::kTest).ok());
  const absl::Status status = Read(path, Split::kTrain).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("train/"));
}

TEST_F(ImageFolderTest, AnEmptyClassFolderIsNamed) {
  Files files = GoodFiles();
  files.push_back({"train/dog/", ""});
  ExpectError(files, Split::kTrain, "train/dog: an empty class folder");
  files.push_back({"train/dog/1.png", "x"});
  ExpectError(files, Split::kTrain, "train/dog: an empty class folder");
}

TEST_F(ImageFolderTest, ABrokenImageIsNamed) {
  Files files = GoodFiles();
  const std::string whole = PlainJpeg(4, 6, 10, 20, 30);
  files.push_back({"train/cat/7.jpg", whole.substr(0, whole.size() - 9)});
  ExpectError(files, Split::kTrain, "train/cat/7.jpg: the JPEG is cut off");
  files.back().second = "GIF89a";
  ExpectError(files, Split::kTrain, "train/cat/7.jpg: is not a JPEG");
  files.back().second = "";
  ExpectError(files, Split::kTrain, "train/cat/7.jpg: is not a JPEG");
}

TEST_F(ImageFolderTest, TheFirstOfSeveralBrokenImagesIsNamed) {
  // Whichever thread is faster.
  Files files;
  for (int i = 0; i < 50; ++i) {
    files.push_back({absl::StrCat("train/a/", 100 + i, ".jpg"),
                     i == 0 ? PlainJpeg(2, 2, 1, 1, 1) : "broken"});
  }
  ExpectError(files, Split::kTrain, "train/a/101.jpg");
}

TEST_F(ImageFolderTest, DifferentSizesAreRefused) {
  Files files = GoodFiles();
  files.push_back({"train/cat/9.jpg", PlainJpeg(5, 6, 1, 1, 1)});
  ExpectError(files, Split::kTrain,
              "train/cat/9.jpg: is 6x5 pixels where the images before it are "
              "6x4");
}

TEST_F(ImageFolderTest, AClassThatTrainLacksIsNamed) {
  Files files = GoodFiles();
  files.push_back({"val/zebra/1.jpg", PlainJpeg(4, 6, 1, 1, 1)});
  ExpectError(files, Split::kTest, "val/zebra: a class that train/ does not");
}

TEST_F(ImageFolderTest, NothingAtAllIsNotFound) {
  const std::string missing = JoinPath(folder_, "missing");
  EXPECT_EQ(Read(missing, Split::kTrain).status().code(),
            absl::StatusCode::kNotFound);
  const std::string empty = PutFolder("empty", {{"a.txt", ""}});
  EXPECT_EQ(Read(empty, Split::kTrain).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Read(PutArchive("e.tar", "", {{"a.txt", ""}}), Split::kTest)
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(
      Read(PutFolder("no_classes", {{"train/", ""}}), Split::kTrain).ok());
}

TEST_F(ImageFolderTest, LinksAndPathsOutOfArchivesAreRefused) {
  Files files = GoodFiles();
  files.push_back({"train/cat/link.jpg", "-> /etc/passwd"});
  EXPECT_THAT(std::string(Read(PutArchive("l.tar", "", files), Split::kTrain)
                              .status()
                              .message()),
              HasSubstr("train/cat/link.jpg is a link"));
  files.back() = {"train/cat/hard.jpg", "=> /etc/passwd"};
  EXPECT_THAT(std::string(Read(PutArchive("h.tar", "", files), Split::kTrain)
                              .status()
                              .message()),
              HasSubstr("train/cat/hard.jpg is a link"));
  files.back() = {"/train/cat/x.jpg", PlainJpeg(4, 6, 1, 1, 1)};
  EXPECT_THAT(std::string(Read(PutArchive("a.tar", "", files), Split::kTrain)
                              .status()
                              .message()),
              HasSubstr("is an absolute name"));
  files.back() = {"../train/cat/x.jpg", PlainJpeg(4, 6, 1, 1, 1)};
  EXPECT_THAT(std::string(Read(PutArchive("u.tar", "", files), Split::kTrain)
                              .status()
                              .message()),
              HasSubstr(".. in its path"));
}

TEST_F(ImageFolderTest, TwoDatasetsInOneArchiveAreRefused) {
  Files files = GoodFiles();
  files.push_back({"other/train/cat/x.jpg", PlainJpeg(4, 6, 1, 1, 1)});
  EXPECT_THAT(std::string(Read(PutArchive("2.tar", "", files), Split::kTrain)
                              .status()
                              .message()),
              HasSubstr("of another dataset"));
}

TEST_F(ImageFolderTest, OneFileTwiceIsRefused) {
  Files files = GoodFiles();
  files.push_back(files[2]);
  EXPECT_THAT(std::string(Read(PutArchive("2.tar", "", files), Split::kTrain)
                              .status()
                              .message()),
              HasSubstr("twice"));
}

// Cut where an entry ends, a .tar file would pass for a smaller dataset.
// Also where what was cut off has been compressed afterwards.
TEST_F(ImageFolderTest, ATarFileCutAtABlockIsNamed) {
  const std::string path = PutArchive("a.tar", "", GoodFiles());
  const std::string bytes = *ReadFile(path);
  const size_t end = bytes.find_last_not_of('\0') / 512 * 512 + 512;
  for (const bool gzip : {false, true}) {
    const auto put = [&](size_t size) {
      const std::string part = bytes.substr(0, size);
      ASSERT_TRUE(WriteFileAtomically(path, gzip ? Gzip(part) : part).ok());
    };
    for (size_t size = 512; size < end + 1024; size += 512) {
      put(size);
      const absl::Status status = Read(path, Split::kTrain).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
      EXPECT_THAT(std::string(status.message()), StartsWith(path + ": "));
    }
    EXPECT_THAT(std::string(Read(path, Split::kTrain).status().message()),
                HasSubstr("is cut off (no end-of-archive mark)"));
    put(end + 1024);
    EXPECT_TRUE(Read(path, Split::kTrain).ok()) << gzip;
  }
}

TEST_F(ImageFolderTest, BrokenLinksAreNamed) {
  const std::string folder = PutFolder("good", GoodFiles());
  for (const char* name : {"train/cat/9.jpg", "train/dog", "test"}) {
    const std::string link = JoinPath(folder, name);
    ASSERT_EQ(symlink("/no/such/file", link.c_str()), 0);
    const absl::Status status = Read(folder, Split::kTrain).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(status.message(),
              link + ": is a broken link or was removed; restore or remove it");
    unlink(link.c_str());
  }
}

// Links to themselves and to the folder that they are in have no end, and a
// pipe nobody writes to has no beginning.
TEST_F(ImageFolderTest, NothingIsWaitedForOrFollowedForever) {
  const std::string folder = PutFolder("good", GoodFiles());
  for (const char* name : {"train/cat/9.jpg", "train/dog", "test"}) {
    const std::string link = JoinPath(folder, name);
    ASSERT_EQ(symlink(link.c_str(), link.c_str()), 0);
    EXPECT_EQ(Read(folder, Split::kTrain).status().message(),
              link + ": is a broken link or was removed; restore or remove it");
    unlink(link.c_str());
  }
  const std::string upwards = JoinPath(folder, "train/dog");
  ASSERT_EQ(symlink(".", upwards.c_str()), 0);
  EXPECT_THAT(std::string(Read(folder, Split::kTrain).status().message()),
              HasSubstr("train/dog: an empty class folder"));
  unlink(upwards.c_str());
  const std::string pipe = JoinPath(folder, "train/cat/9.jpg");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(Read(folder, Split::kTrain).status().message(),
            pipe + ": is not a regular file");
}

TEST_F(ImageFolderTest, ClassesTxtNamesTheClasses) {
  Files files = GoodFiles();
  files.push_back({"classes.txt", "cat\tdomestic cat, house cat\n\nelk x\n"});
  for (const std::string& path :
       {PutFolder("good", files), PutArchive("a.tar", "some/where/", files),
        PutArchive("a.tar.gz", "", files)}) {
    const auto train = Read(path, Split::kTrain);
    ASSERT_TRUE(train.ok()) << train.status();
    EXPECT_THAT((*train)->class_names(),
                ElementsAre("ant", "cat domestic cat, house cat"));
    EXPECT_EQ((*Read(path, Split::kTest))->class_names(),
              (*train)->class_names());
  }
}

// Files of any size, wherever they are stored, before they are decoded.
TEST_F(ImageFolderTest, EncodedImagesAreTheFiles) {
  Files files = GoodFiles();
  files.push_back({"train/cat/5.jpg", PlainJpeg(50, 60, 7, 7, 7)});
  files.push_back({"train/cat/" + std::string(150, 'x') + ".jpg",
                   PlainJpeg(51, 61, 8, 8, 8)});
  uint32_t checksum = 0;
  for (const std::string& path :
       {PutFolder("good", files), PutArchive("a.tar", "./", files),
        PutArchive("a.tar.gz", "x/", files)}) {
    const auto images = OpenImageFolder(path, Split::kTrain);
    ASSERT_TRUE(images.ok()) << images.status();
    ASSERT_EQ((*images)->size(), 5);
    const std::string names[] = {"ant/a.jpeg", "cat/10.jpg", "cat/2.JPG",
                                 "cat/5.jpg", files.back().first.substr(6)};
    for (int i = 0; i < 5; ++i) {
      std::string bytes;
      int32_t label;
      ASSERT_TRUE((*images)->Read(i, &bytes, &label).ok());
      EXPECT_EQ(label, i == 0 ? 0 : 1);
      EXPECT_THAT((*images)->Name(i), StartsWith(path));
      EXPECT_THAT((*images)->Name(i), HasSubstr("train/" + names[i]));
      for (const auto& [name, contents] : files) {
        if (name != "train/" + names[i]) continue;
        EXPECT_EQ(bytes, contents);
      }
    }
    if (checksum == 0) checksum = *(*images)->Checksum();
    EXPECT_EQ(*(*images)->Checksum(), checksum);
  }
}

TEST_F(ImageFolderTest, ADamagedArchiveIsNamed) {
  const std::string path = PutArchive("a.tar.gz", "", GoodFiles());
  const std::string bytes = *ReadFile(path);
  std::string other_checksum = bytes;
  other_checksum[bytes.size() - 8] ^= 1;
  for (const std::string& damaged :
       {bytes.substr(0, bytes.size() / 2), bytes.substr(0, bytes.size() - 1),
        other_checksum,
        std::string("no archive at all, but a text that is long enough")}) {
    ASSERT_TRUE(WriteFileAtomically(path, damaged).ok());
    const absl::Status status = Read(path, Split::kTrain).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()),
                StartsWith(path + ": is not a whole .tar or .tar.gz file ("));
  }
}

}  // namespace
}  // namespace tritlab
