#include "kernels/integer/byte_local_response_normalization.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/reference/local_response_normalization.h"

namespace tritlab {
namespace {

// Against the formula in double: the nearest byte, or its neighbour where the
// exact value lies within f32's error of the middle. Fewer channels than the
// window has, and strong normalization, included.
TEST(ByteLocalResponseNormalizationTest, RoundsWhatTheFormulaGives) {
  for (const float beta : {0.75f, 0.5f}) {
    for (const int64_t channels : {1, 2, 3, 5, 6, 16, 33}) {
      LocalResponseNormalizationShape shape = {
          .input = {2, 3, 4, channels}, .alpha = 0.02f, .beta = beta, .k = 2};
      const float input_step = 0.11f, output_step = 0.07f;
      std::vector<uint8_t> bytes(shape.input.size()), output = bytes;
      std::vector<double> values, expected(bytes.size());
      const RandomStream stream(static_cast<uint64_t>(channels));
      for (size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<uint8_t>(stream.Bits(static_cast<int64_t>(i)));
        values.push_back(bytes[i] * static_cast<double>(input_step));
      }
      reference::LocalResponseNormalizationForward<double>(
          shape, std::span<const double>(values), std::span<double>(expected));
      NormalizeLocalResponseOfBytes(shape, input_step, output_step,
                                    bytes.data(), output.data());
      for (size_t i = 0; i < bytes.size(); ++i) {
        const double exact = std::min(expected[i] / output_step, 255.0);
        EXPECT_LE(std::abs(output[i] - exact), 0.5001)
            << channels << " channels, beta " << beta << ", value " << i;
      }
    }
  }
}

}  // namespace
}  // namespace tritlab
