#include "kernels/softmax_cross_entropy.h"

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"
#include "kernels/reference/softmax_cross_entropy.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

std::vector<int32_t> RandomLabels(int64_t count, int64_t classes) {
  const RandomStream random(77);
  std::vector<int32_t> labels(count);
  for (int64_t n = 0; n < count; ++n) {
    labels[n] = static_cast<int32_t>(random.Below(n, classes));
  }
  return labels;
}

TEST(SoftmaxCrossEntropy, AgreesWithTheReference) {
  for (DataType type : {DataType::kF32, DataType::kBF16}) {
    for (int64_t classes : {1, 2, 10, 17, 1000}) {
      for (int64_t batch : {1, 5, 128}) {
        for (float smoothing : {0.0f, 0.1f}) {
          const std::vector<float> logits =
              RandomValues(batch * classes, type, classes + batch);
          const std::vector<int32_t> labels = RandomLabels(batch, classes);
          const TypedArray typed(type, logits);
          TypedArray gradient(type, logits.size());
          const LossResult result =
              SoftmaxCrossEntropy(type, classes, typed.data(), labels, batch,
                                  smoothing, gradient.data());
          std::vector<float> expected(logits.size());
          const double loss = reference::SoftmaxCrossEntropy<float>(
              classes, logits, labels, batch, smoothing, expected);
          EXPECT_NEAR(result.loss_sum, loss, 1e-5 * batch);
          ExpectClose(gradient.Floats(), expected, type, "gradient");
          // Evaluation asks for no gradient and gets the same loss.
          const LossResult without = SoftmaxCrossEntropy(
              type, classes, typed.data(), labels, batch, smoothing, nullptr);
          EXPECT_EQ(without.loss_sum, result.loss_sum);
          EXPECT_EQ(without.correct, result.correct);
        }
      }
    }
  }
}

// The reference's gradient is the derivative of the mean of its losses.
TEST(SoftmaxCrossEntropy, GradientIsThatOfFiniteDifferences) {
  const std::vector<int32_t> labels = {3, 0, 6};
  for (double smoothing : {0.0, 0.1}) {
    std::vector<double> logits =
        Doubles(RandomValues(3 * 7, DataType::kF32, 5));
    std::vector<double> gradient(logits.size()), unused(logits.size());
    reference::SoftmaxCrossEntropy<double>(7, logits, labels, 3, smoothing,
                                           gradient);
    ExpectGradient(
        logits, gradient,
        [&] {
          return reference::SoftmaxCrossEntropy<double>(7, logits, labels, 3,
                                                        smoothing, unused) /
                 3;
        },
        "logits");
  }
}

// A loss that counts less in a sum sends less back, and is itself the same.
TEST(SoftmaxCrossEntropy, AWeightScalesTheGradientAlone) {
  const std::vector<float> logits = RandomValues(4 * 5, DataType::kF32, 3);
  const std::vector<int32_t> labels = RandomLabels(4, 5);
  std::vector<float> whole(logits.size()), part(logits.size());
  const LossResult one = SoftmaxCrossEntropy(DataType::kF32, 5, logits.data(),
                                             labels, 4, 0.1f, whole.data());
  const LossResult other = SoftmaxCrossEntropy(
      DataType::kF32, 5, logits.data(), labels, 4, 0.1f, part.data(), 0.3f);
  EXPECT_EQ(other.loss_sum, one.loss_sum);
  EXPECT_EQ(other.correct, one.correct);
  for (size_t i = 0; i < whole.size(); ++i)
    EXPECT_FLOAT_EQ(part[i], 0.3f * whole[i]);
}

// The last batch of an evaluation is padded: the rest must count nothing.
TEST(SoftmaxCrossEntropy, ImagesBeyondCountDoNotCount) {
  const std::vector<float> logits = {0, 1, 2, 5, 4, 3, NAN, NAN, NAN};
  const std::vector<int32_t> labels = {2, 0, 0};
  std::vector<float> gradient(9, NAN), first_two(6);
  const LossResult result = SoftmaxCrossEntropy(
      DataType::kF32, 3, logits.data(), labels, 2, 0, gradient.data());
  EXPECT_EQ(result.correct, 2);
  EXPECT_TRUE(std::isfinite(result.loss_sum));
  SoftmaxCrossEntropy(DataType::kF32, 3, logits.data(),
                      std::span(labels).first(2), 2, 0, first_two.data());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(gradient[i], first_two[i]);
  for (int i = 6; i < 9; ++i) EXPECT_EQ(gradient[i], 0);
}

TEST(SoftmaxCrossEntropy, TiesGoToTheFirst) {
  const std::vector<float> logits = {1, 3, 3, 0, 0, 0};
  const auto correct = [&](std::vector<int32_t> labels) {
    return SoftmaxCrossEntropy(DataType::kF32, 3, logits.data(), labels, 2, 0,
                               nullptr)
        .correct;
  };
  EXPECT_EQ(correct({1, 0}), 2);
  EXPECT_EQ(correct({2, 1}), 0);
  EXPECT_EQ(correct({1, 2}), 1);
}

TEST(SoftmaxCrossEntropy, LargeLogitsDoNotOverflow) {
  const std::vector<float> logits = {10000, -10000, 0};
  const std::vector<int32_t> labels = {1};
  std::vector<float> gradient(3);
  const LossResult result = SoftmaxCrossEntropy(
      DataType::kF32, 3, logits.data(), labels, 1, 0, gradient.data());
  EXPECT_NEAR(result.loss_sum, 20000, 1e-9);
  EXPECT_EQ(gradient, (std::vector<float>{1, -1, 0}));
}

// Results must not depend on the machine's number of cores.
TEST(SoftmaxCrossEntropy, SameBitsForAnyNumberOfThreads) {
  constexpr int64_t kBatch = 301;
  const std::vector<float> logits =
      RandomValues(kBatch * 10, DataType::kF32, 1);
  const std::vector<int32_t> labels = RandomLabels(kBatch, 10);
  const int threads = Threads();
  std::vector<LossResult> results;
  std::vector<std::vector<float>> gradients;
  for (int count : {1, 2, 3, 5}) {
    SetThreads(count);
    gradients.emplace_back(logits.size());
    results.push_back(SoftmaxCrossEntropy(DataType::kF32, 10, logits.data(),
                                          labels, kBatch, 0.1f,
                                          gradients.back().data()));
  }
  SetThreads(threads);
  for (size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i].loss_sum, results[0].loss_sum);
    EXPECT_EQ(results[i].correct, results[0].correct);
    EXPECT_EQ(gradients[i], gradients[0]);
  }
}

}  // namespace
}  // namespace tritlab
