// The fused passes, oneDNN's and what Create makes of both against the
// reference, and the reference against finite differences.
#include "kernels/batch_normalization.h"

#include <barrier>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/fused_batch_normalization.h"
#include "kernels/kernel_testing.h"
#include "kernels/onednn_batch_normalization.h"
#include "kernels/reference/batch_normalization.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

using ::testing::Combine;
using ::testing::Values;

enum class Tail { kNothing, kRelu, kAddRelu };
enum class Made { kFused, kByOneDnn };

struct Case {
  Case(const BatchNormalizationShape& shape, DataType type, Made made)
      : shape(shape),
        type(type),
        made(made),
        input(RandomValues(shape.input.size(), type, 1)),
        grad_output(RandomValues(shape.input.size(), type, 2)),
        grad_output_2(RandomValues(shape.input.size(), type, 8)),
        addend(RandomValues(shape.input.size(), type, 9)),
        scale(RandomValues(shape.input.channels, DataType::kF32, 3)),
        shift(RandomValues(shape.input.channels, DataType::kF32, 4)) {
    // Not around 0, where a one-pass variance would pass as well.
    const std::vector<float> offset =
        RandomValues(shape.input.channels, DataType::kF32, 5);
    for (size_t i = 0; i < input.size(); ++i) {
      input[i] += 3 * offset[i % offset.size()];
    }
    input = TypedArray(type, input).Floats();
  }

  int64_t channels() const { return shape.input.channels; }

  std::unique_ptr<BatchNormalization> Create() const {
    constexpr bool kTraining = true;
    auto created = made == Made::kFused
                       ? CreateFusedBatchNormalization(shape, type)
                       : CreateOneDnnBatchNormalization(shape, type, kTraining);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *std::move(created) : nullptr;
  }

  BatchNormalizationShape shape;
  DataType type;
  Made made;
  std::vector<float> input, grad_output, grad_output_2, addend, scale, shift;
};

// What a training step gives.
struct Step {
  explicit Step(const Case& c)
      : output(c.type, c.input.size()),
        grad_input(c.type, c.input.size()),
        grad_addend(c.type, c.input.size()),
        mean(c.channels(), NAN),
        variance(c.channels(), NAN),
        grad_scale(c.channels(), NAN),
        grad_shift(c.channels(), NAN) {}

  void Forward(const Case& c, BatchNormalization& layer) {
    const TypedArray input(c.type, c.input), addend(c.type, c.addend);
    layer.ForwardTraining(input.data(), c.shape.add ? addend.data() : nullptr,
                          c.scale, c.shift, output.data(), mean, variance);
  }
  // two: with an addition, whether the output has two consumers.
  void Backward(const Case& c, BatchNormalization& layer, bool two = false) {
    const TypedArray input(c.type, c.input), gradient(c.type, c.grad_output),
        gradient_2(c.type, c.grad_output_2);
    layer.Backward(input.data(), output.data(),
                   {.output = gradient.data(),
                    .output_2 = two ? gradient_2.data() : nullptr,
                    .input = grad_input.data(),
                    .addend = c.shape.add ? grad_addend.data() : nullptr},
                   c.scale, grad_scale, grad_shift);
  }

  TypedArray output, grad_input, grad_addend;
  std::vector<float> mean, variance, grad_scale, grad_shift;
};

class BatchNormalizationSweep
    : public testing::TestWithParam<std::tuple<Shape, Tail, DataType, Made>> {
 protected:
  Case MakeCase() const {
    const auto& [input, tail, type, made] = GetParam();
    return Case({.input = input,
                 .relu = tail != Tail::kNothing,
                 .add = tail == Tail::kAddRelu},
                type, made);
  }
};

