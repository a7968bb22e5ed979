#include "datasets/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include "datasets/gzip_writer.h"

namespace tritlab {
namespace {

la_ssize_t Append(archive* /*writer*/, void* bytes, const void* data,
                  size_t size) {
  static_cast<std::string*>(bytes)->append(static_cast<const char*>(data),
                                           size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

std::string MakeTar(const TarFiles& files, bool gzip) {
  std::string bytes;
  archive* const writer = archive_write_new();
  archive_write_set_format_pax_restricted(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open(writer, &bytes, nullptr, Append, nullptr);
  for (const auto& [path, contents] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_perm(entry, 0755);
    if (path.ends_with("/")) {
      archive_entry_set_filetype(entry, AE_IFDIR);
    } else if (contents.starts_with("=> ")) {
      archive_entry_set_hardlink(entry, contents.substr(3).c_str());
    } else if (contents.starts_with("-> ")) {
      archive_entry_set_filetype(entry, AE_IFLNK);
      archive_entry_set_symlink(entry, contents.substr(3).c_str());
    } else {
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_size(entry, static_cast<la_int64_t>(contents.size()));
    }
    archive_write_header(writer, entry);
    if (archive_entry_filetype(entry) == AE_IFREG)
      archive_write_data(writer, contents.data(), contents.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return gzip ? Gzip(bytes) : bytes;
}

}  // namespace tritlab
