// The values that INQ allows in one layer: 0 and powers of two. A. Zhou, A.
// Yao, Y. Guo, L. Xu, Y. Chen, ICLR 2017 (arXiv:1702.03044), equations 1 to 4.
//
// With s = max|W| of the layer and b bits,
//
//   n1 = floor(log2(4 s / 3)),   n2 = n1 + 1 - 2^(b-1) / 2
//   P = {-2^n1, ..., -2^n2, 0, 2^n2, ..., 2^n1}
//
// With neighbouring magnitudes alpha < beta of P (alpha may be 0), a weight W
// becomes beta sgn(W) where (alpha + beta) / 2 <= |W| < 3 beta / 2, and 0 below
// the smallest. A magnitude beyond 3/2 * 2^n1, which re-training may reach,
// becomes 2^n1.
#ifndef TRITLAB_QUANT_POWER_OF_TWO_H_
#define TRITLAB_QUANT_POWER_OF_TWO_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "quant/quantizer.h"

namespace tritlab {

// InvalidArgument, naming the field behind `method`, unless bits is 2 to 8.
absl::Status CheckPowerOfTwoBits(const char* method, int bits);

class PowerOfTwoLevels {
 public:
  // Of a layer whose largest magnitude is `largest`, finite; when that is 0,
  // all there is is 0. Levels that no float can hold are left out.
  PowerOfTwoLevels(float largest, int bits);
  // The levels of exponents n1 and n2, as kept in a checkpoint.
  PowerOfTwoLevels(int largest_exponent, int smallest_exponent, int bits)
      : n1_(largest_exponent), n2_(smallest_exponent), bits_(bits) {}

  bool only_zero() const { return n2_ > n1_; }
  int largest_exponent() const { return n1_; }
  int smallest_exponent() const { return n2_; }

  // The value of P that `weight` becomes; NaN stays NaN.
  float Round(float weight) const;

  // The codes of weights, each rounded: 0 is zero, then 2^n1 down to 2^n2, then
  // their negatives.
  CodedWeights Encode(std::span<const float> weights) const;

 private:
  // The exponent of the magnitude that |weight| becomes; below n2_ for zero.
  int Exponent(float weight) const;

  int n1_, n2_;
  int bits_;
};

// The levels that a layer has been given, as quantizers keep and checkpoint
// them: floats.
class KeptLevels {
 public:
  explicit KeptLevels(int bits) : bits_(bits) {}

  // Chooses them from the weights that a phase begins with.
  void Choose(std::span<const float> weights);
  PowerOfTwoLevels levels() const {
    return PowerOfTwoLevels(static_cast<int>(exponents_[0]),
                            static_cast<int>(exponents_[1]), bits_);
  }
  void Round(std::span<const float> weights, std::span<float> rounded) const;

  // For checkpoints: n1 and n2.
  QuantizerState state() { return {"exponents", exponents_}; }
  // DataLoss unless state() holds exponents of at most `bits` of levels.
  absl::Status Check() const;
  // For reports.
  std::map<std::string, double> Describe() const {
    return {{"n1", exponents_[0]}, {"n2", exponents_[1]}};
  }

 private:
  const int bits_;
  float exponents_[2] = {0, 1};  // n1, n2: 0 alone
};

}  // namespace tritlab

#endif  // TRITLAB_QUANT_POWER_OF_TWO_H_
