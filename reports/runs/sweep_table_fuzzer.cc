// sweep.csv, which users edit and fetch from other machines: as
// comma-separated values, which must survive being written and read again, and
// beside the runs whose axes it names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "reports/runs/find_runs.h"

namespace tritlab {
namespace {

void ReadFields(absl::string_view csv) {
  for (const std::vector<std::string>& fields : CsvFields(csv)) {
    if (CsvFields(CsvLine(fields)) !=
        std::vector<std::vector<std::string>>{fields})
      std::abort();
  }
}

// A sweep of two runs whose table is the input.
class FuzzedSweep {
 public:
  FuzzedSweep() {
    for (const char* const point : {"bits=3", "bits=5,partition=RANDOM"}) {
      const std::string folder =
          JoinPath(table_.folder(), JoinPath("points", point));
      if (!MakeDirectories(folder).ok() ||
          !WriteFileAtomically(JoinPath(folder, "report.json"),
                               R"({"provenance": {}})")
               .ok())
        std::abort();
    }
  }
  ~FuzzedSweep() {
    std::error_code error;
    std::filesystem::remove_all(JoinPath(table_.folder(), "points"), error);
  }
  FuzzedSweep(const FuzzedSweep&) = delete;
  FuzzedSweep& operator=(const FuzzedSweep&) = delete;

  void Read(absl::string_view csv) {
    table_.Set(csv);
    const auto found = FindRuns(table_.folder());
    // The table names axes; it is not what says which runs there are.
    if (!found.ok() || found->runs.size() != 2) std::abort();
  }

 private:
  InputFile table_{"sweep.csv"};
};

}  // namespace
}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static tritlab::FuzzedSweep sweep;
  const absl::string_view csv(reinterpret_cast<const char*>(data), size);
  tritlab::ReadFields(csv);
  sweep.Read(csv);
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  return {
      "bits,phase,status,top1\n3,inq,done,91.5\n5,inq,failed,\n",
      "bits,partition,phase,status,top1\r\n5,\"RANDOM\",inq,not run,\r\n",
      "\"a \"\"name\"\", quoted\",\"b\nc\",phase,status\nx,y,\"ttq\",done\n"};
}
