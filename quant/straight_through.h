// The gradient of methods that round: the derivative of rounding is 0 almost
// everywhere, and is taken to be 1 (Bengio et al. 2013, arXiv:1308.3432).
#ifndef TRITLAB_QUANT_STRAIGHT_THROUGH_H_
#define TRITLAB_QUANT_STRAIGHT_THROUGH_H_

#include <algorithm>
#include <span>

namespace tritlab {

// grad_latent = grad_quantized; the two may be the same memory.
inline void StraightThrough(std::span<const float> grad_quantized,
                            std::span<float> grad_latent) {
  if (grad_latent.data() == grad_quantized.data()) return;
  std::copy(grad_quantized.begin(), grad_quantized.end(), grad_latent.begin());
}

}  // namespace tritlab

#endif  // TRITLAB_QUANT_STRAIGHT_THROUGH_H_
