// Activations clipped to [0, clip] and rounded to 2^bits - 1 equal steps. Two
// methods are the same but for where the clip comes from:
//
// DoReFa-Net (S. Zhou et al. 2016, arXiv:1606.06160, section 2.5): clip = 1.
//
// PACT (J. Choi et al. 2018, arXiv:1805.06085): clip = alpha, learned.
//   y = clip(x, 0, alpha)                                     (equation 1)
//   q = round(y (2^k - 1) / alpha) alpha / (2^k - 1)          (equation 2)
//   dq/dalpha = 1 where x >= alpha, else 0                    (equation 3)
// alpha is regularized with the weights' decay, and kept at kLeastClip or
// above, which the paper does not say: at 0 all values are 0 / 0, below it one
// negative number, and no gradient leads back.
//
// Gradients pass the rounding unchanged, and the clip where 0 < x < clip; at
// the ends of that interval they are 0, as behind a ReLU.
#ifndef TRITLAB_QUANT_CLIPPED_ACTIVATIONS_H_
#define TRITLAB_QUANT_CLIPPED_ACTIVATIONS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "quant/activation_quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

// The smallest alpha: values between are so close to 0 that a layer which gets
// there is worth nothing, but they are finite, and alpha may grow again.
inline constexpr float kLeastClip = 1e-3f;

// PACT's alpha to begin with, where the spec sets none.
inline constexpr float kDefaultInitialClip = 6;

class ClippedActivations : public ActivationQuantizer {
 public:
  // InvalidArgument, naming the field, unless bits is 1 to 8.
  static absl::StatusOr<std::unique_ptr<ClippedActivations>> Create(
      const DorefaActivationSpec& spec);
  // InvalidArgument also when initial_clip is below kLeastClip or no finite
  // number.
  static absl::StatusOr<std::unique_ptr<ClippedActivations>> Create(
      const PactSpec& spec);

  int bits() const override { return bits_; }
  float step() const override { return clip_.value / steps(); }
  void Quantize(std::span<const float> values,
                std::span<float> quantized) const override;
  double Backward(std::span<const float> values,
                  std::span<const float> grad_quantized,
                  std::span<float> grad_values) const override;
  std::span<QuantizerParameter> parameters() override {
    return {&clip_, learned_ ? size_t{1} : size_t{0}};
  }

 private:
  ClippedActivations(int bits, float clip, bool learned)
      : bits_(bits),
        learned_(learned),
        clip_{.name = "alpha",
              .value = clip,
              .decays = true,
              .least = kLeastClip} {}
  float steps() const { return static_cast<float>((1 << bits_) - 1); }

  const int bits_;
  const bool learned_;
  QuantizerParameter clip_;
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_CLIPPED_ACTIVATIONS_H_
