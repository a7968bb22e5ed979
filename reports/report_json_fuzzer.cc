// report.json, which users fetch from other machines. What can be read must be
// written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "reports/made_up_report.h"
#include "reports/report_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto report = tritlab::ReportFromJson(
      absl::string_view(reinterpret_cast<const char*>(data), size), "fuzzed");
  if (!report.ok()) return 0;
  const auto json = tritlab::ReportToJson(*report);
  if (!json.ok() || !tritlab::ReportFromJson(*json, "again").ok()) std::abort();
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  return {*ReportToJson(MadeUpReport(/*layers=*/1, /*epochs=*/1)),
          R"({"provenance": {}})"};
}
