#include "datasets/fetch_dataset.h"

#include <unistd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/disk_space.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/status_macros.h"
#include "datasets/unpack_archive.h"

namespace tritlab {
namespace {

// CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html). The
// page states its MD5; size and SHA-256 are those that TensorFlow Datasets
// checks its own download of the file against (url_checksums/cifar10.txt).
PublishedDataset Cifar10() {
  return {
      .name = "cifar10",
      .archive = {.url = "https://www.cs.toronto.edu/~kriz/"
                         "cifar-10-binary.tar.gz",
                  .bytes = 170052171,
                  .sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d6"
                            "8f9f25eb1ed8d9ddda3db29a59bca1dd"},
      .folder = "cifar-10-batches-bin",
      // 60,000 records of 3073 bytes, the classes' names, a page.
      .unpacked_bytes = 185000000,
  };
}

std::string ArchiveName(const std::string& url) {
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

absl::StatusOr<PublishedDataset> FindPublishedDataset(absl::string_view name) {
  if (name == "cifar10") return Cifar10();
  return absl::InvalidArgumentError(absl::StrCat(
      "--dataset: \"", name, "\" cannot be downloaded; give cifar10"));
}

absl::Status FetchDataset(const PublishedDataset& dataset,
                          const std::string& parent,
                          const DownloadOptions& options) {
  const std::string folder = JoinPath(parent, dataset.folder);
  // Unpacking leaves a whole one or none; and no lock could be made where
  // nothing may be written.
  if (FileExists(folder)) return absl::OkStatus();
  RETURN_IF_ERROR(MakeDirectories(parent));
  ASSIGN_OR_RETURN(const std::unique_ptr<FileLock> lock,
                   FileLock::Wait(JoinPath(
                       parent, absl::StrCat(".", dataset.folder, ".lock"))));
  // Whoever was waited for may have fetched it.
  if (FileExists(folder)) return absl::OkStatus();
  const std::string archive =
      JoinPath(parent, ArchiveName(dataset.archive.url));
  const bool found = FileExists(archive);
  if (!found) {
    // Download asks for its own room; this is for both.
    const auto part = FileSize(absl::StrCat(archive, ".part"));
    RETURN_IF_ERROR(CheckDiskSpace(parent, dataset.archive.bytes +
                                               dataset.unpacked_bytes -
                                               (part.ok() ? *part : 0)));
  }
  RETURN_IF_ERROR(Download(dataset.archive, archive, options));
  RETURN_IF_ERROR(CheckDiskSpace(parent, dataset.unpacked_bytes));
  RETURN_IF_ERROR(
      UnpackArchive(archive, dataset.folder, parent, dataset.unpacked_bytes));
  if (!found) unlink(archive.c_str());
  return absl::OkStatus();
}

}  // namespace tritlab
