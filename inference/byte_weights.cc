#include "inference/byte_weights.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>

#include "quant/statistics.h"

namespace tritlab {
namespace {

// How many of the weights are `multiple` units.
int64_t CountOf(std::span<const float> weights, float unit, long multiple) {
  return std::count_if(weights.begin(), weights.end(), [=](float w) {
    return std::lround(w / unit) == multiple;
  });
}

// The weights of one channel in units of `unit`. Returns the error.
double StoreChannel(std::span<const float> weights, float unit, size_t channel,
                    ByteWeights& bytes) {
  const size_t n = weights.size();
  // 128 is clipped: the rarer of the two ends.
  const int64_t at_128 = CountOf(weights, unit, 128);
  if (at_128 > 0 && at_128 > CountOf(weights, unit, -128)) unit = -unit;
  bytes.scales[channel] = unit;
  float largest = 0, error = 0;
  for (size_t i = 0; i < n; ++i) {
    const long rounded =
        std::clamp(std::lround(weights[i] / unit), -128l, 127l);
    bytes.values[channel * n + i] = static_cast<int8_t>(rounded);
    largest = std::max(largest, std::abs(weights[i]));
    error = std::max(error,
                     std::abs(weights[i] - static_cast<float>(rounded) * unit));
  }
  return largest > 0 ? error / largest : 0;
}

// As long as there is one, a number that can be divided by.
float PartOf(float largest, int units) {
  return std::max(largest / static_cast<float>(units), FLT_MIN);
}

// The smallest magnitude among the values, if all are whole multiples of it up
// to 128; else 0.
float CommonMeasure(std::span<const float> values) {
  float smallest = INFINITY;
  for (const float value : values) {
    if (value != 0) smallest = std::min(smallest, std::abs(value));
  }
  if (!std::isfinite(smallest)) return 1;  // zeros only
  for (const float value : values) {
    const float multiple = std::abs(value) / smallest;
    if (multiple > 128.5f ||
        std::abs(multiple - std::round(multiple)) > 1e-5f * multiple)
      return 0;
  }
  return smallest;
}

// Of values without a common measure: the largest becomes 64 to 127 units,
// whichever leaves the least error. TTQ's two values often fit one of these 64
// fractions.
float NearestMeasure(std::span<const float> values) {
  const float largest = LargestMagnitude(values);
  float nearest = PartOf(largest, 127), least = INFINITY;
  for (int units = 127; units >= 64; --units) {
    const float unit = PartOf(largest, units);
    float error = 0;
    for (const float value : values)
      error =
          std::max(error, std::abs(value - std::round(value / unit) * unit));
    if (error < least) {
      least = error;
      nearest = unit;
    }
  }
  return nearest;
}

std::span<const uint8_t> ChannelCodes(const CodedWeights& coded,
                                      int64_t channel, int64_t outputs) {
  const size_t n = coded.codes.size() / outputs;
  return std::span(coded.codes).subspan(channel * n, n);
}

// The values that occur among codes, without their channel's scale.
std::vector<float> ValuesOf(const CodedWeights& coded,
                            std::span<const uint8_t> codes) {
  std::vector<bool> occurs(coded.codebook.size());
  for (const uint8_t code : codes) occurs[code] = true;
  std::vector<float> values;
  for (size_t code = 0; code < occurs.size(); ++code) {
    if (occurs[code]) values.push_back(coded.codebook[code]);
  }
  return values;
}

// The weights themselves, without it.
std::vector<float> WeightsOf(const CodedWeights& coded,
                             std::span<const uint8_t> codes) {
  std::vector<float> weights(codes.size());
  for (size_t i = 0; i < codes.size(); ++i)
    weights[i] = coded.codebook[codes[i]];
  return weights;
}

// What a channel's weights, which have these values, become multiples of.
float UnitOf(std::span<const float> values) {
  const float measure = CommonMeasure(values);
  return measure > 0 ? measure : NearestMeasure(values);
}

float ChannelScale(const CodedWeights& coded, int64_t channel,
                   int64_t outputs) {
  const auto scales = static_cast<int64_t>(coded.channel_scales.size());
  return scales == 0 ? 1 : coded.channel_scales[channel * scales / outputs];
}

// Whether they are 0, a positive and a negative one.
bool AreTernary(std::span<const float> values) {
  const auto [lowest, highest] =
      std::minmax_element(values.begin(), values.end());
  return *lowest < 0 && *highest > 0 &&
         std::all_of(values.begin(), values.end(),
                     [lowest = *lowest, highest = *highest](float value) {
                       return value == 0 || value == lowest || value == highest;
                     });
}

// Channel by channel: 64 and 64 for 128 steps; with two_scales, the positive
// and the negative weights where they have no common measure; else what one
// product holds.
ByteWeights TwoProducts(const CodedWeights& coded, int64_t outputs,
                        bool two_scales) {
  ByteWeights bytes;
  bytes.values.resize(coded.codes.size());
  bytes.more_values.resize(coded.codes.size());
  bytes.scales.resize(outputs);
  bytes.more_scales.resize(outputs);
  const size_t n = coded.codes.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const auto codes = ChannelCodes(coded, channel, outputs);
    const std::vector<float> values = ValuesOf(coded, codes);
    const std::vector<float> weights = WeightsOf(coded, codes);
    const float measure = CommonMeasure(values);
    int8_t* const value = &bytes.values[channel * n];
    int8_t* const more = &bytes.more_values[channel * n];
    float& scale = bytes.scales[channel];
    float& more_scale = bytes.more_scales[channel];
    if (measure > 0) {
      scale = more_scale = measure;
      for (size_t i = 0; i < n; ++i) {
        const long whole = std::lround(weights[i] / measure);
        value[i] = static_cast<int8_t>(whole == 128 ? 64 : whole);
        more[i] = static_cast<int8_t>(whole - value[i]);
      }
    } else if (two_scales && AreTernary(values)) {
      scale = *std::max_element(values.begin(), values.end());
      more_scale = *std::min_element(values.begin(), values.end());
      for (size_t i = 0; i < n; ++i) {
        value[i] = weights[i] > 0;
        more[i] = weights[i] < 0;
      }
    } else {
      bytes.error = std::max(
          bytes.error,
          StoreChannel(weights, NearestMeasure(values), channel, bytes));
      more_scale = scale;
    }
    const float of_channel = ChannelScale(coded, channel, outputs);
    scale *= of_channel;
    more_scale *= of_channel;
  }
  return bytes;
}

}  // namespace