TEST_P(BatchNormalizationSweep, TrainingAgreesWithTheReference) {
  Case c = MakeCase();
  const std::unique_ptr<BatchNormalization> layer = c.Create();
  ASSERT_NE(layer, nullptr);
  SCOPED_TRACE(layer->Implementations());
  Step step(c);
  step.Forward(c, *layer);
  std::vector<float> expected(c.input.size());
  std::vector<float> expected_mean(c.channels()),
      expected_variance(c.channels());
  reference::BatchNormalizationTraining<float>(c.shape, c.input, c.scale,
                                               c.shift, expected, expected_mean,
                                               expected_variance, c.addend);
  ExpectClose(step.mean, expected_mean, DataType::kF32, "mean");
  ExpectClose(step.variance, expected_variance, DataType::kF32, "variance");
  // oneDNN's normalization is stored before the addition.
  ExpectClose(step.output.Floats(), expected, c.type, "output",
              c.shape.add && c.made != Made::kFused ? 2 : 1);

  // The gradient is masked by where the kernel's own ReLU was open: elements
  // that round to one side here and to the other there get no gradient.
  if (c.shape.relu) {
    const double near = c.shape.add && c.type == DataType::kBF16 ? 0.02 : 1e-5;
    for (size_t i = 0; i < c.input.size(); ++i) {
      const int64_t channel = i % c.channels();
      const double before =
          c.scale[channel] * reference::Normalized(c.shape, c.input[i],
                                                   expected_mean[channel],
                                                   expected_variance[channel]) +
          c.shift[channel] + (c.shape.add ? c.addend[i] : 0);
      if (std::abs(before) < near) c.grad_output[i] = c.grad_output_2[i] = 0;
    }
  }
  for (const bool two : {false, true}) {
    if (two && !c.shape.add) continue;
    SCOPED_TRACE(two ? "two consumers" : "one consumer");
    std::vector<float> gradient = c.grad_output;
    for (size_t i = 0; two && i < gradient.size(); ++i)
      gradient[i] += c.grad_output_2[i];
    step.Backward(c, *layer, two);
    std::vector<float> expected_scale(c.channels()),
        expected_shift(c.channels()), expected_addend(c.input.size());
    reference::BatchNormalizationBackward<float>(
        c.shape, c.input, gradient, c.scale, c.shift, expected_mean,
        expected_variance, expected, expected_scale, expected_shift, c.addend,
        expected_addend);
    const int roundings = two ? 2 : 1;
    ExpectClose(step.grad_input.Floats(), expected, c.type, "grad_input",
                roundings);
    // A sum of gradients that was rounded when it was stored.
    const DataType sums = two ? c.type : DataType::kF32;
    ExpectClose(step.grad_scale, expected_scale, sums, "grad_scale", roundings);
    ExpectClose(step.grad_shift, expected_shift, sums, "grad_shift", roundings);
    if (!c.shape.add) continue;
    ExpectClose(step.grad_addend.Floats(), expected_addend, c.type,
                "grad_addend");
  }
}

// The header allows the gradient that is sent to take the place of one that was
// received.
TEST_P(BatchNormalizationSweep, BackwardWorksInPlace) {
  const Case c = MakeCase();
  const std::unique_ptr<BatchNormalization> layer = c.Create();
  ASSERT_NE(layer, nullptr);
  Step step(c), in_place(c);
  step.Forward(c, *layer);
  step.Backward(c, *layer, /*two=*/c.shape.add);
  const TypedArray input(c.type, c.input);
  TypedArray gradient(c.type, c.grad_output);
  TypedArray gradient_2(c.type, c.grad_output_2);
  if (c.shape.add) {
    layer->Backward(input.data(), step.output.data(),
                    {.output = gradient.data(),
                     .output_2 = gradient_2.data(),
                     .input = in_place.grad_input.data(),
                     .addend = gradient_2.data()},
                    c.scale, in_place.grad_scale, in_place.grad_shift);
    EXPECT_EQ(in_place.grad_input.Bytes(), step.grad_input.Bytes());
    EXPECT_EQ(gradient_2.Bytes(), step.grad_addend.Bytes());
  } else {
    layer->Backward(input.data(), step.output.data(),
                    {.output = gradient.data(), .input = gradient.data()},
                    c.scale, in_place.grad_scale, in_place.grad_shift);
    EXPECT_EQ(gradient.Bytes(), step.grad_input.Bytes());
  }
  EXPECT_EQ(in_place.grad_scale, step.grad_scale);
}

