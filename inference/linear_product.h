// The product of a linear layer whose weights stay packed in memory: 2 bits
// each where they are ternary, 4 or 5 where they are powers of two.
//
//   result[m][o] = scales[o] * sums[m][o] + more_scales[o] * more_sums[m][o]
//
// The second term is there where positive and negative weights have scales of
// their own (TTQ). Sums are exact, and so are the weights that they stand for.
#ifndef TRITLAB_INFERENCE_LINEAR_PRODUCT_H_
#define TRITLAB_INFERENCE_LINEAR_PRODUCT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/integer/integer_shape.h"
#include "quant/quantizer.h"

namespace tritlab {

class LinearProduct {
 public:
  // Whether weights of these values have one: they are ternary, or 0 and powers
  // of two up to 128 times the smallest.
  static bool Has(std::span<const float> codebook);
  // codes: [outputs][inputs]; moved here, ternary ones take no memory beside
  // the product's. Null when their codebook has none. reference: plain loops.
  // As TernaryLinear and PowerOfTwoLinear say of shapes.
  static absl::StatusOr<std::unique_ptr<LinearProduct>> Create(
      CodedWeights codes, const IntegerLinearShape& shape, bool reference);
  virtual ~LinearProduct() = default;

  // input: u8, [batch][inputs]. Both sums: s32, [batch][outputs]; more_sums is
  // left alone where there is one term. One call at a time.
  virtual void Multiply(int64_t batch, const uint8_t* input, int32_t* sums,
                        int32_t* more_sums) = 0;
  // What the weights take in memory.
  virtual int64_t weight_bytes() const = 0;

  const std::vector<float>& scales() const { return scales_; }
  // Empty where there is one term.
  const std::vector<float>& more_scales() const { return more_scales_; }

 protected:
  std::vector<float> scales_, more_scales_;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_LINEAR_PRODUCT_H_
