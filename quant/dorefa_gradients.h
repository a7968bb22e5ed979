// DoReFa-Net's gradients: S. Zhou et al. 2016 (arXiv:1606.06160), equation 12.
//
//   f(dr) = 2 m (quantize_k(dr / (2 m) + 1/2 + N) - 1/2),   m = max|dr|
//
// with m over one image's gradient, quantize_k(r) = round((2^k - 1) r) / (2^k -
// 1), and N uniform in [-1/2, 1/2) / (2^k - 1), drawn anew for each value: the
// expectation of f(dr) is dr. The paper finds that gradients need the noise;
// weights and activations do not.
//
// A program in bf16 rounds f(dr) to 8 significant bits, without noise: the
// expectation is then dr to within dr / 256, and of the 2^k levels all stay
// apart up to k = 8. More bits keep apart small gradients alone.
#ifndef TRITLAB_QUANT_DOREFA_GRADIENTS_H_
#define TRITLAB_QUANT_DOREFA_GRADIENTS_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "quant/quantizer.h"
#include "quant/quantizer.pb.h"

namespace tritlab {

class DorefaGradients {
 public:
  // InvalidArgument, naming the field, unless bits is 2 to 16.
  static absl::StatusOr<std::unique_ptr<DorefaGradients>> Create(
      const DorefaGradientSpec& spec, const QuantizedLayer& layer);

  // The training step that the noise is drawn for: the same step draws the same
  // noise, also in a run that was stopped and resumed.
  void set_step(int64_t step) { step_ = step; }

  // quantized = f(gradient) of the batch's image `image`; may be the same
  // memory. May be called from several threads at once.
  void Quantize(int64_t image, std::span<const float> gradient,
                std::span<float> quantized) const;

 private:
  DorefaGradients(int bits, uint64_t seed)
      : steps_(static_cast<float>((1 << bits) - 1)), seed_(seed) {}

  const float steps_;  // 2^k - 1
  const uint64_t seed_;
  int64_t step_ = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_DOREFA_GRADIENTS_H_
