// INQ's values (quant/power_of_two.h) imposed on all weights of a layer at
// once, from the first step on: what INQ's incremental way is judged against.
// Latent weights are re-trained straight through the rounding; the values are
// chosen from the weights that the phase begins with, as INQ does. In a phase
// of 0 epochs nothing is re-trained.
#ifndef TRITLAB_QUANT_GLOBAL_H_
#define TRITLAB_QUANT_GLOBAL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/power_of_two.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class GlobalQuantizer : public WeightQuantizer {
 public:
  // InvalidArgument, naming the field, unless bits is 2 to 8.
  static absl::StatusOr<std::unique_ptr<GlobalQuantizer>> Create(
      const GlobalSpec& spec);

  std::string name() const override { return "global"; }
  absl::Status Initialize(std::span<const float> latent) override;
  void Quantize(std::span<const float> latent,
                std::span<float> quantized) override;
  void Backward(std::span<const float> latent,
                std::span<const float> grad_quantized,
                std::span<float> grad_latent) override;
  // The exponents n1 and n2.
  std::vector<QuantizerState> state() override { return {levels_.state()}; }
  absl::Status CheckState() const override { return levels_.Check(); }
  std::optional<CodedWeights> Encode(
      std::span<const float> latent) const override;
  std::map<std::string, double> Describe(
      std::span<const float> latent) const override;

 private:
  explicit GlobalQuantizer(const GlobalSpec& spec) : levels_(spec.bits()) {}

  KeptLevels levels_;
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_GLOBAL_H_
