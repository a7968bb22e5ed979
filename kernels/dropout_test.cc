#include "kernels/dropout.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/dropout.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

class DropoutSweep : public testing::TestWithParam<DataType> {};

TEST_P(DropoutSweep, AgreesWithTheReference) {
  const RandomStream random(3, 7);
  // Odd and even numbers of elements; the last is spread over threads.
  for (const int64_t count : {0, 1, 2, 63, 64, 1001, 100003}) {
    for (const float rate : {0.0f, 0.4f, 0.5f, 0.999f}) {
      const std::vector<float> values = RandomValues(count, GetParam(), 1);
      std::vector<float> expected(count);
      reference::Dropout<float>(rate, random, values, expected);
      const TypedArray input(GetParam(), values);
      TypedArray output(GetParam(), count);
      Dropout(GetParam(), count, rate, random, input.data(), output.data());
      ExpectClose(output.Floats(), expected, GetParam(), "output");
      TypedArray in_place(GetParam(), values);
      Dropout(GetParam(), count, rate, random, in_place.data(),
              in_place.data());
      EXPECT_EQ(in_place.Bytes(), output.Bytes());
    }
  }
}

// Which elements are dropped must not depend on the machine.
TEST_P(DropoutSweep, EveryNumberOfThreadsDropsTheSame) {
  constexpr int64_t kCount = 50001;
  const RandomStream random(5);
  const TypedArray input(GetParam(), RandomValues(kCount, GetParam(), 1));
  std::vector<std::vector<uint8_t>> outputs;
  for (const int threads : {1, 2, 3}) {
    SetThreads(threads);
    TypedArray output(GetParam(), kCount);
    Dropout(GetParam(), kCount, 0.5f, random, input.data(), output.data());
    outputs.push_back(output.Bytes());
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);
}

INSTANTIATE_TEST_SUITE_P(Types, DropoutSweep,
                         testing::Values(DataType::kF32, DataType::kBF16),
                         [](const auto& info) { return Name(info.param); });

// The expectation of what a layer behind it sees is what evaluation gives it,
// and another step drops others.
TEST(Dropout, KeepsTheMeanAndDropsTheRate) {
  constexpr int64_t kCount = 100000;
  const std::vector<float> ones(kCount, 1.0f);
  for (const float rate : {0.2f, 0.5f}) {
    std::vector<float> output(kCount), other(kCount);
    Dropout(DataType::kF32, kCount, rate, RandomStream(1, 1), ones.data(),
            output.data());
    Dropout(DataType::kF32, kCount, rate, RandomStream(1, 2), ones.data(),
            other.data());
    double sum = 0, dropped = 0, dropped_twice = 0;
    for (int64_t i = 0; i < kCount; ++i) {
      sum += output[i];
      dropped += output[i] == 0;
      dropped_twice += output[i] == 0 && other[i] == 0;
    }
    // Five deviations of a binomial count.
    const double deviation = std::sqrt(rate * (1 - rate) / kCount);
    EXPECT_NEAR(dropped / kCount, rate, 5 * deviation);
    EXPECT_NEAR(sum / kCount, 1, 5 * deviation / (1 - rate));
    EXPECT_NEAR(dropped_twice / kCount, rate * rate, 5 * deviation);
  }
}

// The function is linear in its input, so its gradient is itself: by finite
// differences of the reference.
TEST(Dropout, GradientsAreThoseOfFiniteDifferences) {
  const RandomStream random(9);
  constexpr float kRate = 0.4f;
  std::vector<double> input = Doubles(RandomValues(40, DataType::kF32, 1));
  const std::vector<double> grad_output =
      Doubles(RandomValues(40, DataType::kF32, 2));
  std::vector<double> output(40), grad_input(40);
  reference::Dropout<double>(kRate, random, grad_output, grad_input);
  ExpectGradient(
      input, grad_input,
      [&] {
        reference::Dropout<double>(kRate, random, input, output);
        return DotProduct(output, grad_output);
      },
      "input");
}

}  // namespace
}  // namespace tritlab
