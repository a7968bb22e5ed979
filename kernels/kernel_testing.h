// What the kernels' tests share: reproducible values, arrays of either type,
// and how close a fast result must come to the reference.
#ifndef TRITLAB_KERNELS_KERNEL_TESTING_H_
#define TRITLAB_KERNELS_KERNEL_TESTING_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "kernels/tensor.h"

namespace tritlab {

// An array of `type`, for kernels that take void pointers.
class TypedArray {
 public:
  // Filled with NaN, so that what a kernel fails to write shows up.
  TypedArray(DataType type, int64_t count)
      : TypedArray(type, std::vector<float>(count, NAN)) {}
  TypedArray(DataType type, std::span<const float> values)
      : type_(type), count_(values.size()), buffer_(count_ * SizeOf(type)) {
    FromFloat(values.data(), count_, type_, buffer_.data());
  }

  void* data() { return buffer_.data(); }
  const void* data() const { return buffer_.data(); }

  std::vector<float> Floats() const {
    std::vector<float> values(count_);
    ToFloat(type_, buffer_.data(), count_, values.data());
    return values;
  }
  std::vector<uint8_t> Bytes() const {
    const auto* bytes = static_cast<const uint8_t*>(buffer_.data());
    return {bytes, bytes + buffer_.bytes()};
  }

 private:
  DataType type_;
  int64_t count_;
  Buffer buffer_;
};

// Uniform in [-1, 1) and rounded to `type`, so that the reference computes with
// the same numbers as the kernel.
inline std::vector<float> RandomValues(int64_t count, DataType type,
                                       uint64_t seed) {
  std::vector<float> values(count);
  RandomStream(seed).FillUniform(-1, 1, values);
  return TypedArray(type, values).Floats();
}

// The same values, for references that compute in double.
inline std::vector<double> Doubles(std::span<const float> values) {
  return std::vector<double>(values.begin(), values.end());
}

// Passes if each value is within rounding of the expected one: f32 sums in
// another order differ by a few 2^-24 of the terms, for which the largest
// expected value stands; storing as bf16, which has 8 significant bits, moves a
// value by up to 2^-9 of itself, and twice that is allowed, for each of
// `roundings`.
inline void ExpectClose(const std::vector<float>& actual,
                        const std::vector<float>& expected, DataType stored_as,
                        const std::string& what, int roundings = 1) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  float largest = 0;
  for (float value : expected) largest = std::max(largest, std::abs(value));
  const float relative = stored_as == DataType::kBF16 ? 1.0f / 256 : 2e-6f;
  for (size_t i = 0; i < actual.size(); ++i) {
    const float allowed =
        relative * (std::abs(expected[i]) + (roundings - 1) * largest) +
        1e-5f * largest + 1e-6f;
    // Written so that NaN fails.
    ASSERT_TRUE(std::abs(actual[i] - expected[i]) <= allowed)
        << what << "[" << i << "] is " << actual[i] << ", expected "
        << expected[i] << " within " << allowed;
  }
}

// Checks an analytic gradient by central differences in double. `loss` is a
// function of the vector `variables`, which is changed and restored. Looks at
// up to 40 variables, spread evenly.
template <typename Loss>
void ExpectGradient(std::vector<double>& variables,
                    const std::vector<double>& gradient, Loss loss,
                    const std::string& what) {
  ASSERT_EQ(variables.size(), gradient.size()) << what;
  constexpr double kStep = 1e-5;
  const size_t stride = variables.size() / 40 + 1;
  for (size_t i = 0; i < variables.size(); i += stride) {
    const double value = variables[i];
    variables[i] = value + kStep;
    const double above = loss();
    variables[i] = value - kStep;
    const double below = loss();
    variables[i] = value;
    const double difference = (above - below) / (2 * kStep);
    ASSERT_NEAR(gradient[i], difference, 1e-6 + 1e-6 * std::abs(difference))
        << what << "[" << i << "]";
  }
}

// Sum of a[i] * b[i]; both have one length. A loss with known gradients.
inline double DotProduct(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_KERNEL_TESTING_H_
