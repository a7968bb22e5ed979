#include "reports/filters.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/parameters.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

absl::Status CheckCodes(const CodedWeights& coded,
                        const FilterExtents& extents) {
  if (extents.filters < 1 || extents.kernel_height < 1 ||
      extents.kernel_width < 1 || extents.groups < 1 ||
      extents.inputs < extents.groups || extents.inputs % extents.groups != 0 ||
      extents.filters % extents.groups != 0) {
    return absl::InvalidArgumentError(
        "the layer's extents are not positive or not divided by its groups");
  }
  if (static_cast<int64_t>(coded.codes.size()) != extents.weights()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("there are %d codes for the layer's %d weights",
                        coded.codes.size(), extents.weights()));
  }
  if (!coded.channel_scales.empty() &&
      static_cast<int64_t>(coded.channel_scales.size()) != extents.filters) {
    return absl::InvalidArgumentError(
        absl::StrFormat("there are %d channel scales for %d output channels",
                        coded.channel_scales.size(), extents.filters));
  }
  for (const uint8_t code : coded.codes) {
    if (code < coded.codebook.size()) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("code %d is not in the codebook of %d values", code,
                        coded.codebook.size()));
  }
  return absl::OkStatus();
}

// One code for each value: of those that stand for it, the first.
std::vector<uint8_t> FirstCodes(const std::vector<float>& codebook) {
  std::vector<uint8_t> first(codebook.size());
  for (size_t i = 0; i < codebook.size(); ++i) {
    first[i] = static_cast<uint8_t>(
        std::find(codebook.begin(), codebook.end(), codebook[i]) -
        codebook.begin());
  }
  return first;
}

int64_t GroupOf(int64_t filter, const FilterExtents& extents) {
  return filter / (extents.filters / extents.groups);
}

// Filters of a group that are equal up to the sign of all their values.
struct FilterClass {
  int64_t first;          // filter
  bool seen[2] = {0, 0};  // as the first is, and with the other sign
};

struct EqualFilters {
  uint32_t zero = 0, duplicate = 0, negated = 0;
};

// Filters whose weights are value(index of the weight).
template <typename Value>
EqualFilters CountEqualFilters(const FilterExtents& extents, Value value) {
  EqualFilters counts;
  const int64_t length = extents.weights() / extents.filters;
  const auto values = [&](int64_t filter) {
    std::vector<float> result(length);
    for (int64_t i = 0; i < length; ++i) {
      // -0 becomes 0.
      result[i] = value(filter * length + i) + 0.0f;
    }
    return result;
  };
  std::unordered_map<uint64_t, std::vector<FilterClass>> classes;
  for (int64_t filter = 0; filter < extents.filters; ++filter) {
    const std::vector<float> own = values(filter);
    const auto lead =
        std::find_if(own.begin(), own.end(), [](float w) { return w != 0; });
    if (lead == own.end()) {
      ++counts.zero;
      continue;
    }
    // The same for a filter and for minus it (FNV-1a, four bytes at a time).
    const float sign = *lead > 0 ? 1.0f : -1.0f;
    uint64_t hash = 0xcbf29ce484222325u + GroupOf(filter, extents);
    for (const float w : own) {
      hash = (hash ^ std::bit_cast<uint32_t>(sign * w + 0.0f)) * 0x100000001b3u;
    }
    std::vector<FilterClass>& alike = classes[hash];
    bool negated = false;
    const auto same = std::find_if(
        alike.begin(), alike.end(), [&](const FilterClass& candidate) {
          if (GroupOf(candidate.first, extents) != GroupOf(filter, extents))
            return false;
          const std::vector<float> other = values(candidate.first);
          negated = other[lead - own.begin()] != *lead;
          const float turn = negated ? -1.0f : 1.0f;
          return std::equal(own.begin(), own.end(), other.begin(),
                            [&](float a, float b) { return a == turn * b; });
        });
    if (same == alike.end()) {
      alike.push_back({.first = filter, .seen = {true, false}});
    } else if (same->seen[negated]) {
      ++counts.duplicate;
    } else {
      same->seen[negated] = true;
      ++counts.negated;
    }
  }
  return counts;
}

// At most one value of each sign, scales of channels left out.
bool IsTernary(const std::vector<float>& codebook) {
  std::unordered_set<float> positive, negative;
  for (const float value : codebook) {
    if (value > 0) positive.insert(value);
    if (value < 0) negative.insert(value);
  }
  return positive.size() <= 1 && negative.size() <= 1;
}

