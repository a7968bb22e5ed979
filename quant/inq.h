// Incremental Network Quantization: A. Zhou, A. Yao, Y. Guo, L. Xu, Y. Chen,
// ICLR 2017 (arXiv:1702.03044), algorithm 1. quant/power_of_two.h has the
// values.
//
// The layer's values are chosen once, from s = max|W| of the weights that the
// phase begins with, where the paper's algorithm determines them in each of its
// iterations. With the largest magnitudes first the two agree: the largest
// weight is frozen first, at 2^n1, since 3/4 2^n1 <= s < 3/2 2^n1, and s = 2^n1
// gives n1 again; unless a weight that is re-trained grows to 3/2 2^n1 or more,
// which here becomes 2^n1 and there would raise both ends of the levels. With
// other partitions the largest weights may move before they are frozen.
//
// At the beginning of each stage, a further part of the layer's weights is
// rounded to them and frozen (the latent weights themselves change); the others
// stay in full precision and are re-trained, with the frozen ones masked out of
// the update. Which come first: the largest magnitudes among those not frozen
// yet, a random choice, or the smallest. Portions are shares of the layer's
// weights, accumulated, the last one 1: after the last stage every weight is 0
// or a power of two, and in it all of them are frozen, so that nothing but
// biases and batch normalization is trained there.
//
// Before the first stage the layer computes with all weights rounded at once:
// what its start is worth without INQ.
#ifndef TRITLAB_QUANT_INQ_H_
#define TRITLAB_QUANT_INQ_H_

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

class InqQuantizer : public WeightQuantizer {
 public:
  // InvalidArgument, naming the field, unless bits is 2 to 8 and the portions
  // ascend within (0, 1] to 1.
  static absl::StatusOr<std::unique_ptr<InqQuantizer>> Create(
      const InqSpec& spec, const QuantizedLayer& layer);

  std::string name() const override { return "inq"; }
  absl::Status Initialize(std::span<const float> latent) override;
  void Quantize(std::span<const float> latent,
                std::span<float> quantized) override;
  // The gradient itself; what becomes of frozen weights is for frozen() to say.
  void Backward(std::span<const float> latent,
                std::span<const float> grad_quantized,
                std::span<float> grad_latent) override;
  // The exponents n1 and n2, the stages begun, and the frozen weights.
  std::vector<QuantizerState> state() override;
  absl::Status CheckState() const override { return levels_.Check(); }

  int stages() const override { return spec_.portions_size(); }
  absl::Status BeginStage(int stage, std::span<float> latent) override;
  std::span<const float> frozen() const override { return frozen_; }

  std::optional<CodedWeights> Encode(
      std::span<const float> latent) const override;
  std::map<std::string, double> Describe(
      std::span<const float> latent) const override;

 private:
  InqQuantizer(const InqSpec& spec, const QuantizedLayer& layer)
      : spec_(spec), seed_(layer.seed), levels_(spec.bits()) {}

  const InqSpec spec_;
  const uint64_t seed_;
  KeptLevels levels_;
  float stages_begun_ = 0;     // a float, as checkpoints keep it
  std::vector<float> frozen_;  // 1 at frozen weights, else 0
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_INQ_H_
