#include "training/quantized_operator.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace tritlab {
namespace {

// Elements that are quantized at a time: they stay in the cache from one
// conversion to the other, and sums over them are added in their order, so that
// results do not depend on the number of threads.
constexpr int64_t kChunk = 4096;
using Chunk = std::array<float, kChunk>;

const void* At(DataType type, const void* data, int64_t element) {
  return static_cast<const char*>(data) + element * SizeOf(type);
}
void* At(DataType type, void* data, int64_t element) {
  return static_cast<char*>(data) + element * SizeOf(type);
}

// `count` values at `data` as floats: themselves, or converted into `chunk`.
std::span<const float> ReadFloats(DataType type, const void* data,
                                  int64_t count, Chunk& chunk) {
  const auto n = static_cast<size_t>(count);
  if (type == DataType::kF32) return {static_cast<const float*>(data), n};
  ToFloat(type, data, count, chunk.data());
  return {chunk.data(), n};
}

// Where to write `count` floats that are to become values at `data`.
std::span<float> FloatsFor(DataType type, void* data, int64_t count,
                           Chunk& chunk) {
  const auto n = static_cast<size_t>(count);
  if (type == DataType::kF32) return {static_cast<float*>(data), n};
  return {chunk.data(), n};
}
void Convert(std::span<const float> written, DataType type, void* data) {
  if (type == DataType::kF32) return;
  FromFloat(written.data(), static_cast<int64_t>(written.size()), type, data);
}

class ActivationStep : public Operator {
 public:
  ActivationStep(DataType type, int64_t elements,
                 ActivationQuantizer& quantizer)
      : type_(type),
        elements_(elements),
        quantizer_(quantizer),
        sums_((elements + kChunk - 1) / kChunk) {}

  void Forward(const ForwardTensors& tensors) override {
#pragma omp parallel for schedule(static)
    for (size_t c = 0; c < sums_.size(); ++c) {
      const auto [begin, count] = ChunkOf(c);
      Chunk in, out;
      const std::span<const float> values =
          ReadFloats(type_, At(type_, tensors.inputs[0], begin), count, in);
      void* const target = At(type_, tensors.output, begin);
      const std::span<float> quantized = FloatsFor(type_, target, count, out);
      quantizer_.Quantize(values, quantized);
      Convert(quantized, type_, target);
    }
  }
  void Backward(const BackwardTensors& tensors) override {
#pragma omp parallel for schedule(static)
    for (size_t c = 0; c < sums_.size(); ++c) {
      const auto [begin, count] = ChunkOf(c);
      Chunk in, grad_in, out;
      const std::span<const float> values =
          ReadFloats(type_, At(type_, tensors.inputs[0], begin), count, in);
      const std::span<const float> grad_quantized = ReadFloats(
          type_, At(type_, tensors.grad_outputs[0], begin), count, grad_in);
      void* const target = At(type_, tensors.grad_input, begin);
      const std::span<float> grad_values = FloatsFor(type_, target, count, out);
      sums_[c] = quantizer_.Backward(values, grad_quantized, grad_values);
      Convert(grad_values, type_, target);
    }
    double sum = 0;
    for (const double of_chunk : sums_) sum += of_chunk;
    for (QuantizerParameter& parameter : quantizer_.parameters())
      parameter.gradient = static_cast<float>(sum);
  }
  bool needs_grad_input() const override { return true; }
  bool in_place_backward() const override { return true; }

 private:
  std::pair<int64_t, int64_t> ChunkOf(size_t c) const {
    const int64_t begin = static_cast<int64_t>(c) * kChunk;
    return {begin, std::min(kChunk, elements_ - begin)};
  }

  const DataType type_;
  const int64_t elements_;
  ActivationQuantizer& quantizer_;
  std::vector<double> sums_;  // [chunk], of the parameter's gradient
};

class QuantizedGradientLayer : public Operator {
 public:
  QuantizedGradientLayer(std::unique_ptr<Operator> layer, DataType type,
                         const Shape& output, const DorefaGradients& quantizer)
      : layer_(std::move(layer)),
        type_(type),
        output_(output),
        quantizer_(quantizer) {}

  void LoadWeights() override { layer_->LoadWeights(); }
  void Forward(const ForwardTensors& tensors) override {
    layer_->Forward(tensors);
  }
  void BackwardWeights(const BackwardTensors& tensors) override {
    if (quantized_.bytes() == 0)
      quantized_ = Buffer(output_.size() * SizeOf(type_));
    const int64_t of_image = output_.image_size();
#pragma omp parallel
    {
      std::vector<float> image(of_image);
#pragma omp for schedule(static)
      for (int64_t i = 0; i < output_.batch; ++i) {
        const int64_t begin = i * of_image;
        ToFloat(type_, At(type_, tensors.grad_outputs[0], begin), of_image,
                image.data());
        quantizer_.Quantize(i, image, image);
        FromFloat(image.data(), of_image, type_,
                  At(type_, quantized_.data(), begin));
      }
    }
    layer_->BackwardWeights(WithQuantized(tensors));
  }
  void Backward(const BackwardTensors& tensors) override {
    layer_->Backward(WithQuantized(tensors));
  }
  bool needs_output() const override { return layer_->needs_output(); }
  bool needs_grad_input() const override { return layer_->needs_grad_input(); }

 private:
  BackwardTensors WithQuantized(BackwardTensors tensors) const {
    tensors.grad_outputs[0] = quantized_.data();
    return tensors;
  }

  const std::unique_ptr<Operator> layer_;
  const DataType type_;
  const Shape output_;
  const DorefaGradients& quantizer_;
  Buffer quantized_;  // taken by the first backward pass
};

}  // namespace

std::unique_ptr<Operator> MakeActivationStep(DataType type, int64_t elements,
                                             ActivationQuantizer& quantizer) {
  return std::make_unique<ActivationStep>(type, elements, quantizer);
}

std::unique_ptr<Operator> WithQuantizedGradient(
    std::unique_ptr<Operator> layer, DataType type, const Shape& output,
    const DorefaGradients& quantizer) {
  return std::make_unique<QuantizedGradientLayer>(std::move(layer), type,
                                                  output, quantizer);
}

}  // namespace tritlab