ByteWeights BytesOfValues(std::span<const float> weights, int64_t outputs) {
  ByteWeights bytes;
  bytes.values.resize(weights.size());
  bytes.scales.resize(outputs);
  const size_t n = weights.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const auto of_channel = weights.subspan(channel * n, n);
    const float largest = LargestMagnitude(of_channel);
    bytes.error = std::max(
        bytes.error,
        StoreChannel(of_channel, largest > 0 ? PartOf(largest, 127) : 1,
                     channel, bytes));
  }
  return bytes;
}

std::optional<double> RoundToCommonMeasure(CodedWeights& coded,
                                           int64_t outputs) {
  const std::vector<float> values = ValuesOf(coded, coded.codes);
  const auto zeros = std::count(values.begin(), values.end(), 0.0f);
  if (values.size() != 2 + static_cast<size_t>(zeros) ||
      CommonMeasure(values) > 0)
    return 0;
  const float unit = NearestMeasure(values);
  const auto rounded = [unit](float value) {
    return std::round(value / unit) * unit;
  };
  double error = 0;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    float largest = 0, off = 0;
    for (const float value :
         ValuesOf(coded, ChannelCodes(coded, channel, outputs))) {
      largest = std::max(largest, std::abs(value));
      off = std::max(off, std::abs(value - rounded(value)));
    }
    if (largest > 0) error = std::max<double>(error, off / largest);
  }
  if (error > kMostRounding) return std::nullopt;
  for (float& value : coded.codebook) value = rounded(value);
  return error;
}

ByteWeights BytesOfCodes(const CodedWeights& coded, int64_t outputs) {
  ByteWeights bytes;
  bytes.values.resize(coded.codes.size());
  bytes.scales.resize(outputs);
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const auto codes = ChannelCodes(coded, channel, outputs);
    const float unit = UnitOf(ValuesOf(coded, codes));
    bytes.error = std::max(bytes.error, StoreChannel(WeightsOf(coded, codes),
                                                     unit, channel, bytes));
    bytes.scales[channel] *= ChannelScale(coded, channel, outputs);
  }
  return bytes;
}

int64_t Headroom(int64_t largest) {
  return std::max<int64_t>(1, 64 / std::max<int64_t>(1, largest));
}

std::vector<BiasStep> BiasSteps(std::span<const float> weights,
                                int64_t outputs) {
  std::vector<BiasStep> steps(outputs);
  const size_t n = weights.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    steps[channel].scale =
        LargestMagnitude(weights.subspan(channel * n, n)) / 127;
  }
  return steps;
}

std::vector<BiasStep> BiasSteps(const CodedWeights& coded, int64_t outputs) {
  std::vector<BiasStep> steps(outputs);
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const std::vector<float> values =
        ValuesOf(coded, ChannelCodes(coded, channel, outputs));
    const float unit = UnitOf(values);
    const long largest = std::lround(LargestMagnitude(values) / unit);
    if (largest == 0) continue;
    steps[channel] = {
        .scale = unit * std::abs(ChannelScale(coded, channel, outputs)),
        .parts = static_cast<float>(Headroom(largest))};
  }
  return steps;
}

bool MayNeedTwoProducts(std::span<const float> codebook) {
  float smallest = INFINITY, above = 0, below = 0;
  for (const float value : codebook) {
    if (value != 0) smallest = std::min(smallest, std::abs(value));
    above = std::max(above, value);
    below = std::max(below, -value);
  }
  return std::min(above, below) >= 127.5f * smallest;
}

bool NeedsTwoProducts(const CodedWeights& coded, int64_t outputs) {
  if (!MayNeedTwoProducts(coded.codebook)) return false;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const std::vector<float> values =
        ValuesOf(coded, ChannelCodes(coded, channel, outputs));
    const float unit = CommonMeasure(values);
    if (unit > 0 && CountOf(values, unit, 128) > 0 &&
        CountOf(values, unit, -128) > 0)
      return true;
  }
  return false;
}

ByteWeights ExactBytesOfCodes(const CodedWeights& coded, int64_t outputs) {
  ByteWeights one = BytesOfCodes(coded, outputs);
  if (one.error < 1e-6) return one;  // no more than f32 rounds
  return TwoProducts(coded, outputs, /*two_scales=*/true);
}

ByteWeights UnclippedBytesOfCodes(const CodedWeights& coded, int64_t outputs) {
  return NeedsTwoProducts(coded, outputs)
             ? TwoProducts(coded, outputs, /*two_scales=*/false)
             : BytesOfCodes(coded, outputs);
}

}  // namespace tritlab
