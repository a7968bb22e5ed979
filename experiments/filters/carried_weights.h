// Quantized weights that a layer has from elsewhere, as a quantizer.
#ifndef TRITLAB_EXPERIMENTS_FILTERS_CARRIED_WEIGHTS_H_
#define TRITLAB_EXPERIMENTS_FILTERS_CARRIED_WEIGHTS_H_

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "quant/quantizer.h"

namespace tritlab {

// Gives the same values whatever the latent weights are; they are not for
// training. Goes by the name of the method that they are from.
class CarriedWeights : public WeightQuantizer {
 public:
  struct Contents {
    std::string method;
    std::vector<float> values;
    std::optional<CodedWeights> codes;  // of the values, where they have some
    std::map<std::string, double> described;
  };
  explicit CarriedWeights(Contents contents) : contents_(std::move(contents)) {}

  std::string name() const override { return contents_.method; }
  absl::Status Initialize(std::span<const float>) override {
    return absl::OkStatus();
  }
  void Quantize(std::span<const float>, std::span<float> quantized) override {
    std::copy(contents_.values.begin(), contents_.values.end(),
              quantized.begin());
  }
  void Backward(std::span<const float>, std::span<const float>,
                std::span<float> grad_latent) override {
    std::fill(grad_latent.begin(), grad_latent.end(), 0.0f);
  }
  std::optional<CodedWeights> Encode(std::span<const float>) const override {
    return contents_.codes;
  }
  std::map<std::string, double> Describe(
      std::span<const float>) const override {
    return contents_.described;
  }

 private:
  const Contents contents_;
};

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_FILTERS_CARRIED_WEIGHTS_H_
