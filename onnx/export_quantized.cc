#include "onnx/export_quantized.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "inference/byte_passes.h"
#include "inference/byte_plan.h"
#include "inference/byte_tensor.h"
#include "inference/byte_weights.h"
#include "models/shape_inference.h"
#include "onnx/channel_order.h"
#include "onnx/export_network.h"
#include "onnx/export_operators.h"
#include "onnx/model_builder.h"

namespace tritlab {
namespace {

constexpr int64_t kOpset = 13;

// What a node gives, as the operators after it read it.
struct Value {
  std::string name = {};   // in floating point
  std::string bytes = {};  // the same, before DequantizeLinear; empty where it
                           // is not rounded
  float step = 0;          // of the bytes
  bool is_unsigned = false;
};

// A layer with what is folded into it: scale[o] * product + shift[o].
struct Layer {
  std::vector<float> scale, shift;
};

// A convolution or a linear layer as a node of ONNX.
struct Product {
  Value input = {};
  int64_t channels = 0;  // that one output reads
  int64_t groups = 1;
  std::vector<int64_t> extents = {};    // of the weights
  std::string weights = {}, bias = {};  // names

  int64_t count() const {
    return std::accumulate(extents.begin(), extents.end(), int64_t{1},
                           std::multiplies<>());
  }
};

class QuantizedExport {
 public:
  explicit QuantizedExport(const BytePlan& plan)
      : plan_(plan),
        builder_(plan.graph().name(), kOpset),
        values_(plan.nodes()) {}

  absl::StatusOr<onnx::ModelProto> Run() {
    for (const auto& [key, value] : NotesOf(plan_.model().description))
      builder_.Note(key, value);
    for (int i = 0; i < plan_.nodes(); ++i) {
      RETURN_IF_ERROR(
          WithPrefix(absl::StrCat("node ", node(i).name()), Append(i)));
    }
    AppendLogits(plan_.graph(), plan_.ShapeOf(plan_.nodes() - 1),
                 values_.back().name, builder_);
    return std::move(builder_.model());
  }

 private:
  const Node& node(int i) const { return plan_.graph().nodes(i); }
  int InputOf(int i) const { return plan_.InputsOf(i)[0]; }
  bool IsLast(int i) const { return i == plan_.nodes() - 1; }

  // Whether what node i gives is not rounded, for it is part of what its only
  // reader computes, or the image that this one reads as it is.
  bool StaysFloat(int i) const {
    if (IsLast(i)) return true;
    const int reader = plan_.OnlyConsumer(i);
    if (reader < 0) return false;
    if (node(i).has_input()) return plan_.InFloats(reader);
    const bool computes = plan_.IsLayer(i) ||
                          node(i).has_batch_normalization() ||
                          node(i).has_add();
    if (node(reader).has_add()) return i == plan_.UnroundedOperand(reader);
    return computes && (node(reader).has_relu() || plan_.IsFolded(reader));
  }

  absl::Status Append(int i) {
    const Node& of = node(i);
    Value& value = values_[i];
    switch (of.operator_case()) {
      case Node::kInput:
        return AppendRoundedImage(i);
      case Node::kConvolution:
      case Node::kLinear: {
        if (const int reader = plan_.OnlyConsumer(i);
            reader >= 0 && plan_.IsFolded(reader))
          return absl::OkStatus();  // then
        ASSIGN_OR_RETURN(const Layer layer, LayerOf(i));
        RETURN_IF_ERROR(AppendLayer(i, layer, of.name(), value));
        return RoundToRange(i, /*is_unsigned=*/false);
      }
      case Node::kBatchNormalization:
        RETURN_IF_ERROR(AppendNormalization(i));
        return RoundToRange(i, /*is_unsigned=*/false);
      case Node::kRelu:
        // Bytes that begin at 0 are rectified.
        value.name = values_[InputOf(i)].name;
        if (IsLast(i))
          value.name = builder_.Node("Relu", of.name(), {value.name});
        return RoundToRange(i, /*is_unsigned=*/true);
      case Node::kDropout:
        value = values_[InputOf(i)];
        return absl::OkStatus();
      default:
        return AppendOther(i);
    }
  }

