// That an epoch takes the same memory whatever the number of its images.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/random.h"
#include "datasets/image_folder.h"
#include "datasets/jpeg_writer.h"
#include "datasets/loader.h"
#include "datasets/photographs.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

constexpr int64_t kBatch = 20;
constexpr int kHeight = 80, kWidth = 100;

// Memory of this process that is there, in bytes.
int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// A folder of `count` photographs, of which ten are different.
std::string Folder(int count) {
  const std::string folder =
      JoinPath(testing::TempDir(), absl::StrCat("photographs", count));
  const std::string images = JoinPath(folder, "test/class");
  EXPECT_TRUE(MakeDirectories(images).ok());
  std::error_code already_there;
  for (int i = 0; i < count; ++i) {
    const std::string path = JoinPath(images, absl::StrCat(100000 + i, ".jpg"));
    if (i >= 10) {
      std::filesystem::create_hard_link(
          JoinPath(images, absl::StrCat(100000 + i % 10, ".jpg")), path,
          already_there);
      continue;
    }
    std::vector<uint8_t> pixels(kHeight * kWidth * 3);
    const RandomStream random(1, i);
    for (size_t k = 0; k < pixels.size(); ++k)
      pixels[k] = static_cast<uint8_t>(random.Below(k, 256));
    EXPECT_TRUE(
        WriteFileAtomically(path, EncodeJpeg(pixels, kHeight, kWidth, 3)).ok());
  }
  return folder;
}

// Resident memory after an epoch of training on the folder.
int64_t ResidentAfterEpoch(const std::string& folder) {
  auto images = OpenImageFolder(folder, Split::kTest);
  EXPECT_TRUE(images.ok()) << images.status();
  Photographs::Options of_images{
      .name = "photographs",
      .resize = {},
      .normalization = {{0.5f, 0.5f, 0.5f}, {0.25f, 0.25f, 0.25f}}};
  of_images.resize.set_crop(32);
  const auto dataset = Photographs::Create(*std::move(images), of_images);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  Loader::Options options;
  options.batch_size = kBatch;
  options.shuffle = options.drop_last = true;
  options.threads = 2;
  options.augmentation.mutable_random_resized_crop();
  const auto loader = Loader::Create(**dataset, options);
  EXPECT_TRUE(loader.ok()) << loader.status();
  (*loader)->Start(0);
  while (true) {
    const auto batch = (*loader)->Next();
    EXPECT_TRUE(batch.ok()) << batch.status();
    if (!batch.ok() || *batch == nullptr) break;
  }
  return ResidentBytes();
}

// If files or decoded images stayed, 2,000 of them would take some 40 MB more
// than 200.
TEST(LoaderMemoryTest, TenTimesTheImagesTakeNoMoreMemory) {
#if defined(TRITLAB_SANITIZER)
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  const std::string few = Folder(200), many = Folder(2000);
  const int64_t of_few = ResidentAfterEpoch(few);
  const int64_t of_many = ResidentAfterEpoch(many);
  EXPECT_LT(of_many - of_few, int64_t{8} << 20);
}

}  // namespace
}  // namespace tritlab
