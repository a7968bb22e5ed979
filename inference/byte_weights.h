// A layer's weights as signed bytes.
#ifndef TRITLAB_INFERENCE_BYTE_WEIGHTS_H_
#define TRITLAB_INFERENCE_BYTE_WEIGHTS_H_

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quant/quantizer.h"

namespace tritlab {

// Weight i is values[i] * scales[output channel of i], plus the same of `more`
// where that is not empty, up to `error`.
struct ByteWeights {
  std::vector<int8_t> values;
  std::vector<float> scales;  // one an output channel
  std::vector<int8_t> more_values = {};
  std::vector<float> more_scales = {};
  // The largest |weight - what stands for it| of a channel, as a share of the
  // channel's largest magnitude: 0 where bytes are exact.
  double error = 0;
};

// The largest error of a channel that is rounded to 127 steps of its largest
// magnitude, or to fewer where that is nearer.
inline constexpr double kMostRounding = 1.0 / 254;

// Weights in full precision: each channel's largest magnitude becomes 127.
// Error at most kMostRounding.
ByteWeights BytesOfValues(std::span<const float> weights, int64_t outputs);

// The two values of a ternary layer that have no common measure (TTQ's) become
// multiples of one, whichever 64 to 127 of it for the larger leave the least
// error: what BytesOfCodes makes of a channel with both of them, for products
// that take codes. Weights of other values are left alone. Returns the error,
// as ByteWeights::error; nothing where a channel holds the smaller one alone
// and would be off by more than kMostRounding: only bytes, channel by channel,
// hold such a layer.
std::optional<double> RoundToCommonMeasure(CodedWeights& coded,
                                           int64_t outputs);

// Codes: exact in channels whose weights are multiples, up to 128, of the
// smallest one among them, as with TWN, BWN, DoReFa-Net and INQ. -128 is a byte
// and 128 is none: a channel that has more of the latter is negated; where both
// occur (NeedsTwoProducts), 127 stands for the rarer, and `error` says so.
// Else, as for TTQ, whose two scales have no common measure, the largest value
// becomes 64 to 127, whichever leaves the least error: at most kMostRounding,
// mostly a tenth of that.
ByteWeights BytesOfCodes(const CodedWeights& coded, int64_t outputs);

// How many times as large the bytes of a channel could be, by the largest
// magnitude among them, at least 1: biases are rounded to parts of the weights'
// scale that are as much smaller, the integers that an int8 format has them as.
// Up to 64, so that two products with unsigned bytes still fit into the 16 bits
// that processors without VNNI add them in.
int64_t Headroom(int64_t largest);
// With room for the products beside it in 32 bits.
inline constexpr float kMostBiasSteps = 1 << 30;
// What a channel's bias is rounded to a multiple of: a part of the scale that
// BytesOfValues or BytesOfCodes gives the channel.
struct BiasStep {
  float scale = 0;  // without its sign; 0, all weights being 0: not rounded
  float parts = 1;  // the headroom

  // The step where the channel is scaled by `factor` as well and reads steps of
  // `input_step`: in f32 as an int8 export has it, or another integer would be
  // the nearest of a few biases.
  float Of(float input_step, float factor) const {
    return input_step * (std::abs(scale * factor) / parts);
  }
};
std::vector<BiasStep> BiasSteps(std::span<const float> weights,
                                int64_t outputs);
std::vector<BiasStep> BiasSteps(const CodedWeights& coded, int64_t outputs);

// Whether a channel holds 128 and -128 times its smallest magnitude (INQ with 5
// bits, where a channel has both ends of the levels), so that bytes of one
// product would clip what those of two (ExactBytesOfCodes) hold.
bool NeedsTwoProducts(const CodedWeights& coded, int64_t outputs);
// False when no codes of this codebook do.
bool MayNeedTwoProducts(std::span<const float> codebook);

// The same without an error, as two products where one is not enough: the
// positive and the negative weights of a ternary layer, each with its scale;
// or 64 and 64 for 128, so that the powers of two of INQ with 5 bits are 16
// different bytes and pack into 4 bits (kernels/integer/packed_byte_array.h).
// Channels of more values without a common measure are as in BytesOfCodes.
ByteWeights ExactBytesOfCodes(const CodedWeights& coded, int64_t outputs);

// The least that clips nothing: two products, both with a channel's one scale,
// where NeedsTwoProducts, else one. What the program computes with and an int8
// export holds.
ByteWeights UnclippedBytesOfCodes(const CodedWeights& coded, int64_t outputs);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_WEIGHTS_H_
