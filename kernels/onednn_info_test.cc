#include "kernels/onednn_info.h"

#include <string>

#include "gtest/gtest.h"
#include "kernels/tensor.h"

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

// Activations are in the type that networks train faster in: where oneDNN may
// use neither AVX-512 nor AMX (onednn_info_avx2_test), in f32.
TEST(OneDnnInfo, TheDefaultTypeIsTheOneWithFasterProducts) {
  if (!HasAvx512()) {
    EXPECT_FALSE(HasNativeBF16() || HasFastBF16Products() || HasTiles());
    EXPECT_EQ(DefaultDataType(), DataType::kF32);
  }
  if (HasTiles()) {
    EXPECT_EQ(DefaultDataType(), DataType::kBF16);
  }
}

}  // namespace
}  // namespace tritlab
