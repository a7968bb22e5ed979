#include "training/quantized_operator.h"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "quant/clipped_activations.h"

namespace tritlab {
namespace {

// More than two chunks, and no whole number of them.
constexpr int64_t kElements = 10007;

std::vector<float> RandomValues(int64_t count, uint64_t seed) {
  std::vector<float> values(count);
  RandomStream(seed).FillNormal(0, 1, values);
  return values;
}

// Values of a type, as the program stores them.
Buffer Stored(const std::vector<float>& values, DataType type) {
  Buffer stored(values.size() * SizeOf(type));
  FromFloat(values.data(), static_cast<int64_t>(values.size()), type,
            stored.data());
  return stored;
}
std::vector<float> Floats(const Buffer& stored, int64_t count, DataType type) {
  std::vector<float> values(count);
  ToFloat(type, stored.data(), count, values.data());
  return values;
}
std::vector<float> Rounded(const std::vector<float>& values, DataType type) {
  return Floats(Stored(values, type), static_cast<int64_t>(values.size()),
                type);
}

TEST(QuantizedOperatorTest, AnActivationStepIsItsQuantizerOnEveryElement) {
  PactSpec spec;
  spec.set_bits(4);
  spec.set_initial_clip(0.8f);
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    auto quantizer = *ClippedActivations::Create(spec);
    const auto step = MakeActivationStep(type, kElements, *quantizer);
    const std::vector<float> values = Rounded(RandomValues(kElements, 1), type);
    const std::vector<float> gradient =
        Rounded(RandomValues(kElements, 2), type);

    std::vector<float> quantized(kElements), grad_values(kElements);
    quantizer->Quantize(values, quantized);
    const double grad_alpha =
        quantizer->Backward(values, gradient, grad_values);

    const Buffer input = Stored(values, type);
    Buffer output(kElements * SizeOf(type));
    step->Forward({.inputs = {input.data()}, .output = output.data()});
    EXPECT_EQ(Floats(output, kElements, type), Rounded(quantized, type));

    Buffer in_place = Stored(gradient, type);
    step->Backward({.inputs = {input.data()},
                    .output = output.data(),
                    .grad_outputs = {in_place.data()},
                    .grad_input = in_place.data()});
    EXPECT_EQ(Floats(in_place, kElements, type), grad_values);
    EXPECT_NEAR(quantizer->parameters()[0].gradient, grad_alpha, 1e-3);
  }
}

size_t Distinct(const std::vector<float>& values) {
  return std::set<float>(values.begin(), values.end()).size();
}

// What activation_quantizer.h says that bf16 leaves of the levels.
TEST(QuantizedOperatorTest, Bf16KeepsActivationsApartUpTo7BitsOfPact) {
  const auto levels = [](ActivationQuantizer& quantizer, float clip,
                         DataType type) {
    std::vector<float> ramp(kElements);
    for (int64_t i = 0; i < kElements; ++i)
      ramp[i] = clip * static_cast<float>(i) / (kElements - 1);
    const Buffer input = Stored(ramp, type);
    Buffer output(kElements * SizeOf(type));
    MakeActivationStep(type, kElements, quantizer)
        ->Forward({.inputs = {input.data()}, .output = output.data()});
    return Distinct(Floats(output, kElements, type));
  };
  const auto of_pact = [&](int bits, DataType type) {
    PactSpec spec;
    spec.set_bits(bits);
    return levels(**ClippedActivations::Create(spec), kDefaultInitialClip,
                  type);
  };
  DorefaActivationSpec dorefa;
  dorefa.set_bits(8);
  EXPECT_EQ(levels(**ClippedActivations::Create(dorefa), 1, DataType::kBF16),
            256u);
  EXPECT_EQ(of_pact(7, DataType::kBF16), 128u);
  EXPECT_EQ(of_pact(8, DataType::kBF16), 235u);
  EXPECT_EQ(of_pact(8, DataType::kF32), 256u);
}

// Keeps the gradient that it is given.
class Listener : public Operator {
 public:
  Listener(DataType type, std::vector<float>& heard)
      : type_(type), heard_(heard) {}
  void Forward(const ForwardTensors&) override {}
  void Backward(const BackwardTensors& tensors) override {
    ToFloat(type_, tensors.grad_outputs[0], static_cast<int64_t>(heard_.size()),
            heard_.data());
  }

 private:
  const DataType type_;
  std::vector<float>& heard_;
};

TEST(QuantizedOperatorTest, ALayerReceivesItsGradientQuantizedImageByImage) {
  const Shape shape{.batch = 3, .height = 7, .width = 2, .channels = 5};
  DorefaGradientSpec spec;
  spec.set_bits(4);
  auto quantizer = *DorefaGradients::Create(spec, {});
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    std::vector<float> heard(shape.size());
    const auto layer = WithQuantizedGradient(
        std::make_unique<Listener>(type, heard), type, shape, *quantizer);
    std::vector<float> gradient = Rounded(RandomValues(shape.size(), 3), type);
    const Buffer stored = Stored(gradient, type);
    layer->BackwardWeights({.grad_outputs = {stored.data()}});
    layer->Backward({.grad_outputs = {stored.data()}});
    const int64_t of_image = shape.image_size();
    for (int64_t image = 0; image < shape.batch; ++image) {
      const std::span<float> part(gradient.data() + image * of_image,
                                  static_cast<size_t>(of_image));
      quantizer->Quantize(image, part, part);
    }
    EXPECT_EQ(heard, Rounded(gradient, type));
    // What others read must not change.
    EXPECT_EQ(Floats(stored, shape.size(), type),
              Rounded(RandomValues(shape.size(), 3), type));
  }
}

// What dorefa_gradients.h says that bf16 leaves of the levels.
TEST(QuantizedOperatorTest, Bf16KeepsGradientsApartUpTo8Bits) {
  const Shape shape{.batch = 1, .height = 1, .width = 1, .channels = kElements};
  std::vector<float> ramp(kElements);
  for (int64_t i = 0; i < kElements; ++i)
    ramp[i] = 3 * static_cast<float>(i) / (kElements - 1) - 1.5f;
  const auto levels = [&](int bits, DataType type) {
    DorefaGradientSpec spec;
    spec.set_bits(bits);
    auto quantizer = *DorefaGradients::Create(spec, {});
    std::vector<float> heard(kElements);
    const auto layer = WithQuantizedGradient(
        std::make_unique<Listener>(type, heard), type, shape, *quantizer);
    const Buffer stored = Stored(ramp, type);
    layer->BackwardWeights({.grad_outputs = {stored.data()}});
    layer->Backward({.grad_outputs = {stored.data()}});
    return Distinct(heard);
  };
  EXPECT_EQ(levels(8, DataType::kBF16), 256u);
  EXPECT_LT(levels(9, DataType::kBF16), 500u);
  EXPECT_EQ(levels(9, DataType::kF32), 512u);
}

}  // namespace
}  // namespace tritlab
