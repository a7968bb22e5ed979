#include "inference/byte_weights.h"

#include <algorithm>
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

// The weights of one channel in units of `unit`, and the error of that.
void StoreChannel(std::span<const float> weights, float unit, size_t channel,
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
  if (largest > 0) bytes.error = std::max<double>(bytes.error, error / largest);
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
  float nearest = largest / 127, least = INFINITY;
  for (int units = 127; units >= 64; --units) {
    const float unit = largest / static_cast<float>(units);
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

// The values that occur in a channel, without its scale.
std::vector<float> ValuesOf(const CodedWeights& coded, int64_t channel,
                            size_t n) {
  std::vector<bool> occurs(coded.codebook.size());
  for (size_t i = 0; i < n; ++i) occurs[coded.codes[channel * n + i]] = true;
  std::vector<float> values;
  for (size_t code = 0; code < occurs.size(); ++code) {
    if (occurs[code]) values.push_back(coded.codebook[code]);
  }
  return values;
}

// A channel's weights without its scale.
std::vector<float> ChannelOf(const CodedWeights& coded, int64_t channel,
                             size_t n) {
  std::vector<float> weights(n);
  for (size_t i = 0; i < n; ++i)
    weights[i] = coded.codebook[coded.codes[channel * n + i]];
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

}  // namespace

ByteWeights BytesOfValues(std::span<const float> weights, int64_t outputs) {
  ByteWeights bytes;
  bytes.values.resize(weights.size());
  bytes.scales.resize(outputs);
  const size_t n = weights.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const auto of_channel = weights.subspan(channel * n, n);
    const float largest = LargestMagnitude(of_channel);
    StoreChannel(of_channel, largest > 0 ? largest / 127 : 1, channel, bytes);
  }
  return bytes;
}

double RoundToCommonMeasure(CodedWeights& coded) {
  std::vector<float> values;
  for (const float value : coded.codebook) {
    if (value != 0) values.push_back(value);
  }
  if (values.size() != 2 || CommonMeasure(values) > 0) return 0;
  const float unit = NearestMeasure(values), largest = LargestMagnitude(values);
  float error = 0;
  for (float& value : coded.codebook) {
    const float rounded = std::round(value / unit) * unit;
    error = std::max(error, std::abs(value - rounded));
    value = rounded;
  }
  return error / largest;
}

ByteWeights BytesOfCodes(const CodedWeights& coded, int64_t outputs) {
  ByteWeights bytes;
  bytes.values.resize(coded.codes.size());
  bytes.scales.resize(outputs);
  const size_t n = coded.codes.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const std::vector<float> of_channel = ChannelOf(coded, channel, n);
    const std::vector<float> values = ValuesOf(coded, channel, n);
    StoreChannel(of_channel, UnitOf(values), channel, bytes);
    bytes.scales[channel] *= ChannelScale(coded, channel, outputs);
  }
  return bytes;
}

int64_t Headroom(int64_t largest) {
  return std::max<int64_t>(1, 64 / std::max<int64_t>(1, largest));
}

std::vector<float> BiasSteps(std::span<const float> weights, int64_t outputs) {
  std::vector<float> steps(outputs);
  const size_t n = weights.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel)
    steps[channel] = LargestMagnitude(weights.subspan(channel * n, n)) / 127;
  return steps;
}

std::vector<float> BiasSteps(const CodedWeights& coded, int64_t outputs) {
  std::vector<float> steps(outputs);
  const size_t n = coded.codes.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const std::vector<float> values = ValuesOf(coded, channel, n);
    const float unit = UnitOf(values);
    const long largest = std::lround(LargestMagnitude(values) / unit);
    if (largest == 0) continue;
    steps[channel] = unit * std::abs(ChannelScale(coded, channel, outputs)) /
                     static_cast<float>(Headroom(largest));
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
  const size_t n = coded.codes.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const std::vector<float> values = ValuesOf(coded, channel, n);
    const float unit = CommonMeasure(values);
    if (unit > 0 && CountOf(values, unit, 128) > 0 &&
        CountOf(values, unit, -128) > 0)
      return true;
  }
  return false;
}

ByteWeights ExactBytesOfCodes(const CodedWeights& coded, int64_t outputs) {
  ByteWeights bytes = BytesOfCodes(coded, outputs);
  if (bytes.error < 1e-6) return bytes;  // no more than f32 rounds
  ByteWeights exact = {.values = bytes.values, .scales = bytes.scales};
  exact.more_values.assign(coded.codes.size(), 0);
  exact.more_scales.assign(outputs, 0);
  const size_t n = coded.codes.size() / outputs;
  for (int64_t channel = 0; channel < outputs; ++channel) {
    const std::vector<float> of_channel = ChannelOf(coded, channel, n);
    const std::vector<float> values = ValuesOf(coded, channel, n);
    const float unit = CommonMeasure(values);
    const auto [smallest, largest] =
        std::minmax_element(values.begin(), values.end());
    const bool two_scales =
        unit == 0 && *smallest < 0 && *largest > 0 &&
        std::all_of(values.begin(), values.end(),
                    [lowest = *smallest, highest = *largest](float w) {
                      return w == 0 || w == lowest || w == highest;
                    });
    if (unit == 0 && !two_scales) exact.error = bytes.error;
    for (size_t i = 0; i < n; ++i) {
      const float w = of_channel[i];
      int8_t& value = exact.values[channel * n + i];
      int8_t& more = exact.more_values[channel * n + i];
      if (two_scales) {
        value = w > 0;
        more = w < 0;
      } else if (unit > 0) {
        const long whole = std::lround(w / unit);
        value = static_cast<int8_t>(whole == 128 ? 64 : whole);
        more = static_cast<int8_t>(whole - value);
      }
    }
    const float scale = ChannelScale(coded, channel, outputs);
    if (two_scales) {
      exact.scales[channel] = *largest * scale;
      exact.more_scales[channel] = *smallest * scale;
    } else if (unit > 0) {
      exact.scales[channel] = exact.more_scales[channel] = unit * scale;
    }
  }
  return exact;
}

ByteWeights UnclippedBytesOfCodes(const CodedWeights& coded, int64_t outputs) {
  return NeedsTwoProducts(coded, outputs) ? ExactBytesOfCodes(coded, outputs)
                                          : BytesOfCodes(coded, outputs);
}

}  // namespace tritlab