TEST_P(BatchNormalizationSweep, InferenceAgreesWithTheReference) {
  const Case c = MakeCase();
  const std::unique_ptr<BatchNormalization> layer = c.Create();
  ASSERT_NE(layer, nullptr);
  SCOPED_TRACE(layer->Implementations());
  const std::vector<float> mean = RandomValues(c.channels(), DataType::kF32, 6);
  std::vector<float> variance = RandomValues(c.channels(), DataType::kF32, 7);
  for (float& value : variance) value = 1.5f + value;
  const TypedArray input(c.type, c.input), addend(c.type, c.addend);
  TypedArray output(c.type, c.input.size());
  layer->ForwardInference(input.data(), c.shape.add ? addend.data() : nullptr,
                          c.scale, c.shift, mean, variance, output.data());
  std::vector<float> expected(c.input.size());
  reference::BatchNormalizationInference<float>(
      c.shape, c.input, c.scale, c.shift, mean, variance, expected, c.addend);
  ExpectClose(output.Floats(), expected, c.type, "output",
              c.shape.add && c.made != Made::kFused ? 2 : 1);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BatchNormalizationSweep,
    Combine(Values(Shape{1, 5, 3, 1}, Shape{5, 4, 4, 3}, Shape{2, 9, 7, 16},
                   Shape{5, 3, 5, 17}, Shape{4, 8, 8, 32}, Shape{3, 8, 8, 64},
                   Shape{8, 1, 1, 10}, Shape{5, 7, 7, 100},
                   // Many chunks, the last one short; one pixel wider than one.
                   Shape{3, 31, 29, 16}, Shape{33, 1, 1, 600}),
            Values(Tail::kNothing, Tail::kRelu, Tail::kAddRelu),
            Values(DataType::kF32, DataType::kBF16),
            Values(Made::kFused, Made::kByOneDnn)),
    [](const auto& info) {
      const Tail tail = std::get<1>(info.param);
      const Made made = std::get<3>(info.param);
      return absl::StrCat(ToString(std::get<0>(info.param)),
                          tail == Tail::kAddRelu ? "_add" : "",
                          tail == Tail::kNothing ? "_" : "_relu_",
                          Name(std::get<2>(info.param)),
                          made == Made::kFused ? "_fused" : "_onednn");
    });

// The reference's backward pass is the derivative of its forward pass, through
// mean and variance as well.
TEST(BatchNormalization, GradientsAreThoseOfFiniteDifferences) {
  for (const Tail tail : {Tail::kNothing, Tail::kRelu, Tail::kAddRelu}) {
    const Case c({.input = {3, 4, 2, 5},
                  .epsilon = 1e-3f,
                  .relu = tail != Tail::kNothing,
                  .add = tail == Tail::kAddRelu},
                 DataType::kF32, Made::kFused);
    std::vector<double> input = Doubles(c.input);
    std::vector<double> addend = Doubles(c.addend);
    std::vector<double> scale = Doubles(c.scale);
    std::vector<double> shift = Doubles(c.shift);
    const std::vector<double> grad_output = Doubles(c.grad_output);
    std::vector<double> output(input.size()), mean(5), variance(5);
    const auto loss = [&] {
      reference::BatchNormalizationTraining<double>(
          c.shape, input, scale, shift, output, mean, variance, addend);
      return DotProduct(output, grad_output);
    };
    loss();
    std::vector<double> grad_input(input.size()), grad_addend(input.size()),
        grad_scale(5), grad_shift(5);
    reference::BatchNormalizationBackward<double>(
        c.shape, input, grad_output, scale, shift, mean, variance, grad_input,
        grad_scale, grad_shift, addend, grad_addend);
    ExpectGradient(input, grad_input, loss, "input");
    ExpectGradient(scale, grad_scale, loss, "scale");
    ExpectGradient(shift, grad_shift, loss, "shift");
    if (c.shape.add) ExpectGradient(addend, grad_addend, loss, "addend");
  }
}

// As many threads as there are shares, which add up together.
class SharesInThreads {
 public:
  explicit SharesInThreads(int count) : count_(count), barrier_(count) {}

  BatchShares Of(int share) {
    return {count_, [this, share](std::span<double> sums) {
              terms_[share].assign(sums.begin(), sums.end());
              barrier_.arrive_and_wait();
              for (size_t i = 0; i < sums.size(); ++i) {
                sums[i] = 0;
                for (const auto& [of_share, terms] : terms_)
                  sums[i] += terms[i];
              }
              barrier_.arrive_and_wait();
            }};
  }

