#include "kernels/nonzero_products.h"

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/convolution.h"

namespace tritlab {
namespace {

// Values of which about `share` are 0, some of them -0.
std::vector<float> SparseValues(int64_t count, double share, uint64_t seed) {
  std::vector<float> values(count);
  const RandomStream random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const float at = random.Uniform(i);
    values[i] = at < share / 2 ? 0.0f : at < share ? -0.0f : at - 0.5f;
  }
  return values;
}

std::vector<int64_t> AllImages(int64_t count) {
  std::vector<int64_t> images(count);
  std::iota(images.begin(), images.end(), 0);
  return images;
}

// What the header promises, product by product.
int64_t Reference(const ConvolutionShape& shape,
                  const std::vector<float>& weights,
                  const std::vector<float>& input) {
  int64_t products = 0;
  reference::ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t) {
    products += input[in] != 0 && weights[weight] != 0;
  });
  return products;
}

// Protects: the counts are exact for every stride, padding, kernel and group,
// also where the window leaves rows and columns unread.
TEST(NonzeroProducts, EqualsCountingEveryProduct) {
  uint64_t seed = 0;
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    for (const auto& [height, width] :
         {std::pair<int64_t, int64_t>{9, 7}, {6, 8}, {5, 5}}) {
      for (const auto& [kernel_height, kernel_width] :
           {std::pair<int64_t, int64_t>{1, 1}, {3, 3}, {5, 2}, {4, 5}}) {
        for (const int64_t stride : {1, 2, 3, 4}) {
          for (const int64_t padding : {0, 1, 2}) {
            for (const int64_t groups : {1, 2, 4}) {
              const ConvolutionShape shape = {.input = {3, height, width, 4},
                                              .out_channels = 8,
                                              .kernel_height = kernel_height,
                                              .kernel_width = kernel_width,
                                              .stride = stride,
                                              .padding = padding,
                                              .groups = groups};
              ASSERT_TRUE(shape.Validate().ok());
              ++seed;
              const std::vector<float> weights =
                  SparseValues(shape.weight_count(), 0.4, 2 * seed);
              const std::vector<float> input =
                  SparseValues(shape.input.size(), 0.5, 2 * seed + 1);
              const TypedArray typed(type, input);
              std::vector<int32_t> nonzeros(shape.input.image_size());
              CountNonzeros(type, typed.data(), AllImages(shape.input.batch),
                            nonzeros);
              EXPECT_EQ(NonzeroProducts(shape, weights, nonzeros),
                        Reference(shape, weights, typed.Floats()))
                  << kernel_height << "x" << kernel_width << " stride "
                  << stride << " padding " << padding << " groups " << groups;
            }
          }
        }
      }
    }
  }
}

// Protects: a linear layer as the convolution of an image of 1x1.
TEST(NonzeroProducts, OfALinearLayer) {
  const ConvolutionShape shape = {.input = {5, 1, 1, 37}, .out_channels = 11};
  const std::vector<float> weights = SparseValues(11 * 37, 0.3, 1);
  const std::vector<float> input = SparseValues(5 * 37, 0.6, 2);
  int64_t expected = 0;
  for (int n = 0; n < 5; ++n) {
    for (int o = 0; o < 11; ++o) {
      for (int i = 0; i < 37; ++i)
        expected += input[37 * n + i] != 0 && weights[37 * o + i] != 0;
    }
  }
  std::vector<int32_t> nonzeros(37);
  CountNonzeros(DataType::kF32, input.data(), AllImages(5), nonzeros);
  EXPECT_EQ(NonzeroProducts(shape, weights, nonzeros), expected);
  EXPECT_GT(expected, 0);
}

// Protects: images larger than what is counted at a time, counts that go on
// from those before, and the values that are zeros by another name.
TEST(CountNonzeros, CountsEveryPlaceOfTheChosenImages) {
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    for (const int64_t size : {1, 63, 64, 2049, 20000}) {
      std::vector<float> values = SparseValues(4 * size, 0.5, size);
      values[0] = NAN;
      values[size - 1] = 1e-38f;  // small, and not 0
      const TypedArray typed(type, values);
      const std::vector<float> floats = typed.Floats();
      std::vector<int32_t> nonzeros(size, 10);
      const std::vector<int64_t> images = {0, 1, 3};
      CountNonzeros(type, typed.data(), images, nonzeros);
      for (int64_t k = 0; k < size; ++k) {
        int32_t expected = 10;
        for (const int64_t n : images) expected += floats[n * size + k] != 0;
        ASSERT_EQ(nonzeros[k], expected) << k << " of " << size;
      }
      CountNonzeros(type, typed.data(), {}, nonzeros);
      EXPECT_GE(nonzeros[0], 10);
    }
  }
}

}  // namespace
}  // namespace tritlab
