#include "inference/linear_product.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "base/status_macros.h"
#include "kernels/integer/power_of_two_linear.h"
#include "kernels/integer/reference/integer_linear.h"
#include "kernels/integer/ternary_linear.h"

namespace tritlab {
namespace {

// Weights as whole numbers in units of scales.
struct Decomposition {
  bool ternary = false;
  std::vector<int16_t> of_code;
  float unit = 1;           // of the weights; of the positive ones
  float negative_unit = 1;  // where ternary; above 0
};

std::optional<Decomposition> Decompose(std::span<const float> codebook) {
  Decomposition result;
  std::vector<float> magnitudes, positive, negative;
  for (const float value : codebook) {
    if (value == 0) continue;
    magnitudes.push_back(std::abs(value));
    (value > 0 ? positive : negative).push_back(std::abs(value));
  }
  const auto all_equal = [](const std::vector<float>& values) {
    return std::adjacent_find(values.begin(), values.end(),
                              std::not_equal_to<>()) == values.end();
  };
  std::vector<int16_t>& of_code = result.of_code;
  of_code.resize(codebook.size());
  if (all_equal(positive) && all_equal(negative)) {
    result.ternary = true;
    if (!positive.empty()) result.unit = positive[0];
    result.negative_unit = negative.empty() ? result.unit : negative[0];
    if (positive.empty()) result.unit = result.negative_unit;
    for (size_t code = 0; code < of_code.size(); ++code) {
      of_code[code] =
          static_cast<int16_t>((codebook[code] > 0) - (codebook[code] < 0));
    }
  } else {
    result.unit = *std::min_element(magnitudes.begin(), magnitudes.end());
    for (size_t code = 0; code < of_code.size(); ++code) {
      const float multiple = codebook[code] / result.unit;
      int exponent = 0;
      const bool power = std::frexp(std::abs(multiple), &exponent) == 0.5f &&
                         std::abs(multiple) <= 128;
      if (multiple != 0 && !power) return std::nullopt;
      of_code[code] = static_cast<int16_t>(multiple);
    }
  }
  return result;
}

std::vector<int16_t> WeightsOf(const CodedWeights& codes,
                               const Decomposition& parts) {
  std::vector<int16_t> weights;
  weights.reserve(codes.codes.size());
  for (const uint8_t code : codes.codes) weights.push_back(parts.of_code[code]);
  return weights;
}

// In the codes' own memory: a large layer's are a hundred megabytes.
std::span<const int8_t> TritsOf(CodedWeights& codes,
                                const Decomposition& parts) {
  for (uint8_t& code : codes.codes)
    code = static_cast<uint8_t>(parts.of_code[code]);
  return {reinterpret_cast<const int8_t*>(codes.codes.data()),
          codes.codes.size()};
}

// The weights, or positive and negative ones for themselves.
class PlainProduct final : public LinearProduct {
 public:
  PlainProduct(const IntegerLinearShape& shape, std::vector<int16_t> weights,
               bool by_sign)
      : shape_(shape), weights_(std::move(weights)) {
    if (!by_sign) return;
    for (int16_t& weight : weights_) {
      more_weights_.push_back(std::max<int16_t>(-weight, 0));
      weight = std::max<int16_t>(weight, 0);
    }
  }

  void Multiply(int64_t batch, const uint8_t* input, int32_t* sums,
                int32_t* more_sums) override {
    reference::IntegerLinear(shape_, batch, input, weights_, sums);
    if (!more_weights_.empty())
      reference::IntegerLinear(shape_, batch, input, more_weights_, more_sums);
  }
  int64_t weight_bytes() const override {
    return static_cast<int64_t>((weights_.size() + more_weights_.size()) *
                                sizeof(int16_t));
  }

 private:
  const IntegerLinearShape shape_;
  std::vector<int16_t> weights_, more_weights_;
};

class TernaryProduct final : public LinearProduct {
 public:
  explicit TernaryProduct(std::unique_ptr<TernaryLinear> linear)
      : linear_(std::move(linear)) {}

  void Multiply(int64_t batch, const uint8_t* input, int32_t* sums,
                int32_t* more_sums) override {
    if (more_scales_.empty()) {
      linear_->Multiply(batch, input, sums);
    } else {
      linear_->MultiplySides(batch, input, sums, more_sums);
    }
  }
  int64_t weight_bytes() const override { return linear_->weight_bytes(); }

 private:
  const std::unique_ptr<TernaryLinear> linear_;
};

class PowerOfTwoProduct final : public LinearProduct {
 public:
  explicit PowerOfTwoProduct(std::unique_ptr<PowerOfTwoLinear> linear)
      : linear_(std::move(linear)) {}

  void Multiply(int64_t batch, const uint8_t* input, int32_t* sums,
                int32_t*) override {
    linear_->Multiply(batch, input, sums);
  }
  int64_t weight_bytes() const override { return linear_->weight_bytes(); }

 private:
  const std::unique_ptr<PowerOfTwoLinear> linear_;
};

}  // namespace

bool LinearProduct::Has(std::span<const float> codebook) {
  return Decompose(codebook).has_value();
}

absl::StatusOr<std::unique_ptr<LinearProduct>> LinearProduct::Create(
    CodedWeights codes, const IntegerLinearShape& shape, bool reference) {
  const std::optional<Decomposition> parts = Decompose(codes.codebook);
  if (!parts.has_value()) return nullptr;
  std::vector<float> scales(shape.outputs, parts->unit), more_scales;
  if (parts->ternary && parts->unit != parts->negative_unit)
    more_scales.assign(shape.outputs, -parts->negative_unit);
  if (const auto channels = static_cast<int64_t>(codes.channel_scales.size());
      channels > 0) {
    for (int64_t o = 0; o < shape.outputs; ++o) {
      const float scale = codes.channel_scales[o * channels / shape.outputs];
      scales[o] *= scale;
      if (!more_scales.empty()) more_scales[o] *= scale;
    }
  }
  std::unique_ptr<LinearProduct> product;
  if (reference) {
    product = std::make_unique<PlainProduct>(shape, WeightsOf(codes, *parts),
                                             !more_scales.empty());
  } else if (parts->ternary) {
    ASSIGN_OR_RETURN(auto linear,
                     TernaryLinear::Create(shape, TritsOf(codes, *parts)));
    product = std::make_unique<TernaryProduct>(std::move(linear));
  } else {
    ASSIGN_OR_RETURN(auto linear,
                     PowerOfTwoLinear::Create(shape, WeightsOf(codes, *parts)));
    product = std::make_unique<PowerOfTwoProduct>(std::move(linear));
  }
  product->scales_ = std::move(scales);
  product->more_scales_ = std::move(more_scales);
  return product;
}

}  // namespace tritlab
