// The inputs that a fuzzer starts from: FuzzSeeds(), and its target's `corpus`.
#ifndef TRITLAB_BASE_FUZZING_SEEDS_H_
#define TRITLAB_BASE_FUZZING_SEEDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tritlab {

// FuzzSeeds(), and the contents of the files that --seed=FILE names; removes
// those arguments (argv[0] is the program).
absl::StatusOr<std::vector<std::string>> TakeSeeds(
    std::vector<std::string>& arguments);

}  // namespace tritlab

#endif  // TRITLAB_BASE_FUZZING_SEEDS_H_
