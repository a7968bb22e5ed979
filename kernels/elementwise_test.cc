#include "kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

// Below, at and above the vector width; the last is spread over threads.
constexpr int64_t kCounts[] = {0, 1, 15, 16, 17, 1000, 100003};

class Elementwise : public testing::TestWithParam<DataType> {
 protected:
  std::vector<float> Random(int64_t count, uint64_t seed) const {
    std::vector<float> values = RandomValues(count, GetParam(), seed);
    // Exact zeros are where ReLU's gradient could go wrong.
    for (size_t i = 0; i < values.size(); i += 7) values[i] = 0;
    return values;
  }
  // What storing as the type makes of an exact result.
  std::vector<float> Stored(const std::vector<float>& values) const {
    return TypedArray(GetParam(), values).Floats();
  }
};

TEST_P(Elementwise, ReluAgreesWithItsDefinition) {
  for (int64_t count : kCounts) {
    const std::vector<float> values = Random(count, 1);
    const std::vector<float> gradient = Random(count, 2);
    std::vector<float> expected(count), expected_gradient(count);
    for (int64_t i = 0; i < count; ++i) {
      expected[i] = std::max(values[i], 0.0f);
      expected_gradient[i] = values[i] > 0 ? gradient[i] : 0.0f;
    }
    TypedArray output(GetParam(), values);
    ReluForward(GetParam(), count, output.data(), output.data());
    EXPECT_EQ(output.Floats(), expected);
    TypedArray grad(GetParam(), gradient);
    ReluBackward(GetParam(), count, output.data(), grad.data(), grad.data());
    EXPECT_EQ(grad.Floats(), expected_gradient);
  }
}

TEST_P(Elementwise, AddAgreesWithItsDefinition) {
  for (int64_t count : kCounts) {
    for (bool relu : {false, true}) {
      const std::vector<float> a = Random(count, 3);
      const std::vector<float> b = Random(count, 4);
      std::vector<float> expected(count);
      for (int64_t i = 0; i < count; ++i) {
        expected[i] = a[i] + b[i];
        if (relu) expected[i] = std::max(expected[i], 0.0f);
      }
      const TypedArray left(GetParam(), a), right(GetParam(), b);
      TypedArray sum(GetParam(), count);
      AddForward(GetParam(), count, left.data(), right.data(), relu,
                 sum.data());
      EXPECT_EQ(sum.Floats(), Stored(expected));
      TypedArray in_place(GetParam(), b);
      AddForward(GetParam(), count, left.data(), in_place.data(), relu,
                 in_place.data());
      EXPECT_EQ(in_place.Floats(), Stored(expected));
    }
  }
}

TEST_P(Elementwise, AddReluBackwardMasksAndSums) {
  for (int64_t count : kCounts) {
    const std::vector<float> output_values = Random(count, 5);
    const std::vector<float> first = Random(count, 6);
    const std::vector<float> second = Random(count, 7);
    const TypedArray output(GetParam(), output_values);
    const TypedArray grad(GetParam(), first);
    std::vector<float> expected_one(count), expected_two(count);
    for (int64_t i = 0; i < count; ++i) {
      expected_one[i] = output_values[i] > 0 ? first[i] : 0.0f;
      expected_two[i] = output_values[i] > 0 ? first[i] + second[i] : 0.0f;
    }
    TypedArray one(GetParam(), count);
    AddReluBackward(GetParam(), count, output.data(), grad.data(), nullptr,
                    one.data());
    EXPECT_EQ(one.Floats(), expected_one);
    TypedArray two(GetParam(), second);
    AddReluBackward(GetParam(), count, output.data(), grad.data(), two.data(),
                    two.data());
    EXPECT_EQ(two.Floats(), Stored(expected_two));
  }
}

TEST_P(Elementwise, ChannelPadMovesChannelsAndZeroesTheRest) {
  struct Padding {
    int64_t pixels, in_channels, before, out_channels;
  };
  for (const Padding& p :
       {Padding{5, 3, 0, 3}, Padding{7, 16, 8, 32}, Padding{9, 5, 0, 11},
        Padding{3, 5, 6, 11}, Padding{5000, 16, 8, 32}}) {
    const std::vector<float> values = Random(p.pixels * p.in_channels, 8);
    const TypedArray input(GetParam(), values);
    TypedArray output(GetParam(), p.pixels * p.out_channels);
    ChannelPadForward(GetParam(), p.pixels, p.in_channels, p.before,
                      p.out_channels, input.data(), output.data());
    std::vector<float> expected(p.pixels * p.out_channels, 0.0f);
    for (int64_t pixel = 0; pixel < p.pixels; ++pixel) {
      for (int64_t c = 0; c < p.in_channels; ++c) {
        expected[pixel * p.out_channels + p.before + c] =
            values[pixel * p.in_channels + c];
      }
    }
    EXPECT_EQ(output.Floats(), expected);

    // Backward picks from a gradient that is nowhere 0.
    const std::vector<float> gradient =
        RandomValues(p.pixels * p.out_channels, GetParam(), 9);
    const TypedArray grad_output(GetParam(), gradient);
    TypedArray grad_input(GetParam(), values.size());
    ChannelPadBackward(GetParam(), p.pixels, p.in_channels, p.before,
                       p.out_channels, grad_output.data(), grad_input.data());
    std::vector<float> expected_gradient(values.size());
    for (int64_t pixel = 0; pixel < p.pixels; ++pixel) {
      for (int64_t c = 0; c < p.in_channels; ++c) {
        expected_gradient[pixel * p.in_channels + c] =
            gradient[pixel * p.out_channels + p.before + c];
      }
    }
    EXPECT_EQ(grad_input.Floats(), expected_gradient);
  }
}

// A network that diverges must not look healthy behind a ReLU.
TEST_P(Elementwise, NaNComesThrough) {
  const TypedArray nan(GetParam(), std::vector<float>(20, NAN));
  const TypedArray zero(GetParam(), std::vector<float>(20, 0.0f));
  TypedArray output(GetParam(), std::vector<float>(20, 0.0f));
  ReluForward(GetParam(), 20, nan.data(), output.data());
  for (float value : output.Floats()) EXPECT_TRUE(std::isnan(value));
  AddForward(GetParam(), 20, zero.data(), nan.data(), true, output.data());
  for (float value : output.Floats()) EXPECT_TRUE(std::isnan(value));
}

// Results must not depend on the machine's number of cores.
TEST_P(Elementwise, SameBitsForAnyNumberOfThreads) {
  constexpr int64_t kCount = 100003;
  const TypedArray a(GetParam(), Random(kCount, 10));
  const TypedArray b(GetParam(), Random(kCount, 11));
  const int threads = Threads();
  std::vector<std::vector<uint8_t>> sums;
  for (int count : {1, 2, 3, 5}) {
    SetThreads(count);
    TypedArray sum(GetParam(), kCount);
    AddForward(GetParam(), kCount, a.data(), b.data(), true, sum.data());
    sums.push_back(sum.Bytes());
  }
  SetThreads(threads);
  for (const auto& sum : sums) EXPECT_EQ(sum, sums[0]);
}

INSTANTIATE_TEST_SUITE_P(Types, Elementwise,
                         testing::Values(DataType::kF32, DataType::kBF16),
                         [](const auto& info) {
                           return std::string(Name(info.param));
                         });

}  // namespace
}  // namespace tritlab
