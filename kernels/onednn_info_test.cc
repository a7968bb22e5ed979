#include "kernels/onednn_info.h"

#include <string>

#include "gtest/gtest.h"

namespace tritlab {
namespace {

// The kernels rest on oneDNN 3: scratchpads, scale and shift apart, NHWC paths.
TEST(OneDnnInfo, VersionIsThree) {
  EXPECT_EQ(OneDnnVersion().substr(0, 2), "3.");
}

// Reports compare runs by it: never empty, and no number where a name is known.
TEST(OneDnnInfo, InstructionSetHasAName) {
  EXPECT_FALSE(InstructionSet().empty());
  if (HasNativeBF16()) {
    EXPECT_EQ(InstructionSet().rfind("AVX512_CORE", 0), 0u) << InstructionSet();
  }
}

}  // namespace
}  // namespace tritlab
