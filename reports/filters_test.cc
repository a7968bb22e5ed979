#include "reports/filters.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "models/build.h"

namespace tritlab {
namespace {

constexpr uint8_t kMinus = 0, kZero = 1, kPlus = 2;

CodedWeights Ternary(const std::vector<uint8_t>& codes, float w_n = 1,
                     float w_p = 1) {
  return {.codes = codes, .codebook = {-w_n, 0, w_p}, .bits = 2};
}

// From "+0-...", blanks left out.
CodedWeights FromSigns(const std::string& signs, float w_n = 1, float w_p = 1) {
  std::vector<uint8_t> codes;
  for (const char sign : signs) {
    if (sign == ' ') continue;
    codes.push_back(sign == '+' ? kPlus : sign == '-' ? kMinus : kZero);
  }
  return Ternary(codes, w_n, w_p);
}

FilterCounts Count(const CodedWeights& coded, const FilterExtents& extents) {
  const auto counts = CountFilters(coded, extents);
  EXPECT_TRUE(counts.ok()) << counts.status();
  return counts.ok() ? *counts : FilterCounts();
}

std::string Error(const CodedWeights& coded, const FilterExtents& extents) {
  return std::string(CountFilters(coded, extents).status().message());
}

// Weights are [filter][tap][input]: a kernel's weights are not neighbours.
TEST(CountFilters, KernelsAreOfOneInputChannel) {
  // Two taps, three inputs. Kernels of filter 0: (+,-) (0,0) (+,0); of filter
  // 1: (0,0) (0,0) (+,-).
  const FilterCounts counts =
      Count(FromSigns("+0+ -00  00+ 00-"),
            {.filters = 2, .kernel_height = 1, .kernel_width = 2, .inputs = 3});
  EXPECT_EQ(counts.kernel_height(), 1u);
  EXPECT_EQ(counts.kernel_width(), 2u);
  EXPECT_EQ(counts.filters(), 2u);
  EXPECT_EQ(counts.inputs(), 3u);
  EXPECT_EQ(counts.kernels(), 6u);
  EXPECT_EQ(counts.zero_kernels(), 3u);
  EXPECT_EQ(counts.distinct_kernels(), 3u);
  EXPECT_EQ(counts.possible_kernels(), 9);
  EXPECT_EQ(counts.unread_inputs(), 1u);
  EXPECT_EQ(counts.zero_filters(), 0u);
  EXPECT_EQ(counts.duplicate_filters(), 0u);
  EXPECT_EQ(counts.negated_filters(), 0u);
}

TEST(CountFilters, ZeroAndEqualFilters) {
  const FilterExtents extents{.filters = 7, .inputs = 3};
  const std::string signs = "+0- 000 -0+ +0- 000 -0+ ++0";
  FilterCounts counts = Count(FromSigns(signs), extents);
  EXPECT_EQ(counts.zero_filters(), 2u);
  EXPECT_EQ(counts.negated_filters(), 1u);    // 2
  EXPECT_EQ(counts.duplicate_filters(), 2u);  // 3 and 5
  EXPECT_EQ(counts.possible_kernels(), 3);
  EXPECT_EQ(counts.distinct_kernels(), 3u);
  // With W_p and W_n apart, turned signs are not minus the values: 2 is a
  // filter of its own, and 5 its duplicate.
  counts = Count(FromSigns(signs, 0.5f, 0.75f), extents);
  EXPECT_EQ(counts.negated_filters(), 0u);
  EXPECT_EQ(counts.duplicate_filters(), 2u);
  // By signs they are.
  EXPECT_EQ(counts.negated_sign_patterns(), 1u);
  EXPECT_EQ(counts.duplicate_sign_patterns(), 2u);
}

// Protects: signs say little of weights that have several magnitudes.
TEST(CountFilters, SignPatternsOfTernaryValuesOnly) {
  CodedWeights coded = FromSigns("+- -+");
  coded.codebook.push_back(2);
  const FilterCounts counts = Count(coded, {.filters = 2, .inputs = 2});
  EXPECT_FALSE(counts.has_duplicate_sign_patterns());
  EXPECT_FALSE(counts.has_negated_sign_patterns());
}

// Protects: values decide, not codes.
TEST(CountFilters, CodesOfOneValueAreEqual) {
  const CodedWeights coded{.codes = {0, 1, 2, 3, 4, 3},
                           .codebook = {0.5f, 0.0f, 0.5f, -0.0f, 0.25f},
                           .bits = 3};
  const FilterCounts counts = Count(coded, {.filters = 3, .inputs = 2});
  EXPECT_EQ(counts.duplicate_filters(), 1u);
  EXPECT_EQ(counts.distinct_kernels(), 3u);
  EXPECT_EQ(counts.possible_kernels(), 3);
  EXPECT_EQ(counts.unread_inputs(), 1u);
}

// Protects: a filter is its values with the scale of its channel; one scaled by
// 0 is zero.
TEST(CountFilters, ChannelScalesBelongToTheFilter) {
  CodedWeights coded = FromSigns("+- +- -+ +- +-");
  coded.channel_scales = {0.5f, 0.25f, 0.5f, 0.5f, 0};
  const FilterCounts counts = Count(coded, {.filters = 5, .inputs = 2});
  EXPECT_EQ(counts.duplicate_filters(), 1u);  // 3
  EXPECT_EQ(counts.negated_filters(), 1u);    // 2
  EXPECT_EQ(counts.zero_filters(), 1u);
  EXPECT_EQ(counts.zero_kernels(), 2u);
  EXPECT_EQ(counts.distinct_kernels(), 2u);
}

// Protects: filters of two groups read different channels.
TEST(CountFilters, GroupsAreApart) {
  const FilterCounts counts =
      Count(FromSigns("+0 +0 +0 0-"), {.filters = 4, .inputs = 4, .groups = 2});
  EXPECT_EQ(counts.duplicate_filters(), 1u);
  EXPECT_EQ(counts.negated_filters(), 0u);
  EXPECT_EQ(counts.unread_inputs(), 1u);
  EXPECT_EQ(counts.kernels(), 8u);
}

// The same by comparing everything with everything.
FilterCounts ByBruteForce(const CodedWeights& coded,
                          const FilterExtents& extents) {
  const int64_t inputs = extents.inputs / extents.groups;
  const int64_t taps = extents.kernel_height * extents.kernel_width;
  const int64_t length = taps * inputs;
  const int64_t per_group = extents.filters / extents.groups;
  const auto weight = [&](int64_t f, int64_t i) {
    return coded.value(f * length + i);
  };
  FilterCounts counts;
  counts.set_kernel_height(extents.kernel_height);
  counts.set_kernel_width(extents.kernel_width);
  counts.set_filters(extents.filters);
  counts.set_inputs(extents.inputs);
  counts.set_kernels(extents.filters * inputs);
  std::set<float> values;
  for (const float value : coded.codebook) values.insert(value + 0.0f);
  counts.set_possible_kernels(std::pow(values.size(), taps));
  std::set<std::vector<float>> kernels;
  std::vector<int> reads(extents.inputs, 0);
  const auto sign = [&](int64_t f, int64_t i) {
    return (weight(f, i) > 0) - (weight(f, i) < 0);
  };
  counts.set_duplicate_sign_patterns(0);
  counts.set_negated_sign_patterns(0);
  for (int64_t f = 0; f < extents.filters; ++f) {
    bool zero = true, equal = false, negated = false;
    bool equal_signs = false, negated_signs = false;
    for (int64_t i = 0; i < length; ++i) zero = zero && weight(f, i) == 0;
    for (int64_t g = f / per_group * per_group; g < f; ++g) {
      bool same = true, minus = true, same_sign = true, turned = true;
      for (int64_t i = 0; i < length; ++i) {
        same = same && weight(f, i) == weight(g, i);
        minus = minus && weight(f, i) == -weight(g, i);
        same_sign = same_sign && sign(f, i) == sign(g, i);
        turned = turned && sign(f, i) == -sign(g, i);
      }
      equal = equal || same;
      negated = negated || minus;
      equal_signs = equal_signs || same_sign;
      negated_signs = negated_signs || turned;
    }
    if (!zero && equal_signs) {
      counts.set_duplicate_sign_patterns(counts.duplicate_sign_patterns() + 1);
    } else if (!zero && negated_signs) {
      counts.set_negated_sign_patterns(counts.negated_sign_patterns() + 1);
    }
    if (zero) {
      counts.set_zero_filters(counts.zero_filters() + 1);
    } else if (equal) {
      counts.set_duplicate_filters(counts.duplicate_filters() + 1);
    } else if (negated) {
      counts.set_negated_filters(counts.negated_filters() + 1);
    }
    for (int64_t c = 0; c < inputs; ++c) {
      std::vector<float> kernel;
      bool empty = true;
      for (int64_t t = 0; t < taps; ++t) {
        const int64_t i = f * length + t * inputs + c;
        kernel.push_back(coded.codebook[coded.codes[i]] + 0.0f);
        empty = empty && coded.value(i) == 0;
      }
      kernels.insert(kernel);
      counts.set_zero_kernels(counts.zero_kernels() + empty);
      reads[f / per_group * inputs + c] += !empty;
    }
  }
  counts.set_distinct_kernels(kernels.size());
  for (const int read : reads)
    counts.set_unread_inputs(counts.unread_inputs() + (read == 0));
  return counts;
}

// Protects: the counts, on layers small and sparse enough to have some of all.
TEST(CountFilters, AgreesWithBruteForce) {
  const std::vector<FilterExtents> shapes = {
      {.filters = 40, .kernel_height = 1, .kernel_width = 1, .inputs = 3},
      {.filters = 20, .kernel_height = 1, .kernel_width = 2, .inputs = 2},
      {.filters = 12, .kernel_height = 3, .kernel_width = 3, .inputs = 8},
      {.filters = 16,
       .kernel_height = 2,
       .kernel_width = 1,
       .inputs = 4,
       .groups = 2},
      {.filters = 1, .kernel_height = 3, .kernel_width = 3, .inputs = 1}};
  FilterCounts seen;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    for (const FilterExtents& extents : shapes) {
      const RandomStream random(seed, extents.filters);
      const float zeros = 0.2f * (seed % 5);
      CodedWeights coded = Ternary({}, 1, seed % 2 == 0 ? 1.0f : 0.5f);
      for (int64_t i = 0; i < extents.weights(); ++i) {
        coded.codes.push_back(random.Uniform(2 * i) < zeros     ? kZero
                              : random.Below(2 * i + 1, 2) == 0 ? kMinus
                                                                : kPlus);
      }
      if (seed % 3 == 0) {
        for (int64_t f = 0; f < extents.filters; ++f) {
          constexpr float kScales[] = {0.5f, 0.25f, 0};
          coded.channel_scales.push_back(
              kScales[random.Below(1'000'000 + f, 3)]);
        }
      }
      const FilterCounts expected = ByBruteForce(coded, extents);
      EXPECT_EQ(Count(coded, extents).SerializeAsString(),
                expected.SerializeAsString())
          << Count(coded, extents).DebugString() << expected.DebugString();
      seen.set_zero_filters(seen.zero_filters() + expected.zero_filters());
      seen.set_duplicate_filters(seen.duplicate_filters() +
                                 expected.duplicate_filters());
      seen.set_negated_filters(seen.negated_filters() +
                               expected.negated_filters());
      seen.set_unread_inputs(seen.unread_inputs() + expected.unread_inputs());
    }
  }
  EXPECT_GT(seen.zero_filters(), 0u);
  EXPECT_GT(seen.duplicate_filters(), 0u);
  EXPECT_GT(seen.negated_filters(), 0u);
  EXPECT_GT(seen.unread_inputs(), 0u);
}

TEST(CountFilters, RefusesWhatDoesNotFit) {
  const FilterExtents extents{.filters = 2, .inputs = 2};
  EXPECT_EQ(Error(FromSigns("+0-"), extents),
            "there are 3 codes for the layer's 4 weights");
  CodedWeights coded = FromSigns("+0-0");
  coded.channel_scales = {1, 1, 1};
  EXPECT_EQ(Error(coded, extents),
            "there are 3 channel scales for 2 output channels");
  EXPECT_EQ(Error(Ternary({0, 1, 2, 3}), extents),
            "code 3 is not in the codebook of 3 values");
  EXPECT_FALSE(CountFilters(FromSigns("+0"), {.filters = 2, .inputs = 0}).ok());
  EXPECT_FALSE(
      CountFilters(FromSigns("+0"), {.filters = 1, .inputs = 2, .groups = 2})
          .ok());
}

// Protects: the first kernels, each with its weights together.
TEST(PictureOf, ShowsTheFirstKernels) {
  const CodedWeights coded = FromSigns("+0+ -00  00+ 0--");
  const FilterExtents extents{
      .filters = 2, .kernel_height = 1, .kernel_width = 2, .inputs = 3};
  KernelPicture picture = PictureOf(coded, extents);
  EXPECT_EQ(picture.signs(), "+-00+0000-+-");
  EXPECT_EQ(picture.filters(), 2u);
  EXPECT_EQ(picture.inputs(), 3u);
  EXPECT_EQ(picture.kernel_height(), 1u);
  EXPECT_EQ(picture.kernel_width(), 2u);
  picture = PictureOf(coded, extents, 1, 2);
  EXPECT_EQ(picture.signs(), "+-00");
  EXPECT_EQ(picture.filters(), 1u);
  EXPECT_EQ(picture.inputs(), 2u);
}

// Protects: extents come from the graph, with a linear layer as a convolution
// with a kernel as large as its image.
TEST(FilterExtentsOf, EveryLayerOfANetwork) {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(4);
  InputOperator image;
  image.set_height(16);
  image.set_width(8);
  image.set_channels(3);
  const auto extents = FilterExtentsOf(*BuildGraph(model, image, 10));
  ASSERT_TRUE(extents.ok()) << extents.status();
  EXPECT_EQ(extents->size(), 8u);
  const FilterExtents& conv1 = extents->at("conv1");
  EXPECT_EQ(conv1.filters, 4);
  EXPECT_EQ(conv1.kernel_height, 3);
  EXPECT_EQ(conv1.inputs, 3);
  EXPECT_EQ(conv1.weights(), 4 * 27);
  const FilterExtents& fc1 = extents->at("fc1");
  EXPECT_EQ(fc1.filters, 32);
  EXPECT_EQ(fc1.kernel_height, 2);
  EXPECT_EQ(fc1.kernel_width, 1);
  EXPECT_EQ(fc1.inputs, 16);
  EXPECT_EQ(extents->at("fc2").weights(), 320);
  EXPECT_FALSE(FilterExtentsOf(Graph()).ok());
}

}  // namespace
}  // namespace tritlab
