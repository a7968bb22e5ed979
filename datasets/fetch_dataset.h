// Datasets that their authors publish for download.
#ifndef TRITLAB_DATASETS_FETCH_DATASET_H_
#define TRITLAB_DATASETS_FETCH_DATASET_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/download.h"

namespace tritlab {

struct PublishedDataset {
  std::string name;        // as in a spec's dataset.name
  DownloadSource archive;  // a .tar.gz file
  std::string folder;      // all that is in it
  int64_t unpacked_bytes;  // at most
};

// InvalidArgument, naming those that there are.
absl::StatusOr<PublishedDataset> FindPublishedDataset(absl::string_view name);

// Downloads and unpacks it to `parent`/`dataset.folder`, which appears whole or
// not at all; `parent` is made if it is missing. An archive that is there
// already is used and kept; one that was downloaded is removed afterwards.
// Nothing is done where the folder is there already. A second call for the same
// folder waits for the first, by `parent`/.FOLDER.lock. Errors of Download,
// UnpackArchive and FileLock.
absl::Status FetchDataset(const PublishedDataset& dataset,
                          const std::string& parent,
                          const DownloadOptions& options = {});

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_FETCH_DATASET_H_
