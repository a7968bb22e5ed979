#include "base/fuzzing/seeds.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/status_macros.h"

namespace tritlab {

absl::StatusOr<std::vector<std::string>> TakeSeeds(
    std::vector<std::string>& arguments) {
  constexpr absl::string_view kFlag = "--seed=";
  std::vector<std::string> seeds = FuzzSeeds(), others;
  for (std::string& argument : arguments) {
    if (!absl::StartsWith(argument, kFlag)) {
      others.push_back(std::move(argument));
      continue;
    }
    ASSIGN_OR_RETURN(std::string seed, ReadFile(argument.substr(kFlag.size())));
    seeds.push_back(std::move(seed));
  }
  arguments = std::move(others);
  return seeds;
}

}  // namespace tritlab
