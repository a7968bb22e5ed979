#include "quant/prune.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quant/layers_for_tests.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

TEST(PruneTest, TheSmallestWeightsAreZeroAndFrozen) {
  PruneSpec spec;
  spec.set_sparsity(0.6f);
  auto quantizer = *PruneQuantizer::Create(spec);
  const std::vector<float> start = RandomWeights(1000, 1);
  std::vector<float> latent = start, computed(start.size());
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  quantizer->Quantize(latent, computed);
  ASSERT_TRUE(quantizer->BeginStage(0, latent).ok());
  EXPECT_EQ(latent, computed) << "the network starts as it was evaluated";
  const float threshold = MagnitudeOfRank(start, 600);
  for (size_t i = 0; i < start.size(); ++i) {
    const bool pruned = std::abs(start[i]) <= threshold;
    EXPECT_EQ(latent[i], pruned ? 0 : start[i]);
    EXPECT_EQ(quantizer->frozen()[i], pruned ? 1 : 0);
  }
  EXPECT_EQ(quantizer->Describe(latent)["pruned"], 0.6);
}

// As after INQ with 2 bits: magnitudes are all alike.
TEST(PruneTest, AmongEqualsAsManyAsAskedForArePruned) {
  PruneSpec spec;
  spec.set_sparsity(0.5f);
  auto quantizer = *PruneQuantizer::Create(spec);
  const std::vector<float> latent = {1, -1, 1, 0, -1, 1, -1, 1};
  ASSERT_TRUE(quantizer->Initialize(latent).ok());
  std::vector<float> quantized(latent.size());
  quantizer->Quantize(latent, quantized);
  EXPECT_EQ(quantized, std::vector<float>({0, 0, 0, 0, -1, 1, -1, 1}));
}

TEST(PruneTest, WhatIsLeftHasNoCodes) {
  PruneSpec spec;
  spec.set_sparsity(0.5f);
  auto quantizer = *PruneQuantizer::Create(spec);
  ASSERT_TRUE(quantizer->Initialize(RandomWeights(10, 1)).ok());
  EXPECT_FALSE(quantizer->Encode(RandomWeights(10, 1)).has_value());
}

// A forgotten sparsity must not become a phase that prunes nothing; a sweep may
// begin with one.
TEST(PruneTest, TheSparsityMustBeGiven) {
  PruneSpec spec;
  EXPECT_THAT(std::string(PruneQuantizer::Create(spec).status().message()),
              testing::HasSubstr("prune.sparsity is not set"));
  spec.set_sparsity(0);
  EXPECT_TRUE(PruneQuantizer::Create(spec).ok());
  spec.set_sparsity(1);
  EXPECT_THAT(std::string(PruneQuantizer::Create(spec).status().message()),
              testing::HasSubstr("prune.sparsity is 1"));
}

}  // namespace
}  // namespace tritlab
