// What a gzip file holds, from its beginning to its end, with its checksums
// and lengths checked.
#ifndef TRITLAB_DATASETS_GZIP_READER_H_
#define TRITLAB_DATASETS_GZIP_READER_H_

#include <zlib.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random_access_file.h"

namespace tritlab {

class GzipReader {
 public:
  // Whether bytes begin as gzip's do.
  static absl::StatusOr<bool> IsGzip(const RandomAccessFile& file,
                                     int64_t offset, int64_t size);

  // The file's bytes [offset, offset + size), of one gzip member or of several
  // behind each other. `file` must outlive the reader.
  GzipReader(const RandomAccessFile& file, int64_t offset, int64_t size);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // The number of bytes written to `bytes`: `size`, or fewer before the end; 0
  // behind it. InvalidArgument, saying how: they are damaged or cut off.
  // Otherwise errors of the file.
  absl::StatusOr<int64_t> Read(char* bytes, int64_t size);

 private:
  // Compressed bytes, where the last ones are used up and there are more.
  absl::Status Fill();

  const RandomAccessFile& file_;
  int64_t position_;
  const int64_t end_;
  std::vector<char> block_;
  z_stream stream_ = {};
  bool began_ = false;  // with the first member
  bool in_member_ = false;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_GZIP_READER_H_
