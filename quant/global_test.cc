#include "quant/global.h"

#include <vector>

#include "gtest/gtest.h"
#include "quant/inq.h"
#include "quant/layers_for_tests.h"

namespace tritlab {
namespace {

// The comparison with INQ is fair only if both may use the same values.
TEST(GlobalTest, StartsFromWhatInqWouldRoundToAtOnce) {
  GlobalSpec spec;
  InqSpec inq_spec;
  inq_spec.add_portions(1);
  for (const int bits : {2, 3, 4, 5}) {
    spec.set_bits(bits);
    inq_spec.set_bits(bits);
    auto global = *GlobalQuantizer::Create(spec);
    auto inq = *InqQuantizer::Create(inq_spec, {});
    std::vector<float> latent = RandomWeights(500, 1);
    ASSERT_TRUE(global->Initialize(latent).ok());
    ASSERT_TRUE(inq->Initialize(latent).ok());
    std::vector<float> quantized(latent.size());
    global->Quantize(latent, quantized);
    ASSERT_TRUE(inq->BeginStage(0, latent).ok());
    EXPECT_EQ(quantized, latent);
  }
}

TEST(GlobalTest, TheValuesDoNotMoveWithTheLatentWeights) {
  GlobalSpec spec;
  spec.set_bits(2);
  auto quantizer = *GlobalQuantizer::Create(spec);
  ASSERT_TRUE(quantizer->Initialize(std::vector<float>{1, -0.1f}).ok());
  std::vector<float> quantized(2);
  quantizer->Quantize(std::vector<float>{8, -0.6f}, quantized);
  EXPECT_EQ(quantized, (std::vector<float>{1, -1}));
}

}  // namespace
}  // namespace tritlab
