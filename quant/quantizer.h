// What a layer's weights may be: the one interface of all methods.
//
// A layer's weights come as spans of floats, output channel outermost; a
// quantizer knows nothing of tensors, layers or the library that multiplies.
// One object serves one layer and keeps what the method learns for it.
#ifndef TRITLAB_QUANT_QUANTIZER_H_
#define TRITLAB_QUANT_QUANTIZER_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tritlab {

// A learned scalar of a quantizer; the optimizer updates it beside the weights.
struct QuantizerParameter {
  std::string name;  // "w_p"
  float value = 0;
  float gradient = 0;
};

// Quantized weights as small integers, and what they stand for: weight i is
// codebook[codes[i]].
struct CodedWeights {
  std::vector<uint8_t> codes;
  std::vector<float> codebook;
  int bits = 0;  // of one packed code: 2^bits >= codebook.size()
};

// Maps the latent weights of one layer to the values that it computes with.
class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;

  // "ttq", "twn", ...
  virtual std::string name() const = 0;

  // Sets what is learned from the weights that training starts with. Called
  // once, before anything else; not when parameters() are restored from a
  // checkpoint.
  virtual void Initialize(std::span<const float> latent) = 0;

  // quantized[i] = q(latent)[i]; both have the layer's length.
  virtual void Quantize(std::span<const float> latent,
                        std::span<float> quantized) = 0;

  // After Quantize of the same latent weights: dL/dlatent from dL/dquantized.
  // grad_latent may be grad_quantized itself. Sets the gradients of
  // parameters().
  virtual void Backward(std::span<const float> latent,
                        std::span<const float> grad_quantized,
                        std::span<float> grad_latent) = 0;

  // TTQ: W_p and W_n. Values and gradients are the optimizer's to read and
  // write.
  virtual std::span<QuantizerParameter> parameters() { return {}; }

  // The final codes and their codebook.
  virtual CodedWeights Encode(std::span<const float> latent) const = 0;

  // What a report says of the layer: learned values, thresholds.
  virtual std::map<std::string, double> Describe(
      std::span<const float> latent) const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_QUANTIZER_H_
