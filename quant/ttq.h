// Trained Ternary Quantization: C. Zhu, S. Han, H. Mao, W. J. Dally, ICLR 2017
// (arXiv:1612.01064).
//
// With the latent weights w of one layer, normalized by their largest
// magnitude, and the threshold t, the layer computes with (the paper's
// equations 6 and 9; Delta = t * max|w| says the same of weights not
// normalized)
//
//          W_p   where w >  Delta
//   q(w) =  0    where |w| <= Delta
//         -W_n   where w < -Delta
//
// W_p and W_n are learned (equation 7), with g = dL/dq:
//
//   dL/dW_p =  sum of g over w > Delta
//   dL/dW_n = -sum of g over w < -Delta
//
// The paper prints the second without its sign; q contains -W_n, and finite
// differences (ttq_test) say that the sign belongs there. Latent weights
// receive (equation 8)
//
//   dL/dw = W_p * g,  1 * g,  W_n * g   where w > Delta, |w| <= Delta, w <
//   -Delta
//
// the learning-rate multipliers, which TtqSpec can leave out on either side.
//
// With a constant sparsity r, Delta is instead the magnitude that r of the
// layer's weights do not exceed. Of several weights of just that magnitude the
// first ones become zero, so many that no more than r are (as prune.h has it),
// but for weights that are 0 themselves. With a mean factor f, Delta = f *
// mean|w|.
#ifndef TRITLAB_QUANT_TTQ_H_
#define TRITLAB_QUANT_TTQ_H_

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class TtqQuantizer : public WeightQuantizer {
 public:
  // The paper's t, where the spec sets no threshold.
  static constexpr float kDefaultThresholdFactor = 0.05f;

  // InvalidArgument, naming the field, unless 0 <= threshold_factor < 1, 0 <=
  // sparsity < 1 and 0 <= mean_factor < 10.
  static absl::StatusOr<std::unique_ptr<TtqQuantizer>> Create(
      const TtqSpec& spec);

  std::string name() const override { return "ttq"; }
  absl::Status Initialize(std::span<const float> latent) override;
  void Quantize(std::span<const float> latent,
                std::span<float> quantized) override;
  void Backward(std::span<const float> latent,
                std::span<const float> grad_quantized,
                std::span<float> grad_latent) override;
  std::span<QuantizerParameter> parameters() override { return scales_; }
  std::optional<CodedWeights> Encode(
      std::span<const float> latent) const override;
  std::map<std::string, double> Describe(
      std::span<const float> latent) const override;

  // The magnitude Delta up to which weights become zero.
  float Threshold(std::span<const float> latent) const;

 private:
  // Which weights become zero: up to `ties_end` those of magnitudes up to
  // `threshold`, from there on those of smaller ones.
  struct Cut {
    float threshold = 0;
    size_t ties_end = 0;
  };

  explicit TtqQuantizer(const TtqSpec& spec) : spec_(spec) {}
  size_t ZerosOf(size_t weights) const;  // with a constant sparsity
  Cut CutOf(std::span<const float> latent) const;
  // Calls visit(begin, end, threshold) for ranges of weights that become zero
  // up to `threshold`, all of them together.
  template <typename Visit>
  static void ForEachRange(const Cut& cut, size_t weights, Visit visit);

  const TtqSpec spec_;
  std::array<QuantizerParameter, 2> scales_ = {{{"w_p", 1}, {"w_n", 1}}};
  Cut cut_;  // of the weights quantized last
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_TTQ_H_
