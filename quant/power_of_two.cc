#include "quant/power_of_two.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/strings/str_format.h"
#include "quant/statistics.h"

namespace tritlab {
namespace {

// Of a float, denormal ones included.
constexpr int kSmallestExponent = -149, kLargestExponent = 127;

constexpr int kSmallestNormalExponent = -126;

// floor(log2(4/3 magnitude)), exactly: 4/3 m reaches the next power of two
// where m's fraction reaches 1.5. Of a finite magnitude above 0.
int RoundedExponent(float magnitude) {
  const auto bits = std::bit_cast<uint32_t>(magnitude);
  constexpr uint32_t kHalfFraction = 1u << 22;
  if (magnitude >= std::numeric_limits<float>::min())
    return static_cast<int>((bits + kHalfFraction) >> 23) - 127;
  // Denormal ones have no exponent of their own.
  int exponent;
  const float fraction = std::frexp(magnitude, &exponent);  // in [0.5, 1)
  return fraction >= 0.75f ? exponent : exponent - 1;
}

float PowerOfTwo(int exponent) {
  return exponent >= kSmallestNormalExponent
             ? std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23)
             : std::ldexp(1.0f, exponent);
}

}  // namespace

absl::Status CheckPowerOfTwoBits(const char* method, int bits) {
  if (bits >= 2 && bits <= 8) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s.bits is %d; it must be 2 to 8", method, bits));
}

PowerOfTwoLevels::PowerOfTwoLevels(float largest, int bits)
    : n1_(0), n2_(1), bits_(bits) {
  if (largest == 0) return;
  n1_ =
      std::clamp(RoundedExponent(largest), kSmallestExponent, kLargestExponent);
  n2_ = std::max(n1_ + 1 - (1 << (bits - 1)) / 2, kSmallestExponent);
}

int PowerOfTwoLevels::Exponent(float weight) const {
  const float magnitude = std::abs(weight);
  if (only_zero() || magnitude == 0) return n2_ - 1;
  if (!std::isfinite(magnitude)) return n1_;
  const int exponent = RoundedExponent(magnitude);
  // The interval of the smallest level begins at half of it, not at 3/4: its
  // neighbour alpha is 0.
  if (exponent == n2_ - 1 && magnitude >= PowerOfTwo(n2_ - 1)) return n2_;
  return std::clamp(exponent, n2_ - 1, n1_);
}

float PowerOfTwoLevels::Round(float weight) const {
  if (std::isnan(weight)) return weight;
  const int exponent = Exponent(weight);
  return exponent < n2_ ? 0.0f : std::copysign(PowerOfTwo(exponent), weight);
}

void KeptLevels::Choose(std::span<const float> weights) {
  const PowerOfTwoLevels levels(LargestMagnitude(weights), bits_);
  exponents_[0] = static_cast<float>(levels.largest_exponent());
  exponents_[1] = static_cast<float>(levels.smallest_exponent());
}

void KeptLevels::Round(std::span<const float> weights,
                       std::span<float> rounded) const {
  const PowerOfTwoLevels levels = this->levels();
  std::transform(weights.begin(), weights.end(), rounded.begin(),
                 [&](float w) { return levels.Round(w); });
}

absl::Status KeptLevels::Check() const {
  const float n1 = exponents_[0], n2 = exponents_[1];
  if (n1 == std::floor(n1) && n1 >= kSmallestExponent &&
      n1 <= kLargestExponent && n2 == std::floor(n2) &&
      n2 >= kSmallestExponent && n2 <= n1 + 1 &&
      n1 - n2 < static_cast<float>(1 << (bits_ - 1)) / 2)
    return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat(
      "exponents of %g and %g are no levels of %d bits", n1, n2, bits_));
}

CodedWeights PowerOfTwoLevels::Encode(std::span<const float> weights) const {
  const int levels = n1_ - n2_ + 1;
  CodedWeights coded;
  coded.bits = bits_;
  coded.codebook.push_back(0);
  for (const float sign : {1.0f, -1.0f}) {
    for (int exponent = n1_; exponent >= n2_; --exponent)
      coded.codebook.push_back(sign * PowerOfTwo(exponent));
  }
  coded.codes.reserve(weights.size());
  for (const float weight : weights) {
    const int exponent = Exponent(weight);
    const int code = exponent < n2_ ? 0
                                    : 1 + (n1_ - exponent) +
                                          (std::signbit(weight) ? levels : 0);
    coded.codes.push_back(static_cast<uint8_t>(code));
  }
  return coded;
}

}  // namespace tritlab
