// What a fuzzer's source file defines: libFuzzer's entry point, and the inputs
// to start from.
//
// A fuzzer is one file and three lines of BUILD (fuzz_test.bzl):
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     ParseThing(absl::string_view(reinterpret_cast<const char*>(data), size),
//                "fuzzed").status().IgnoreError();
//     return 0;
//   }
//   std::vector<std::string> tritlab::FuzzSeeds() { return {SmallThing()}; }
//
//   fuzz_test(name = "thing_fuzzer", srcs = ["thing_fuzzer.cc"],
//             deps = [":thing"])
//
// Nothing may crash, leak, hang or take more memory than is checked; errors
// are fine. Seeds that are text may also be files (`corpus`).
#ifndef TRITLAB_BASE_FUZZING_FUZZ_TARGET_H_
#define TRITLAB_BASE_FUZZING_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// 0, always.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace tritlab {

// Small valid inputs, one of each kind. Made when the fuzzer runs, so that none
// is kept as a binary file. Empty when all are in `corpus`.
std::vector<std::string> FuzzSeeds();

}  // namespace tritlab

#endif  // TRITLAB_BASE_FUZZING_FUZZ_TARGET_H_