  absl::Status AppendOther(int i) {
    std::vector<std::string> inputs;
    bool is_unsigned = !node(i).has_add();
    for (const int input : plan_.InputsOf(i)) {
      inputs.push_back(values_[input].name);
      is_unsigned &= values_[input].is_unsigned;
    }
    values_[i].name =
        AppendWithoutWeights(node(i), plan_.InputShape(i), inputs, builder_);
    const bool averages =
        node(i).pooling().kind() == PoolingOperator::AVERAGE &&
        node(i).pooling().window() != 1;
    if (node(i).has_channel_pad() || (node(i).has_pooling() && !averages)) {
      const Value& input = values_[InputOf(i)];
      Round(i, input.step, input.is_unsigned);
      return absl::OkStatus();
    }
    return RoundToRange(i, is_unsigned);
  }

  absl::Status AppendRoundedImage(int i) {
    values_[i].name = image_ = tritlab::AppendImage(plan_.graph(), builder_);
    ASSIGN_OR_RETURN(
        const std::vector<float> normalized,
        NormalizedPixels(plan_.model().description, plan_.ShapeOf(i).channels));
    Round(i, StepOfPixels(normalized), /*is_unsigned=*/false);
    return absl::OkStatus();
  }

  // The scale and shift of a layer alone.
  absl::StatusOr<Layer> LayerOf(int i) const {
    const int64_t outputs = plan_.ShapeOf(i).channels;
    Layer layer = {std::vector<float>(outputs, 1),
                   std::vector<float>(outputs, 0)};
    if (node(i).has_linear() || node(i).convolution().bias()) {
      ASSIGN_OR_RETURN(layer.shift, Values(i, "bias", outputs));
    }
    return layer;
  }

  absl::Status AppendNormalization(int i) {
    const int64_t channels = plan_.InputShape(i).channels;
    ASSIGN_OR_RETURN(const std::vector<float> scale,
                     Values(i, "scale", channels));
    ASSIGN_OR_RETURN(const std::vector<float> shift,
                     Values(i, "shift", channels));
    const std::string& name = node(i).name();
    if (plan_.IsFolded(i)) {
      ASSIGN_OR_RETURN(Layer layer, LayerOf(InputOf(i)));
      for (int64_t c = 0; c < channels; ++c) {
        layer.scale[c] *= scale[c];
        layer.shift[c] = layer.shift[c] * scale[c] + shift[c];
      }
      return AppendLayer(InputOf(i), layer, name, values_[i]);
    }
    const std::vector<int64_t> extents = {channels, 1, 1};
    const std::string factors = builder_.Tensor(name + ".weight", extents,
                                                std::span<const float>(scale));
    const std::string terms =
        builder_.Tensor(name + ".bias", extents, std::span<const float>(shift));
    const std::string product = builder_.Node(
        "Mul", name + ".product", {values_[InputOf(i)].name, factors});
    values_[i].name = builder_.Node("Add", name, {product, terms});
    return absl::OkStatus();
  }

  // Node i's weights as the integer program has them.
  absl::StatusOr<ByteWeights> BytesOf(int i, int64_t count) const {
    const int64_t outputs = plan_.ShapeOf(i).channels;
    ASSIGN_OR_RETURN(const PackedTensor* packed, plan_.WeightsOf(i, count));
    if (packed->packing() == PackedTensor::F32) {
      ASSIGN_OR_RETURN(const std::vector<float> values,
                       ValuesOf(plan_.model(), *packed));
      return BytesOfValues(values, outputs);
    }
    ASSIGN_OR_RETURN(CodedWeights coded, CodesOf(plan_.model(), *packed));
    if (node(i).has_linear()) RoundToCommonMeasure(coded, outputs);
    return UnclippedBytesOfCodes(coded, outputs);
  }

