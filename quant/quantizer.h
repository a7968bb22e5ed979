// What a layer's weights may be: the one interface of all methods.
//
// A layer's weights come as spans of floats, output channel outermost; a
// quantizer knows nothing of tensors, layers or the library that multiplies.
// One object serves one layer and keeps what the method learns for it.
#ifndef TRITLAB_QUANT_QUANTIZER_H_
#define TRITLAB_QUANT_QUANTIZER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tritlab {

// A learned scalar of a quantizer; the optimizer updates it beside the weights.
struct QuantizerParameter {
  std::string name;  // "w_p"
  float value = 0;
  float gradient = 0;
  bool decays = false;  // whether weight decay applies to it
  // An update does not take it below.
  float least = -std::numeric_limits<float>::infinity();
};

// What a quantizer remembers beside its parameters, as a checkpoint keeps it.
struct QuantizerState {
  std::string name;  // "frozen"
  std::span<float> values;
};

// Quantized weights as small integers, and what they stand for: weight i is
// codebook[codes[i]], times the scale of its output channel where there are
// such.
struct CodedWeights {
  std::vector<uint8_t> codes;
  std::vector<float> codebook;
  int bits = 0;  // of one packed code: 2^bits >= codebook.size()
  std::vector<float> channel_scales = {};  // empty: 1 everywhere

  float value(size_t i) const {
    const float of_code = codebook[codes[i]];
    if (channel_scales.empty()) return of_code;
    return of_code * channel_scales[i * channel_scales.size() / codes.size()];
  }
};

// Maps the latent weights of one layer to the values that it computes with.
class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;

  // "ttq", "twn", ...
  virtual std::string name() const = 0;

  // Sets what is learned or remembered from the weights that training starts
  // with. Called before anything else, and before a checkpoint restores
  // parameters() and state(). InvalidArgument when a weight is no finite
  // number.
  virtual absl::Status Initialize(std::span<const float> latent) = 0;

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
  // INQ: which weights are frozen.
  virtual std::vector<QuantizerState> state() { return {}; }
  // After state() was set from outside: DataLoss, saying which part of it, when
  // this method cannot have come to it.
  virtual absl::Status CheckState() const { return absl::OkStatus(); }

  // How many stages a phase of training under this method has, and what the
  // method changes at the beginning of each (0, 1, ...). INQ: freezes the next
  // portion of the latent weights at their quantized values. InvalidArgument
  // when a weight is no finite number.
  virtual int stages() const { return 1; }
  virtual absl::Status BeginStage(int stage, std::span<float> latent) {
    static_cast<void>(stage);
    static_cast<void>(latent);
    return absl::OkStatus();
  }
  // Which latent weights the optimizer must leave as they are: 1 at these, 0
  // at the others; empty when there are none.
  virtual std::span<const float> frozen() const { return {}; }

  // The final codes and their codebook; nothing where the values are no small
  // set.
  virtual std::optional<CodedWeights> Encode(
      std::span<const float> latent) const = 0;

  // What a report says of the layer: learned values, thresholds.
  virtual std::map<std::string, double> Describe(
      std::span<const float> latent) const = 0;
};

// A layer, as far as its quantizers must know it.
struct QuantizedLayer {
  std::string name = {};
  int64_t outputs = 1;       // output channels
  uint64_t seed = 1;         // of the methods that draw random numbers
  bool reads_image = false;  // what it reads is the image, or holds it
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_QUANTIZER_H_