 private:
  const int count_;
  std::map<int, std::vector<double>> terms_ = {{0, {}}, {1, {}}, {2, {}}};
  std::barrier<> barrier_;
};

class SharedBatchNormalizationSweep
    : public testing::TestWithParam<std::tuple<Shape, Tail, DataType>> {};

// Three ranks that share a batch give what the reference says of the whole.
TEST_P(SharedBatchNormalizationSweep, SharesAgreeWithTheWholeBatch) {
  const auto& [input, tail, type] = GetParam();
  Case whole({.input = input,
              .relu = tail != Tail::kNothing,
              .add = tail == Tail::kAddRelu},
             type, Made::kFused);
  std::vector<float> output(whole.input.size()), mean(whole.channels()),
      variance(whole.channels());
  reference::BatchNormalizationTraining<float>(whole.shape, whole.input,
                                               whole.scale, whole.shift, output,
                                               mean, variance, whole.addend);
  // What rounds to one side of the ReLU here may be on the other there.
  for (size_t i = 0; whole.shape.relu && i < output.size(); ++i) {
    const int64_t c = static_cast<int64_t>(i) % whole.channels();
    const double before =
        whole.scale[c] * reference::Normalized(whole.shape, whole.input[i],
                                               mean[c], variance[c]) +
        whole.shift[c] + (whole.shape.add ? whole.addend[i] : 0);
    if (std::abs(before) < (type == DataType::kBF16 ? 0.02 : 1e-5))
      whole.grad_output[i] = 0;
  }

  constexpr int kShares = 3;
  SharesInThreads shares(kShares);
  std::vector<Case> cases;
  std::vector<Step> steps;
  for (int share = 0; share < kShares; ++share) {
    Case& c = cases.emplace_back(whole);
    c.shape.input.batch /= kShares;
    const int64_t size = c.shape.input.size();
    for (std::vector<float>* values :
         {&c.input, &c.addend, &c.grad_output, &c.grad_output_2}) {
      *values = {values->begin() + share * size,
                 values->begin() + (share + 1) * size};
    }
    steps.emplace_back(c);
  }
  std::vector<std::thread> threads;
  for (int share = 0; share < kShares; ++share) {
    threads.emplace_back([&, share] {
      const auto layer = CreateFusedBatchNormalization(cases[share].shape, type,
                                                       shares.Of(share));
      ASSERT_TRUE(layer.ok()) << layer.status();
      steps[share].Forward(cases[share], **layer);
      steps[share].Backward(cases[share], **layer);
    });
  }
  for (std::thread& thread : threads) thread.join();

  const auto all = [&](TypedArray Step::*part) {
    std::vector<float> joined;
    for (const Step& step : steps) {
      const std::vector<float> floats = (step.*part).Floats();
      joined.insert(joined.end(), floats.begin(), floats.end());
    }
    return joined;
  };
  const auto sum = [&](std::vector<float> Step::*part) {
    std::vector<float> total(whole.channels(), 0.0f);
    for (const Step& step : steps) {
      for (size_t c = 0; c < total.size(); ++c) total[c] += (step.*part)[c];
    }
    return total;
  };
  for (const Step& step : steps) {
    ExpectClose(step.mean, mean, DataType::kF32, "mean");
    ExpectClose(step.variance, variance, DataType::kF32, "variance");
  }
  ExpectClose(all(&Step::output), output, type, "output");
  std::vector<float> grad_input(output.size()), grad_addend(output.size()),
      grad_scale(whole.channels()), grad_shift(whole.channels());
  reference::BatchNormalizationBackward<float>(
      whole.shape, whole.input, whole.grad_output, whole.scale, whole.shift,
      mean, variance, grad_input, grad_scale, grad_shift, whole.addend,
      grad_addend);
  ExpectClose(all(&Step::grad_input), grad_input, type, "grad_input");
  // A share's are its own.
  ExpectClose(sum(&Step::grad_scale), grad_scale, DataType::kF32, "grad_scale");
  ExpectClose(sum(&Step::grad_shift), grad_shift, DataType::kF32, "grad_shift");
  if (whole.shape.add)
    ExpectClose(all(&Step::grad_addend), grad_addend, type, "grad_addend");
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, SharedBatchNormalizationSweep,
    Combine(Values(Shape{6, 1, 1, 5}, Shape{6, 7, 5, 16}, Shape{12, 16, 16, 33},
                   Shape{3, 31, 29, 16}),
            Values(Tail::kNothing, Tail::kRelu, Tail::kAddRelu),
            Values(DataType::kF32, DataType::kBF16)));