  // Makes the steps of each channel's weights positive, and as small as bytes
  // allow, so that its bias is well held by an integer of `input_step` times
  // them; but so large that it is held at all. Weights of 128 steps, which no
  // byte holds, become 64 and 64 of `more_values`, which is empty where there
  // are none.
  static void Normalize(float input_step, const std::vector<float>& shift,
                        ByteWeights& weights) {
    const size_t n = weights.values.size() / weights.scales.size();
    std::vector<int8_t> more(weights.values.size());
    bool any_more = false;
    for (size_t c = 0; c < weights.scales.size(); ++c) {
      const std::vector<int> values = SumsOf(weights, c * n, n);
      const int largest = LargestOf(values);
      const float scale = largest == 0 ? 0 : weights.scales[c];
      const float least =
          std::max(std::abs(shift[c]) / (kMostBiasSteps * input_step), 1e-30f);
      // A whole number, but where weights next to nothing meet a large bias.
      const float factor =
          std::min(static_cast<float>(Headroom(largest)),
                   std::max(1.0f, std::floor(std::abs(scale) / least)));
      weights.scales[c] = std::max(std::abs(scale) / factor, least);
      for (size_t k = 0; k < n; ++k) {
        const float steps =
            static_cast<float>(values[k]) * (scale / weights.scales[c]);
        const long whole = std::clamp(std::lround(steps), -128l, 128l);
        if (whole == 128) {
          more[c * n + k] = 64;
          any_more = true;
        }
        weights.values[c * n + k] =
            static_cast<int8_t>(whole - more[c * n + k]);
      }
    }
    weights.more_values = any_more ? std::move(more) : std::vector<int8_t>();
  }

  // `n` weights from `begin` on, of both products.
  static std::vector<int> SumsOf(const ByteWeights& weights, size_t begin,
                                 size_t n) {
    std::vector<int> sums(&weights.values[begin], &weights.values[begin] + n);
    for (size_t k = 0; k < n && !weights.more_values.empty(); ++k)
      sums[k] += weights.more_values[begin + k];
    return sums;
  }

  static int LargestOf(const std::vector<int>& values) {
    int largest = 0;
    for (const int value : values) largest = std::max(largest, std::abs(value));
    return largest;
  }

  // Appends layer i under `name`.
  absl::Status AppendLayer(int i, const Layer& layer, const std::string& name,
                           Value& value) {
    const Shape& image = plan_.InputShape(i);
    const auto outputs = static_cast<int64_t>(layer.shift.size());
    Product product = {.input = values_[InputOf(i)]};
    ConvolutionShape shape;
    if (node(i).has_convolution()) {
      shape = ShapeOf(node(i).convolution(), image);
      product.groups = shape.groups;
      product.channels = image.channels / shape.groups;
      product.extents = {outputs, product.channels, shape.kernel_height,
                         shape.kernel_width};
    } else {
      product.channels = image.channels;
      product.extents = {outputs, image.image_size()};
    }
    RETURN_IF_ERROR(plan_.InFloats(i) ? AppendFloats(i, layer, product)
                                      : AppendBytes(i, layer, product));
    if (node(i).has_convolution()) {
      value.name = AppendConv(
          shape, name, {product.input.name, product.weights, product.bias},
          builder_);
    } else {
      value.name = AppendLinear(product.input, node(i).name(), name,
                                product.weights, product.bias);
    }
    return absl::OkStatus();
  }