void CountKernels(const CodedWeights& coded, const FilterExtents& extents,
                  FilterCounts& counts) {
  const std::vector<uint8_t> first = FirstCodes(coded.codebook);
  const int64_t inputs = extents.inputs / extents.groups;
  const int64_t taps = extents.kernel_height * extents.kernel_width;
  int64_t codebook_values = 0;
  for (size_t i = 0; i < first.size(); ++i) codebook_values += first[i] == i;
  counts.set_possible_kernels(
      std::pow(static_cast<double>(codebook_values), taps));

  std::unordered_set<std::string> distinct;
  std::vector<bool> read(extents.inputs, false);
  uint64_t zero_kernels = 0;
  std::string kernel(taps, 0);
  for (int64_t filter = 0; filter < extents.filters; ++filter) {
    const bool scaled_away =
        !coded.channel_scales.empty() && coded.channel_scales[filter] == 0;
    for (int64_t input = 0; input < inputs; ++input) {
      bool zero = true;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const uint8_t code =
            first[coded.codes[(filter * taps + tap) * inputs + input]];
        kernel[tap] = static_cast<char>(code);
        zero = zero && coded.codebook[code] == 0;
      }
      if (zero || scaled_away) {
        ++zero_kernels;
      } else {
        read[GroupOf(filter, extents) * inputs + input] = true;
      }
      distinct.insert(kernel);
    }
  }
  counts.set_kernels(extents.filters * inputs);
  counts.set_zero_kernels(zero_kernels);
  counts.set_distinct_kernels(distinct.size());
  counts.set_unread_inputs(
      static_cast<uint32_t>(std::count(read.begin(), read.end(), false)));
}

}  // namespace

absl::StatusOr<std::map<std::string, FilterExtents>> FilterExtentsOf(
    const Graph& graph) {
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
  std::map<std::string, FilterExtents> all;
  for (const int i : WeightedNodes(graph)) {
    const Node& node = graph.nodes(i);
    const Shape& input = shaped.shapes[shaped.inputs[i][0]];
    FilterExtents& extents = all[node.name()];
    extents.inputs = input.channels;
    if (node.has_linear()) {
      extents.filters = node.linear().out_features();
      extents.kernel_height = input.height;
      extents.kernel_width = input.width;
    } else {
      extents.filters = node.convolution().out_channels();
      extents.kernel_height = node.convolution().kernel_height();
      extents.kernel_width = node.convolution().kernel_width();
      extents.groups = node.convolution().groups();
    }
  }
  return all;
}

absl::StatusOr<FilterCounts> CountFilters(const CodedWeights& coded,
                                          const FilterExtents& extents) {
  RETURN_IF_ERROR(CheckCodes(coded, extents));
  FilterCounts counts;
  counts.set_kernel_height(static_cast<uint32_t>(extents.kernel_height));
  counts.set_kernel_width(static_cast<uint32_t>(extents.kernel_width));
  counts.set_filters(static_cast<uint32_t>(extents.filters));
  counts.set_inputs(static_cast<uint32_t>(extents.inputs));
  const EqualFilters by_value =
      CountEqualFilters(extents, [&](int64_t i) { return coded.value(i); });
  counts.set_zero_filters(by_value.zero);
  counts.set_duplicate_filters(by_value.duplicate);
  counts.set_negated_filters(by_value.negated);
  if (IsTernary(coded.codebook)) {
    const EqualFilters by_sign = CountEqualFilters(extents, [&](int64_t i) {
      const float value = coded.value(i);
      return static_cast<float>((value > 0) - (value < 0));
    });
    counts.set_duplicate_sign_patterns(by_sign.duplicate);
    counts.set_negated_sign_patterns(by_sign.negated);
  }
  CountKernels(coded, extents, counts);
  return counts;
}

KernelPicture PictureOf(const CodedWeights& coded, const FilterExtents& extents,
                        int64_t filters, int64_t inputs) {
  const int64_t all_inputs = extents.inputs / extents.groups;
  const int64_t taps = extents.kernel_height * extents.kernel_width;
  filters = std::min(filters, extents.filters);
  inputs = std::min(inputs, all_inputs);
  KernelPicture picture;
  picture.set_kernel_height(static_cast<uint32_t>(extents.kernel_height));
  picture.set_kernel_width(static_cast<uint32_t>(extents.kernel_width));
  picture.set_filters(static_cast<uint32_t>(filters));
  picture.set_inputs(static_cast<uint32_t>(inputs));
  std::string& signs = *picture.mutable_signs();
  for (int64_t filter = 0; filter < filters; ++filter) {
    for (int64_t input = 0; input < inputs; ++input) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        const float w = coded.value((filter * taps + tap) * all_inputs + input);
        signs += w > 0 ? '+' : w < 0 ? '-' : '0';
      }
    }
  }
  return picture;
}

}  // namespace tritlab
