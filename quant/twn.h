// Ternary Weight Networks: F. Li, B. Zhang, B. Liu, 2016 (arXiv:1605.04711).
//
// With Delta = 0.7 mean|w| of the layer (equation 6), and alpha the mean of |w|
// over |w| > Delta (equation 5),
//
//          alpha   where w >  Delta
//   q(w) = 0       where |w| <= Delta
//         -alpha   where w < -Delta
//
// Latent weights receive the gradient of q unchanged. These are the paper's
// first two versions; the third has 0.75 and one alpha a filter.
#ifndef TRITLAB_QUANT_TWN_H_
#define TRITLAB_QUANT_TWN_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class TwnQuantizer : public WeightQuantizer {
 public:
  // The paper's, where the spec sets none.
  static constexpr double kDefaultThresholdFactor = 0.7;

  // InvalidArgument, naming the field, unless 0 <= threshold_factor < 10.
  static absl::StatusOr<std::unique_ptr<TwnQuantizer>> Create(
      const TwnSpec& spec);

  std::string name() const override { return "twn"; }
  absl::Status Initialize(std::span<const float> latent) override;
  void Quantize(std::span<const float> latent,
                std::span<float> quantized) override;
  void Backward(std::span<const float> latent,
                std::span<const float> grad_quantized,
                std::span<float> grad_latent) override;

  struct Scale {
    float threshold = 0;  // Delta
    float alpha = 0;      // 0 where no weight exceeds Delta
  };
  Scale ScaleOf(std::span<const float> latent) const;

  std::optional<CodedWeights> Encode(
      std::span<const float> latent) const override;
  std::map<std::string, double> Describe(
      std::span<const float> latent) const override;

 private:
  explicit TwnQuantizer(const TwnSpec& spec) : spec_(spec) {}

  const TwnSpec spec_;
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_TWN_H_