// A trainer evaluates between two steps with the object it trains with.
TEST(BatchNormalization, TrainingObjectInfersAndBackwardIsNotDisturbed) {
  for (const Made made : {Made::kFused, Made::kByOneDnn}) {
    const Case c({.input = {4, 6, 6, 16}, .relu = true}, DataType::kF32, made);
    const std::unique_ptr<BatchNormalization> layer = c.Create();
    ASSERT_NE(layer, nullptr);
    Step step(c), again(c);
    step.Forward(c, *layer);
    step.Backward(c, *layer);
    const std::vector<float> zeros(16, 0.0f), ones(16, 1.0f);
    layer->ForwardInference(c.input.data(), nullptr, c.scale, c.shift, zeros,
                            ones, step.output.data());
    again.Backward(c, *layer);
    EXPECT_EQ(step.grad_input.Bytes(), again.grad_input.Bytes());
  }
}

// Training must give the same bits again, from run to run; the fused passes
// with another number of threads as well.
TEST(BatchNormalization, TwoObjectsGiveTheSameBits) {
  const int threads = Threads();
  for (const Made made : {Made::kFused, Made::kByOneDnn}) {
    for (DataType type : {DataType::kF32, DataType::kBF16}) {
      const Case c({.input = {16, 16, 16, 16}, .relu = true}, type, made);
      Step first(c), second(c);
      for (Step* const step : {&first, &second}) {
        if (made == Made::kFused) SetThreads(step == &first ? 1 : 3);
        const std::unique_ptr<BatchNormalization> layer = c.Create();
        ASSERT_NE(layer, nullptr);
        step->Forward(c, *layer);
        step->Backward(c, *layer);
      }
      SetThreads(threads);
      EXPECT_EQ(first.output.Bytes(), second.output.Bytes());
      EXPECT_EQ(first.grad_input.Bytes(), second.grad_input.Bytes());
      EXPECT_EQ(first.mean, second.mean);
      EXPECT_EQ(first.grad_scale, second.grad_scale);
    }
  }
}

// A mean that is large beside the deviation must not cost the variance its
// digits, as the difference of two large sums would.
TEST(BatchNormalization, StatisticsFarFromZeroAreExact) {
  Case c({.input = {9, 20, 20, 16}, .relu = true}, DataType::kF32,
         Made::kFused);
  for (float& value : c.input) value += 10000;
  Step step(c);
  step.Forward(c, *c.Create());
  std::vector<float> output(c.input.size()), mean(16), variance(16);
  reference::BatchNormalizationTraining<float>(c.shape, c.input, c.scale,
                                               c.shift, output, mean, variance);
  ExpectClose(step.mean, mean, DataType::kF32, "mean");
  ExpectClose(step.variance, variance, DataType::kF32, "variance");
}

// A network that diverges should show it.
TEST(BatchNormalization, NanComesThrough) {
  Case c({.input = {2, 4, 4, 16}, .relu = true}, DataType::kF32, Made::kFused);
  c.input[5] = NAN;
  Step step(c);
  step.Forward(c, *c.Create());
  EXPECT_TRUE(std::isnan(step.mean[5]));
  EXPECT_TRUE(std::isnan(step.output.Floats()[5 + 16]));
}

TEST(BatchNormalizationShape, ValidateNamesTheFieldAtFault) {
  BatchNormalizationShape shape = {.input = {2, 3, 4, 5}};
  EXPECT_TRUE(shape.Validate().ok());
  for (float epsilon : {0.0f, -1e-5f, NAN, INFINITY}) {
    shape.epsilon = epsilon;
    const absl::Status status = shape.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find("epsilon"), std::string::npos);
  }
  shape.epsilon = 1e-5f;
  shape.add = true;
  EXPECT_NE(std::string(shape.Validate().message()).find("without relu"),
            std::string::npos);
  shape.add = false;
  shape.input.width = 0;
  const absl::Status status =
      BatchNormalization::Create(shape, DataType::kF32, true).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("input.width"),
            std::string::npos);
}

}  // namespace
}  // namespace tritlab
