// Binary-Weight-Networks: M. Rastegari, V. Ordonez, J. Redmon, A. Farhadi, ECCV
// 2016 (arXiv:1603.05279), section 3.1.
//
//   q(w) = alpha sgn(w),   alpha = mean|w| of the output channel
//
// (equations 5 and 6; sgn(0) = 1). With n weights a channel and g = dL/dq,
// latent weights receive what the paper's section 3.1 gives,
//
//   dL/dw = g (1 / n + alpha 1{|w| <= 1})
//
// in which the dependence of alpha on the channel's other weights is left out.
#ifndef TRITLAB_QUANT_BWN_H_
#define TRITLAB_QUANT_BWN_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class BwnQuantizer : public WeightQuantizer {
 public:
  // InvalidArgument when the layer has no output channels.
  static absl::StatusOr<std::unique_ptr<BwnQuantizer>> Create(
      const BwnSpec& spec, const QuantizedLayer& layer);

  std::string name() const override { return "bwn"; }
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
  explicit BwnQuantizer(int64_t outputs) : outputs_(outputs) {}
  float Alpha(std::span<const float> channel) const;

  const int64_t outputs_;
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_BWN_H_
