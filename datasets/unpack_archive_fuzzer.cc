// Archives whose folder is unpacked onto the disk: nothing may appear but that
// folder, and in it nothing but files and folders. Each input as it is, and
// once more with the members' checksums made right.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "datasets/mended_tar.h"
#include "datasets/tar_writer.h"
#include "datasets/unpack_archive.h"

namespace tritlab {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxBytes = 1 << 20;

void Unpack(absl::string_view bytes) {
  static InputFile archive("fuzzed.tar");
  archive.Set(bytes);
  // What is outside is still within a folder that nobody else has.
  const fs::path parent = fs::path(archive.folder()) / "parent";
  fs::create_directory(parent);
  const absl::Status status =
      UnpackArchive(archive.path(), "set", parent.string(), kMaxBytes);
  int64_t unpacked = 0;
  for (const auto& entry : fs::recursive_directory_iterator(parent)) {
    const fs::file_status found = entry.symlink_status();
    if (fs::is_regular_file(found)) {
      unpacked += static_cast<int64_t>(entry.file_size());
    } else if (!fs::is_directory(found)) {
      std::abort();
    }
  }
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (!status.ok() || entry.path().filename() != "set") std::abort();
  }
  for (const auto& entry : fs::directory_iterator(archive.folder())) {
    if (entry.path() != archive.path() && entry.path() != parent) std::abort();
  }
  if (unpacked > kMaxBytes) std::abort();
  fs::remove_all(parent);
}

}  // namespace
}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  tritlab::Unpack(bytes);
  const std::string mended = tritlab::MendedTar(bytes);
  if (mended != bytes) tritlab::Unpack(mended);
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  return {
      MakeTar({{"./", ""}, {"set/", ""}, {"set/a", "one"}}),
      MakeTar({{"set/inner/b", std::string(600, 'x')}, {"set/link", "-> a"}},
              /*gzip=*/true),
      MakeTar({{"set/a", "one"}, {"../evil", "x"}}),
      MakeTar({{"/tmp/evil", "x"}})};
}
