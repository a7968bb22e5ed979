// Baselines, which people edit: read, compared with what runs have measured,
// and updated from it. What an update makes of one must be readable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "google/protobuf/text_format.h"
#include "reports/regression/baseline_file.h"
#include "reports/regression/regression.h"

namespace tritlab {
namespace {

constexpr char kBaseline[] = R"(
description: "two numbers"
false_alarms: 0.001
not_tracked: "speed"
entries {
  experiment: "small" phase: "ttq" seeds: 3 data_checksum: "0a-0b"
  instruction_set: "avx2" threads: 2
  numbers {
    name: "top1" mean: 91.5 deviation: 0.25 better: HIGHER by_spread: true
    resolution: 0.1
  }
  numbers { name: "weight_bytes" mean: 1234 better: LOWER }
}
updates { date: "2027-01-31" commit: "0123abcd" reason: "the first one" }
)";

std::vector<MeasuredEntry> Measured() {
  TrackedNumber top1, bytes;
  top1.set_name("top1");
  top1.set_by_spread(true);
  bytes.set_name("weight_bytes");
  return {
      {.experiment = "small",
       .phase = "ttq",
       .seeds = {1, 2, 3},
       .data_checksum = "0a-0b",
       .instruction_set = "avx2",
       .threads = 2,
       .numbers = {{top1, {91.4, 91.5, 91.9}}, {bytes, {1234, 1234, 1234}}}}};
}

}  // namespace
}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tritlab;
  static const auto* const measured =
      new std::vector<MeasuredEntry>(Measured());
  static InputFile file("baseline.textproto");
  file.Set(absl::string_view(reinterpret_cast<const char*>(data), size));
  auto baseline = ReadBaseline(file.path());
  if (!baseline.ok()) return 0;
  for (const bool whole : {false, true}) {
    Compare(*baseline, *measured, whole).status().IgnoreError();
    UpdateBaseline(*measured, whole, BaselineUpdate(), *baseline);
  }
  std::string text;
  if (!google::protobuf::TextFormat::PrintToString(*baseline, &text))
    std::abort();
  file.Set(text);
  if (!ReadBaseline(file.path()).ok()) std::abort();
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() { return {kBaseline}; }
