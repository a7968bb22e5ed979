// What is in a tar file, one member after the other, and where.
#ifndef TRITLAB_DATASETS_TAR_READER_H_
#define TRITLAB_DATASETS_TAR_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random_access_file.h"

struct archive;

namespace tritlab {

class TarReader {
 public:
  struct Member {
    std::string name;  // as in the archive, with its folders
    bool folder = false;
    bool file = false;  // a regular one, no link
    int64_t size = 0;   // of a file's contents
    // Where they begin in the file; -1: the archive is compressed.
    int64_t offset = -1;
  };

  // A .tar or .tar.gz file, or one that stands in another file: `size` bytes
  // from `offset` on. `name` is what messages call it. `file` must outlive the
  // reader.
  static absl::StatusOr<std::unique_ptr<TarReader>> Open(
      const RandomAccessFile& file, int64_t offset, int64_t size,
      const std::string& name);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // False at the end, which a compressed archive's checksum has to agree with.
  // InvalidArgument, naming the archive: it is damaged, or cut off, also where
  // a member ends.
  absl::StatusOr<bool> Next(Member* member);
  // The contents of the file that Next has named last.
  // InvalidArgument also where they are larger than max_bytes.
  absl::StatusOr<std::string> ReadContents(int64_t max_bytes);

 private:
  struct Source;

  TarReader(const std::string& name, std::unique_ptr<Source> source);
  absl::Status NotWhole(absl::string_view reason) const;
  absl::Status Error() const;  // that has just happened

  const std::string name_;
  const std::unique_ptr<Source> source_;
  archive* const archive_;
  std::string member_;  // the last one's name
  bool ended_ = false;  // well
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_TAR_READER_H_
