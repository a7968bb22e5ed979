// DoReFa-Net: S. Zhou, Y. Wu, Z. Ni, X. Zhou, H. Wen, Y. Zou, 2016
// (arXiv:1606.06160): weights. quant/clipped_activations.h and
// quant/dorefa_gradients.h have the rest.
//
// With quantize_k(r) = round((2^k - 1) r) / (2^k - 1) (equation 5),
//
//   k = 1:  q(w) = sgn(w) mean|w| of the layer                     (equation 8)
//   k > 1:  q(w) = 2 quantize_k(tanh(w) / (2 max|tanh(w)|) + 1/2) - 1
//                                                                  (equation 9)
//
// Gradients pass the rounding, and sgn with its mean, unchanged (equations 6
// and 8); the tanh and its maximum are differentiated.
#ifndef TRITLAB_QUANT_DOREFA_H_
#define TRITLAB_QUANT_DOREFA_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class DorefaQuantizer : public WeightQuantizer {
 public:
  // InvalidArgument, naming the field, unless bits is 1 to 8.
  static absl::StatusOr<std::unique_ptr<DorefaQuantizer>> Create(
      const DorefaSpec& spec);

  std::string name() const override { return "dorefa"; }
  absl::Status Initialize(std::span<const float> latent) override;
  void Quantize(std::span<const float> latent,
                std::span<float> quantized) override;
  void Backward(std::span<const float> latent,
                std::span<const float> grad_quantized,
                std::span<float> grad_latent) override;
  std::optional<CodedWeights> Encode(
      std::span<const float> latent) const override;
  std::map<std::string, double> Describe(
      std::span<const float> latent) const override;

 private:
  explicit DorefaQuantizer(const DorefaSpec& spec)
      : bits_(spec.bits()), steps_((1 << spec.bits()) - 1) {}
  // The value of each of the 2^k levels, k > 1.
  float LevelValue(int level) const {
    return 2 * (static_cast<float>(level) / steps_) - 1;
  }
  // tanh(w) of all weights, and the largest magnitude among them.
  float Squash(std::span<const float> latent, std::span<float> squashed) const;
  int Level(float squashed, float largest) const;

  const int bits_;
  const float steps_;  // 2^k - 1
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_DOREFA_H_