  // Layer i's weights and bias as they are; in f32 the image is, too.
  absl::Status AppendFloats(int i, const Layer& layer, Product& product) {
    if (node(InputOf(i)).has_input()) product.input = {.name = image_};
    const auto outputs = static_cast<int64_t>(layer.shift.size());
    const int64_t count = product.count();
    ASSIGN_OR_RETURN(std::vector<float> values, Values(i, "weights", count));
    for (int64_t k = 0; k < count; ++k)
      values[k] *= layer.scale[k / (count / outputs)];
    const std::string& stem = node(i).name();
    product.weights =
        builder_.Tensor(stem + ".weight", product.extents,
                        std::span<const float>(ChannelsFirst<float>(
                            values, outputs, product.channels)));
    product.bias = builder_.Tensor(stem + ".bias", {outputs},
                                   std::span<const float>(layer.shift));
    return absl::OkStatus();
  }

  // Layer i's weights and bias as integers, dequantized.
  absl::Status AppendBytes(int i, const Layer& layer, Product& product) {
    const auto outputs = static_cast<int64_t>(layer.shift.size());
    const float input_step = product.input.step;
    ASSIGN_OR_RETURN(ByteWeights bytes, BytesOf(i, product.count()));
    for (int64_t c = 0; c < outputs; ++c) bytes.scales[c] *= layer.scale[c];
    Normalize(input_step, layer.shift, bytes);
    std::vector<int8_t> ordered =
        ChannelsFirst<int8_t>(bytes.values, outputs, product.channels);
    const std::string& stem = node(i).name();
    if (!bytes.more_values.empty()) {
      ordered = SideBySide(
          ordered,
          ChannelsFirst<int8_t>(bytes.more_values, outputs, product.channels),
          outputs);
      product.input =
          Twice(stem, product.input, plan_.InputShape(i), product.groups);
      product.extents[1] *= 2;
    }
    product.weights =
        Dequantized(stem + ".weight", product.extents,
                    std::span<const int8_t>(ordered), bytes.scales);
    std::vector<int32_t> biases(outputs);
    std::vector<float> steps(outputs);
    for (int64_t c = 0; c < outputs; ++c) {
      steps[c] = input_step * bytes.scales[c];
      biases[c] = static_cast<int32_t>(std::lround(layer.shift[c] / steps[c]));
    }
    product.bias = Dequantized(stem + ".bias", {outputs},
                               std::span<const int32_t>(biases), steps);
    return absl::OkStatus();
  }

  // The bytes of `input` twice, group by group, so that one product has two
  // weights for each of them.
  Value Twice(const std::string& stem, const Value& input, const Shape& image,
              int64_t groups) {
    std::string bytes = input.bytes;
    if (groups > 1) {
      const std::string by_group = builder_.Integers(
          stem + ".by_group",
          {0, groups, image.channels / groups, image.height, image.width});
      bytes = builder_.Node("Reshape", stem + ".groups", {bytes, by_group});
    }
    bytes = builder_.Node("Concat", stem + ".twice", {bytes, bytes});
    builder_.Set("axis", int64_t{groups > 1 ? 2 : 1});
    if (groups > 1) {
      const std::string together =
          builder_.Integers(stem + ".together",
                            {0, 2 * image.channels, image.height, image.width});
      bytes = builder_.Node("Reshape", stem + ".both", {bytes, together});
    }
    Value twice = input;
    twice.bytes = bytes;
    twice.name = Dequantize(stem + ".twice.values", bytes, input.bytes);
    steps_[bytes] = steps_.at(input.bytes);
    return twice;
  }

  // Each output's weights and then its other ones.
  static std::vector<int8_t> SideBySide(std::span<const int8_t> weights,
                                        std::span<const int8_t> others,
                                        int64_t outputs) {
    std::vector<int8_t> both;
    both.reserve(weights.size() + others.size());
    const size_t n = weights.size() / outputs;
    for (size_t at = 0; at < weights.size(); at += n) {
      both.insert(both.end(), &weights[at], &weights[at] + n);
      both.insert(both.end(), &others[at], &others[at] + n);
    }
    return both;
  }

