#include "datasets/gzip_writer.h"

#include <zlib.h>

namespace tritlab {

std::string Gzip(std::string bytes, int level) {
  z_stream stream = {};
  constexpr int kWindowBits = 15 + 16;  // the most, in gzip's format
  constexpr int kMemoryLevel = 8;
  deflateInit2(&stream, level, Z_DEFLATED, kWindowBits, kMemoryLevel,
               Z_DEFAULT_STRATEGY);
  std::string member(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  stream.avail_out = static_cast<uInt>(member.size());
  deflate(&stream, Z_FINISH);
  member.resize(stream.total_out);
  deflateEnd(&stream);
  return member;
}

}  // namespace tritlab
