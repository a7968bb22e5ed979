// Files that are called CIFAR-10's.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "datasets/cifar10.h"

namespace {

constexpr int kRecords = 2;
constexpr int kRecordBytes = 1 + 3 * 32 * 32;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static tritlab::InputFile file("test_batch.bin");
  file.Set(absl::string_view(reinterpret_cast<const char*>(data), size));
  tritlab::ReadCifar10Binary(file.folder(), tritlab::Split::kTest, kRecords)
      .status()
      .IgnoreError();
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  std::string records(kRecords * kRecordBytes, '\x80');
  records[0] = 9;
  records[kRecordBytes] = 0;
  return {records};
}
