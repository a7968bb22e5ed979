// Costs of energy that users write; the model must have what it needs of all
// that pass.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "reports/energy/energy_costs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto costs = tritlab::ParseEnergyCosts(
      absl::string_view(reinterpret_cast<const char*>(data), size), "fuzzed");
  if (costs.ok() && tritlab::BufferOf(*costs).bits() == 0) std::abort();
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() { return {}; }
