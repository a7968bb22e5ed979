#include "datasets/cifar10.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int kClasses = 10;
constexpr int kSide = 32;
constexpr int kPlane = kSide * kSide;
constexpr int64_t kRecordBytes = 1 + 3 * kPlane;

std::vector<std::string> FileNames(Split split) {
  if (split == Split::kTest) return {"test_batch.bin"};
  std::vector<std::string> names;
  for (int i = 1; i <= 5; ++i) {
    names.push_back(absl::StrCat("data_batch_", i, ".bin"));
  }
  return names;
}

}  // namespace

bool HoldsCifar10Binary(absl::string_view folder) {
  for (Split split : {Split::kTrain, Split::kTest}) {
    for (const std::string& name : FileNames(split)) {
      if (FileExists(JoinPath(folder, name))) return true;
    }
  }
  return false;
}

Normalization Cifar10Normalization() {
  return {{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};
}

absl::StatusOr<std::unique_ptr<Dataset>> ReadCifar10Binary(
    absl::string_view folder, Split split, int64_t records_per_file) {
  DatasetInfo info;
  info.name = "cifar10";
  info.source = std::string(folder);
  info.shape = {kSide, kSide, 3};
  info.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                      "dog",      "frog",       "horse", "ship", "truck"};
  info.normalization = Cifar10Normalization();
  const std::vector<std::string> names = FileNames(split);
  const auto is_there = [&](const std::string& name) {
    const std::string path = JoinPath(folder, name);
    return FileExists(path) || IsBrokenLink(path);
  };
  if (std::none_of(names.begin(), names.end(), is_there)) {
    return absl::NotFoundError(
        absl::StrCat(JoinPath(folder, names[0]),
                     ": is missing; unpack CIFAR-10's binary version there"));
  }
  const int64_t file_bytes = records_per_file * kRecordBytes;
  const int64_t images = records_per_file * names.size();
  std::vector<uint8_t> pixels(images * info.shape.size());
  std::vector<int32_t> labels(images);
  int64_t image = 0;
  for (const std::string& name : names) {
    const std::string path = JoinPath(folder, name);
    if (!FileExists(path)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path,
          ": is missing or a broken link, where others of its "
          "split are there; remove the folder and download it again"));
    }
    ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
    if (size != file_bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": is ", size < file_bytes ? "truncated" : "oversized", ": ",
          size, " bytes where ", records_per_file, " records of ", kRecordBytes,
          " take ", file_bytes, "; remove the folder and download it again"));
    }
    ASSIGN_OR_RETURN(const std::string contents, ReadFile(path, file_bytes));
    if (static_cast<int64_t>(contents.size()) != file_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": changed while it was read"));
    }
    const auto* record = reinterpret_cast<const uint8_t*>(contents.data());
    for (int64_t i = 0; i < records_per_file;
         ++i, ++image, record += kRecordBytes) {
      if (record[0] >= kClasses) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": record ", i, " has label ", int{record[0]},
                         " where 0 to 9 are possible; remove the folder and "
                         "download it again"));
      }
      labels[image] = record[0];
      const uint8_t* const planes = record + 1;
      uint8_t* const pixel = pixels.data() + image * 3 * kPlane;
      for (int p = 0; p < kPlane; ++p) {
        for (int c = 0; c < 3; ++c) pixel[p * 3 + c] = planes[c * kPlane + p];
      }
    }
  }
  return MemoryDataset::Create(std::move(info), std::move(pixels),
                               std::move(labels));
}

}  // namespace tritlab
