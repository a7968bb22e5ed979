// history.jsonl, to which many append: read, and made a page of.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "reports/regression/history.h"
#include "reports/regression/history_page.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static tritlab::InputFile file("history.jsonl");
  file.Set(absl::string_view(reinterpret_cast<const char*>(data), size));
  const auto records = tritlab::ReadHistory(file.path());
  if (records.ok()) tritlab::HistoryPage(*records);
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  constexpr char kFirst[] =
      R"({"time": "2027-01-31T12:00:00Z", "commit": "0123abcd", "numbers": )"
      R"([{"what": "small, ttq: top1", "verdict": "same", "now": 91.5, )"
      R"("baseline": 91.4, "allowed": 0.5}]})"
      "\n";
  constexpr char kSecond[] =
      R"({"commit": "4567", "regressed": true, "numbers": )"
      R"([{"what": "small, ttq: top1", "verdict": "worse", "now": 80}, )"
      R"({"what": "small, ttq: loss", "verdict": "new", "now": 1e300}]})"
      "\n";
  return {kFirst, std::string(kFirst) + kSecond};
}
