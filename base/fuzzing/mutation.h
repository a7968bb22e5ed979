// Damages inputs as libFuzzer does, but blindly and always alike: what the
// bounded runs of fuzzers in the test suite feed on.
#ifndef TRITLAB_BASE_FUZZING_MUTATION_H_
#define TRITLAB_BASE_FUZZING_MUTATION_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tritlab {

// Mutation `index` of the seeds: one of them, changed one to four times (bits
// flipped, bytes set, removed, repeated, inserted; cut off; integers of 1 to 8
// bytes replaced by extreme ones; continued as another seed). A function of its
// arguments alone. No longer than the longest seed and 4096 bytes. `seeds` must
// not be empty.
std::string Mutation(const std::vector<std::string>& seeds, int64_t index);

}  // namespace tritlab

#endif  // TRITLAB_BASE_FUZZING_MUTATION_H_