  // Flattens bytes, so that a runtime sees them right before the product.
  std::string AppendLinear(const Value& input, const std::string& stem,
                           const std::string& name, const std::string& weights,
                           const std::string& bias) {
    std::string flat;
    if (input.bytes.empty()) {
      flat = builder_.Node("Flatten", stem + ".flat", {input.name});
    } else {
      const std::string bytes =
          builder_.Node("Flatten", stem + ".flat_bytes", {input.bytes});
      flat = Dequantize(stem + ".flat", bytes, input.bytes);
    }
    builder_.Node("Gemm", name, {flat, weights, bias});
    builder_.Set("transB", int64_t{1});
    return name;
  }

  // Integers of the model that stand for step * integer, by output channel.
  template <typename Integer>
  std::string Dequantized(const std::string& name,
                          const std::vector<int64_t>& extents,
                          std::span<const Integer> values,
                          const std::vector<float>& steps) {
    const auto count = static_cast<int64_t>(steps.size());
    const std::string stored =
        builder_.Tensor(name + ".bytes", extents, values);
    const std::string scales =
        builder_.Tensor(name + ".step", {count}, std::span<const float>(steps));
    const std::vector<Integer> zeros(steps.size());
    const std::string zero = builder_.Tensor(name + ".zero", {count},
                                             std::span<const Integer>(zeros));
    builder_.Node("DequantizeLinear", name, {stored, scales, zero});
    builder_.Set("axis", int64_t{0});
    return name;
  }

  absl::Status RoundToRange(int i, bool is_unsigned) {
    if (StaysFloat(i)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const float clip, plan_.ClipOf(i));
    Round(i, StepOf(clip, is_unsigned ? ByteType::kU8 : ByteType::kS8),
          is_unsigned);
    return absl::OkStatus();
  }

  // Makes bytes of what node i gives, and what they stand for.
  void Round(int i, float step, bool is_unsigned) {
    if (StaysFloat(i)) return;
    Value& value = values_[i];
    const std::string stem = node(i).name();
    const std::string scale =
        builder_.Tensor(stem + ".step", {}, std::span<const float>(&step, 1));
    std::string zero;
    if (is_unsigned) {
      const uint8_t none = 0;
      zero = builder_.Tensor(stem + ".zero", {},
                             std::span<const uint8_t>(&none, 1));
    } else {
      const int8_t none = 0;
      zero = builder_.Tensor(stem + ".zero", {},
                             std::span<const int8_t>(&none, 1));
    }
    value.bytes = builder_.Node("QuantizeLinear", stem + ".bytes",
                                {value.name, scale, zero});
    steps_[value.bytes] = {scale, zero};
    value.name = Dequantize(stem + ".values", value.bytes, value.bytes);
    value.step = step;
    value.is_unsigned = is_unsigned;
  }

  // Of bytes with the step and zero of `quantized`.
  std::string Dequantize(const std::string& name, const std::string& bytes,
                         const std::string& quantized) {
    const auto& [scale, zero] = steps_.at(quantized);
    return builder_.Node("DequantizeLinear", name, {bytes, scale, zero});
  }

  absl::StatusOr<std::vector<float>> Values(int i, absl::string_view suffix,
                                            int64_t count) const {
    return plan_.Values(absl::StrCat(node(i).name(), "/", suffix), count);
  }

  struct StepNames {
    std::string scale, zero;
  };

  const BytePlan& plan_;
  ModelBuilder builder_;
  std::vector<Value> values_;               // [node]
  std::map<std::string, StepNames> steps_;  // of QuantizeLinear's outputs
  std::string image_;                       // before it is rounded
};

}  // namespace

absl::StatusOr<onnx::ModelProto> ExportQuantized(const PackedModel& model) {
  ASSIGN_OR_RETURN(const BytePlan plan, BytePlan::Create(model, /*batch=*/1));
  return QuantizedExport(plan).Run();
}

}  // namespace tritlab
