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
#include "base/memory.h"
#include "base/random_access_file.h"
#include "base/status_macros.h"
#include "datasets/class_list.h"
#include "datasets/image_archive.h"
#include "datasets/jpeg.h"
#include "datasets/stored_images.h"

namespace tritlab {
namespace {

// The folder names that a split goes by, the first one that is there counts.
std::vector<std::string> SplitNames(Split split) {
  if (split == Split::kTrain) return {"train"};
  return {"test", "val"};
}

bool IsTestName(absl::string_view name) {
  return name == "test" || name == "val";
}
bool IsTrainName(absl::string_view name) { return name == "train"; }

// The same tree as of an archive. Of splits that are not wanted, the class
// folders alone.
absl::StatusOr<ImageTree> ListImageFolder(absl::string_view path,
                                          bool (*wanted)(absl::string_view)) {
  ImageTree tree;
  for (const char* split : {"train", "test", "val"}) {
    const std::string split_path = JoinPath(path, split);
    if (IsBrokenLink(split_path)) return BrokenLinkError(split_path);
    if (!IsDirectory(split_path)) continue;
    auto& classes = tree.splits[split];
    ASSIGN_OR_RETURN(const std::vector<std::string> class_names,
                     ListDirectory(split_path));
    for (const std::string& class_name : class_names) {
      const std::string class_path = JoinPath(split_path, class_name);
      if (absl::StartsWith(class_name, ".")) continue;
      if (IsBrokenLink(class_path)) return BrokenLinkError(class_path);
      if (!IsDirectory(class_path)) continue;
      auto& files = classes[class_name];
      if (!wanted(split)) continue;
      ASSIGN_OR_RETURN(const std::vector<std::string> names,
                       ListDirectory(class_path));
      for (const std::string& name : names) {
        if (!IsImageName(name)) continue;
        // A broken link shows when it is read.
        const auto size = FileSize(JoinPath(class_path, name));
        files[name].size = size.ok() ? *size : -1;
      }
    }
  }
  ASSIGN_OR_RETURN(tree.class_list, ReadClassList(path));
  return tree;
}

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

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenImageFolder(
    absl::string_view path, Split split) {
  // Names of images are told from the folder's by one slash.
  while (path.size() > 1 && absl::EndsWith(path, "/")) path.remove_suffix(1);
  const auto wanted = split == Split::kTrain ? IsTrainName : IsTestName;
  const bool archive = !IsDirectory(path);
  std::unique_ptr<RandomAccessFile> file;
  ImageTree tree;
  if (archive) {
    ASSIGN_OR_RETURN(file, RandomAccessFile::Open(path));
    ASSIGN_OR_RETURN(tree, ReadImageArchive(*file, wanted));
  } else {
    ASSIGN_OR_RETURN(tree, ListImageFolder(path, wanted));
  }
  std::string split_name;
  for (const std::string& name : SplitNames(split)) {
    if (split_name.empty() && tree.splits.contains(name)) split_name = name;
  }
  if (split_name.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path, ": has no folder ",
                     split == Split::kTrain ? "train/" : "test/ or val/",
                     " with a folder of .jpg files for each class"));
  }
  auto& classes = tree.splits[split_name];
  const auto& labelled =
      tree.splits.contains("train") ? tree.splits["train"] : classes;
  std::vector<std::string> folders;
  for (const auto& [class_name, files] : labelled)
    folders.push_back(class_name);

  ImageIndex index;
  std::vector<std::string> contents;
  bool in_memory = false;
  for (auto& [class_name, files] : classes) {
    const std::string class_path =
        absl::StrCat(path, archive ? ": " : "/", split_name, "/", class_name);
    if (files.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          class_path,
          ": an empty class folder: it has no .jpg or .jpeg files; fill it or "
          "remove it"));
    }
    const auto found =
        std::lower_bound(folders.begin(), folders.end(), class_name);
    if (found == folders.end() || *found != class_name) {
      return absl::InvalidArgumentError(
          absl::StrCat(class_path, ": a class that train/ does not have"));
    }
    for (auto& [file_name, image] : files) {
      index.Add(absl::StrCat(split_name, "/", class_name, "/", file_name),
                static_cast<int32_t>(found - folders.begin()), image.offset,
                image.size);
      if (!archive || image.offset >= 0) continue;
      in_memory = true;
      contents.push_back(std::move(image.bytes));
    }
  }
  if (index.size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", split_name, "/ has no class folders"));
  }
  std::vector<std::string> names = NamedClasses(folders, tree.class_list);
  if (in_memory) {
    return std::make_unique<ArchivedImages>(std::string(path), std::move(names),
                                            std::move(index),
                                            std::move(contents));
  }
  if (archive) {
    return std::make_unique<ArchivedImages>(std::move(file), std::move(names),
                                            std::move(index));
  }
  return std::make_unique<FolderImages>(std::string(path), std::move(names),
                                        std::move(index));
}

absl::StatusOr<std::unique_ptr<Dataset>> ReadImageFolder(
    absl::string_view path, Split split, absl::string_view dataset_name,
    const Normalization& normalization) {
  ASSIGN_OR_RETURN(const std::unique_ptr<EncodedImages> images,
                   OpenImageFolder(path, split));
  DatasetInfo info;
  info.name = std::string(dataset_name);
  info.source = std::string(path);
  info.normalization = normalization;
  info.class_names = images->class_names();
  std::string first;
  int32_t label;
  RETURN_IF_ERROR(images->Read(0, &first, &label));
  ASSIGN_OR_RETURN(info.shape, JpegShape(first, images->Name(0)));
  const int64_t count = images->size();
  RETURN_IF_ERROR(CheckImageMemory(path, count, info.shape));
  const int64_t image_size = info.shape.size();
  std::vector<uint8_t> pixels(count * image_size);
  std::vector<int32_t> labels(count);
  FirstError error;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    absl::Status status = WithinMemory(path, [&] {
      std::string bytes;
      RETURN_IF_ERROR(images->Read(i, &bytes, &labels[i]));
      return DecodeJpeg(bytes, images->Name(i), info.shape,
                        pixels.data() + i * image_size);
    });
    if (!status.ok()) error.Report(i, std::move(status));
  }
  RETURN_IF_ERROR(error.status());
  return MemoryDataset::Create(std::move(info), std::move(pixels),
                               std::move(labels));
}

}  // namespace tritlab
