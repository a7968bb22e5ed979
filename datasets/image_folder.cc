#include "datasets/image_folder.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/image_archive.h"
#include "datasets/jpeg.h"

namespace tritlab {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{256} << 20;

// The folder names that a split goes by, the first one that is there counts.
std::vector<std::string> SplitNames(Split split) {
  if (split == Split::kTrain) return {"train"};
  return {"test", "val"};
}

bool IsTestName(absl::string_view name) {
  return name == "test" || name == "val";
}
bool IsTrainName(absl::string_view name) { return name == "train"; }

absl::Status BrokenLink(absl::string_view path) {
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": is a broken link or was removed; restore or remove it"));
}

// The same tree as of an archive, but with empty contents: files in a folder
// are read when they are decoded.
absl::StatusOr<ImageTree> ListImageFolder(absl::string_view path) {
  ImageTree tree;
  for (const char* split : {"train", "test", "val"}) {
    const std::string split_path = JoinPath(path, split);
    if (IsBrokenLink(split_path)) return BrokenLink(split_path);
    if (!IsDirectory(split_path)) continue;
    auto& classes = tree[split];
    ASSIGN_OR_RETURN(const std::vector<std::string> class_names,
                     ListDirectory(split_path));
    for (const std::string& class_name : class_names) {
      const std::string class_path = JoinPath(split_path, class_name);
      if (absl::StartsWith(class_name, ".")) continue;
      if (IsBrokenLink(class_path)) return BrokenLink(class_path);
      if (!IsDirectory(class_path)) continue;
      auto& files = classes[class_name];
      ASSIGN_OR_RETURN(const std::vector<std::string> names,
                       ListDirectory(class_path));
      for (const std::string& name : names) {
        if (IsImageName(name)) files[name];
      }
    }
  }
  return tree;
}

struct Image {
  const std::string* class_name;
  const std::string* file_name;
  const std::string* bytes;
  int32_t label;
};

// Remembers the error of the first image at fault, whichever thread finds it.
class FirstError {
 public:
  void Report(int64_t image, absl::Status status) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (image >= image_) return;
    image_ = image;
    status_ = std::move(status);
  }
  const absl::Status& status() const { return status_; }

 private:
  std::mutex mutex_;
  int64_t image_ = std::numeric_limits<int64_t>::max();
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> ReadImageFolder(
    absl::string_view path, Split split, absl::string_view dataset_name,
    const Normalization& normalization) {
  const bool archive = !IsDirectory(path);
  ImageTree tree;
  if (archive) {
    RETURN_IF_ERROR(FileSize(path).status());
    ASSIGN_OR_RETURN(
        tree, ReadImageArchive(
                  path, split == Split::kTrain ? IsTrainName : IsTestName));
  } else {
    ASSIGN_OR_RETURN(tree, ListImageFolder(path));
  }
  std::string split_name;
  for (const std::string& name : SplitNames(split)) {
    if (split_name.empty() && tree.contains(name)) split_name = name;
  }
  if (split_name.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path, ": has no folder ",
                     split == Split::kTrain ? "train/" : "test/ or val/",
                     " with a folder of .jpg files for each class"));
  }
  const auto& classes = tree[split_name];
  const auto& labelled = tree.contains("train") ? tree["train"] : classes;

  DatasetInfo info;
  info.name = std::string(dataset_name);
  info.source = std::string(path);
  info.normalization = normalization;
  for (const auto& [class_name, files] : labelled) {
    info.class_names.push_back(class_name);
  }
  std::vector<Image> images;
  for (const auto& [class_name, files] : classes) {
    const std::string class_path =
        absl::StrCat(path, archive ? ": " : "/", split_name, "/", class_name);
    if (files.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          class_path,
          ": an empty class folder: it has no .jpg or .jpeg files; fill it or "
          "remove it"));
    }
    const auto found = std::lower_bound(info.class_names.begin(),
                                        info.class_names.end(), class_name);
    if (found == info.class_names.end() || *found != class_name) {
      return absl::InvalidArgumentError(
          absl::StrCat(class_path, ": a class that train/ does not have"));
    }
    const auto label = static_cast<int32_t>(found - info.class_names.begin());
    for (const auto& [file_name, bytes] : files) {
      images.push_back({&class_name, &file_name, &bytes, label});
    }
  }
  if (images.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", split_name, "/ has no class folders"));
  }

  // A file's name for messages and, in a folder, for opening it.
  const auto full_name = [&](const Image& image) {
    return absl::StrCat(path, archive ? ": " : "/", split_name, "/",
                        *image.class_name, "/", *image.file_name);
  };
  const auto contents = [&](const Image& image) -> absl::StatusOr<std::string> {
    const std::string name = full_name(image);
    absl::StatusOr<std::string> bytes = ReadFile(name, kMaxFileBytes);
    // NotFound is for a split that does not exist; this one is broken.
    if (absl::IsNotFound(bytes.status())) return BrokenLink(name);
    return bytes;
  };
  std::string first_bytes;
  if (!archive) {
    ASSIGN_OR_RETURN(first_bytes, contents(images[0]));
  }
  ASSIGN_OR_RETURN(info.shape,
                   JpegShape(archive ? *images[0].bytes : first_bytes,
                             full_name(images[0])));
  const int64_t count = static_cast<int64_t>(images.size());
  RETURN_IF_ERROR(CheckImageMemory(path, count, info.shape));
  const int64_t image_size = info.shape.size();
  std::vector<uint8_t> pixels(count * image_size);
  std::vector<int32_t> labels(count);
  FirstError error;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    const Image& image = images[i];
    labels[i] = image.label;
    absl::string_view bytes = *image.bytes;
    absl::StatusOr<std::string> read;
    if (!archive) {
      read = contents(image);
      if (!read.ok()) {
        error.Report(i, read.status());
        continue;
      }
      bytes = *read;
    }
    absl::Status status = DecodeJpeg(bytes, full_name(image), info.shape,
                                     pixels.data() + i * image_size);
    if (!status.ok()) error.Report(i, std::move(status));
  }
  RETURN_IF_ERROR(error.status());
  return MemoryDataset::Create(std::move(info), std::move(pixels),
                               std::move(labels));
}

}  // namespace tritlab
