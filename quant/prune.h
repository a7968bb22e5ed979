// Magnitude pruning: S. Han, J. Pool, J. Tran, W. J. Dally, NIPS 2015
// (arXiv:1506.02626): the layer's smallest weights become 0 when the phase
// begins and stay so; the others are trained on in full precision. A later
// INQ phase with keep_zeros quantizes what is left.
#ifndef TRITLAB_QUANT_PRUNE_H_
#define TRITLAB_QUANT_PRUNE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class PruneQuantizer : public WeightQuantizer {
 public:
  // InvalidArgument, naming the field, unless sparsity is set and 0 <= sparsity
  // < 1.
  static absl::StatusOr<std::unique_ptr<PruneQuantizer>> Create(
      const PruneSpec& spec);

  std::string name() const override { return "prune"; }
  absl::Status Initialize(std::span<const float> latent) override;
  void Quantize(std::span<const float> latent,
                std::span<float> quantized) override;
  void Backward(std::span<const float> latent,
                std::span<const float> grad_quantized,
                std::span<float> grad_latent) override;
  // The pruned weights.
  std::vector<QuantizerState> state() override { return {{"frozen", frozen_}}; }
  absl::Status BeginStage(int stage, std::span<float> latent) override;
  std::span<const float> frozen() const override { return frozen_; }
  // Nothing: what is not 0 is any number.
  std::optional<CodedWeights> Encode(
      std::span<const float> latent) const override;
  std::map<std::string, double> Describe(
      std::span<const float> latent) const override;

 private:
  explicit PruneQuantizer(const PruneSpec& spec) : spec_(spec) {}

  const PruneSpec spec_;
  std::vector<float> frozen_;  // 1 at pruned weights, else 0
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_PRUNE_H_
