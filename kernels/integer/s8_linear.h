// A linear layer with weights of signed bytes, over oneDNN where its sums are
// exact, else by widened_product.h.
//
//   sums[m][o] = sum_i input[m][i] * weights[o][i]
//
// input: u8, [batch][inputs]. sums: s32, [batch][outputs], exact.
#ifndef TRITLAB_KERNELS_INTEGER_S8_LINEAR_H_
#define TRITLAB_KERNELS_INTEGER_S8_LINEAR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/integer/integer_shape.h"

namespace tritlab {

class S8Linear {
 public:
  // weights: [outputs][inputs].
  static absl::StatusOr<std::unique_ptr<S8Linear>> Create(
      int64_t batch, const IntegerLinearShape& shape,
      std::span<const int8_t> weights);
  virtual ~S8Linear() = default;

  virtual void Multiply(const uint8_t* input, int32_t* sums) = 0;

  // What the weights take in memory.
  virtual int64_t weight_bytes() const = 0;
  // Which code runs it.
  virtual std::string Implementations() const = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_S8_LINEAR_H_
