#include "onnx/export_quantized.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "inference/byte_weights.h"
#include "models/parameters.h"
#include "models/shape_inference.h"
#include "onnx/export_network.h"
#include "onnx/export_operators.h"
#include "onnx/model_builder.h"

namespace tritlab {
namespace {

constexpr int64_t kOpset = 13;
// Biases are at most this many steps, and so are sums with some room.
constexpr float kMostSteps = 1 << 30;

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

class QuantizedExport {
 public:
  explicit QuantizedExport(const PackedModel& model)
      : model_(model),
        graph_(model.description.graph()),
        builder_(graph_.name(), kOpset) {}

  absl::StatusOr<onnx::ModelProto> Run() {
    ASSIGN_OR_RETURN(shaped_, InferShapes(graph_, /*batch=*/1));
    for (const PackedTensor& tensor : model_.description.tensors())
      packed_[tensor.name()] = &tensor;
    for (const auto& [key, value] : NotesOf(model_.description))
      builder_.Note(key, value);
    if (model_.description.first_and_last() == PackedModelDescription::F32) {
      const std::vector<int> weighted = WeightedNodes(graph_);
      if (!weighted.empty()) in_floats_ = {weighted.front(), weighted.back()};
    }
    only_consumer_.assign(graph_.nodes_size(), -1);
    std::vector<int> consumers(graph_.nodes_size());
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      for (const int input : shaped_.inputs[i])
        only_consumer_[input] = ++consumers[input] == 1 ? i : -1;
    }
    values_.resize(graph_.nodes_size());
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      RETURN_IF_ERROR(
          WithPrefix(absl::StrCat("node ", graph_.nodes(i).name()), Append(i)));
    }
    AppendLogits(graph_, shaped_.shapes.back(), values_.back().name, builder_);
    return std::move(builder_.model());
  }

 private:
  const Node& node(int i) const { return graph_.nodes(i); }
  int InputOf(int i) const { return shaped_.inputs[i][0]; }
  const Shape& InputShape(int i) const { return shaped_.shapes[InputOf(i)]; }
  bool IsLast(int i) const { return i == graph_.nodes_size() - 1; }
  bool IsLayer(int i) const {
    return node(i).has_convolution() || node(i).has_linear();
  }
  // Whether node i is a normalization that belongs to the layer before it.
  bool IsFolded(int i) const {
    return node(i).has_batch_normalization() && IsLayer(InputOf(i)) &&
           only_consumer_[InputOf(i)] == i;
  }

  // Whether the layer is computed in f32.
  bool InFloats(int i) const { return in_floats_.contains(i); }

  // Whether what node i gives is not rounded, for it is part of what its only
  // reader computes, or the image that this one reads as it is.
  bool StaysFloat(int i) const {
    if (IsLast(i)) return true;
    const int reader = only_consumer_[i];
    if (node(i).has_input()) return reader >= 0 && InFloats(reader);
    const bool computes =
        IsLayer(i) || node(i).has_batch_normalization() || node(i).has_add();
    if (reader < 0 || !computes) return false;
    if (node(reader).has_relu() || IsFolded(reader)) return true;
    if (!node(reader).has_add() || node(i).has_add()) return false;
    // The layer that is added last is, the residual is not.
    return i == std::max(shaped_.inputs[reader][0], shaped_.inputs[reader][1]);
  }

  absl::Status Append(int i) {
    const Node& of = node(i);
    Value& value = values_[i];
    switch (of.operator_case()) {
      case Node::kInput:
        return AppendRoundedImage(i);
      case Node::kConvolution:
      case Node::kLinear: {
        if (only_consumer_[i] >= 0 && IsFolded(only_consumer_[i]))
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
    for (const int input : shaped_.inputs[i]) {
      inputs.push_back(values_[input].name);
      is_unsigned &= values_[input].is_unsigned;
    }
    values_[i].name =
        AppendWithoutWeights(node(i), InputShape(i), inputs, builder_);
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
    const PackedModelDescription& description = model_.description;
    values_[i].name = image_ = tritlab::AppendImage(graph_, builder_);
    float largest = 0;
    for (int c = 0;
         c < std::min(description.mean_size(), description.deviation_size());
         ++c) {
      for (const float share : {0.0f, 1.0f}) {
        largest = std::max(largest, std::abs((share - description.mean(c)) /
                                             description.deviation(c)));
      }
    }
    if (!(largest > 0 && std::isfinite(largest))) {
      return absl::InvalidArgumentError(
          "the model does not say how images are normalized; pack it anew");
    }
    Round(i, largest / 127, /*is_unsigned=*/false);
    return absl::OkStatus();
  }

  // The scale and shift of a layer alone.
  absl::StatusOr<Layer> LayerOf(int i) const {
    const int64_t outputs = shaped_.shapes[i].channels;
    Layer layer = {std::vector<float>(outputs, 1),
                   std::vector<float>(outputs, 0)};
    if (node(i).has_linear() || node(i).convolution().bias()) {
      ASSIGN_OR_RETURN(layer.shift, Values(i, "bias", outputs));
    }
    return layer;
  }

  absl::Status AppendNormalization(int i) {
    const int64_t channels = InputShape(i).channels;
    ASSIGN_OR_RETURN(const std::vector<float> scale,
                     Values(i, "scale", channels));
    ASSIGN_OR_RETURN(const std::vector<float> shift,
                     Values(i, "shift", channels));
    const std::string& name = node(i).name();
    if (IsFolded(i)) {
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

  absl::StatusOr<ByteWeights> BytesOf(int i, int64_t count) const {
    const std::string name = node(i).name() + "/weights";
    const int64_t outputs = shaped_.shapes[i].channels;
    ASSIGN_OR_RETURN(const PackedTensor* packed, Find(name, count));
    if (packed->packing() == PackedTensor::F32) {
      ASSIGN_OR_RETURN(const std::vector<float> values,
                       ValuesOf(model_, *packed));
      return BytesOfValues(values, outputs);
    }
    ASSIGN_OR_RETURN(const CodedWeights coded, CodesOf(model_, *packed));
    return BytesOfCodes(coded, outputs);
  }

  // Makes the steps of each channel's weights positive, and large enough that
  // its bias is an integer of `input_step` times them.
  static void Normalize(float input_step, const std::vector<float>& shift,
                        ByteWeights& weights) {
    const size_t n = weights.values.size() / weights.scales.size();
    for (size_t c = 0; c < weights.scales.size(); ++c) {
      const float scale = weights.scales[c];
      const float least =
          std::max(std::abs(shift[c]) / (kMostSteps * input_step), 1e-30f);
      weights.scales[c] = std::max(std::abs(scale), least);
      const float factor = scale / weights.scales[c];
      for (size_t k = c * n; k < (c + 1) * n; ++k) {
        weights.values[k] = static_cast<int8_t>(std::clamp(
            std::lround(static_cast<float>(weights.values[k]) * factor), -128l,
            127l));
      }
    }
  }

  // Appends layer i under `name`.
  absl::Status AppendLayer(int i, const Layer& layer, const std::string& name,
                           Value& value) {
    // In f32 the image is read as it is.
    const Value input = InFloats(i) && node(InputOf(i)).has_input()
                            ? Value{.name = image_}
                            : values_[InputOf(i)];
    const Shape& image = InputShape(i);
    const auto outputs = static_cast<int64_t>(layer.shift.size());
    std::vector<int64_t> extents;
    int64_t channels = image.channels;
    ConvolutionShape shape;
    if (node(i).has_convolution()) {
      shape = ShapeOf(node(i).convolution(), image);
      channels /= shape.groups;
      extents = {outputs, channels, shape.kernel_height, shape.kernel_width};
    } else {
      extents = {outputs, image.image_size()};
    }
    const int64_t count =
        outputs * (node(i).has_convolution() ? shape.weight_count() / outputs
                                             : image.image_size());
    const std::string& stem = node(i).name();
    std::string weights, bias;
    if (InFloats(i)) {
      ASSIGN_OR_RETURN(std::vector<float> values, Values(i, "weights", count));
      for (int64_t k = 0; k < count; ++k)
        values[k] *= layer.scale[k / (count / outputs)];
      weights = builder_.Tensor(stem + ".weight", extents,
                                std::span<const float>(ChannelsFirst<float>(
                                    values, outputs, channels)));
      bias = builder_.Tensor(stem + ".bias", {outputs},
                             std::span<const float>(layer.shift));
    } else {
      RETURN_IF_ERROR(AppendBytes(i, layer, input.step, extents, channels,
                                  count, weights, bias));
    }
    if (node(i).has_convolution()) {
      value.name =
          AppendConv(shape, name, {input.name, weights, bias}, builder_);
    } else {
      value.name = AppendLinear(input, stem, name, weights, bias);
    }
    return absl::OkStatus();
  }

  // Layer i's weights and bias as integers, dequantized; `weights` and `bias`
  // become their names.
  absl::Status AppendBytes(int i, const Layer& layer, float input_step,
                           const std::vector<int64_t>& extents,
                           int64_t channels, int64_t count,
                           std::string& weights, std::string& bias) {
    const auto outputs = static_cast<int64_t>(layer.shift.size());
    ASSIGN_OR_RETURN(ByteWeights bytes, BytesOf(i, count));
    for (int64_t c = 0; c < outputs; ++c) bytes.scales[c] *= layer.scale[c];
    Normalize(input_step, layer.shift, bytes);
    std::vector<int32_t> biases(outputs);
    std::vector<float> steps(outputs);
    for (int64_t c = 0; c < outputs; ++c) {
      steps[c] = input_step * bytes.scales[c];
      biases[c] = static_cast<int32_t>(std::lround(layer.shift[c] / steps[c]));
    }
    const std::string& stem = node(i).name();
    const std::vector<int8_t> ordered =
        ChannelsFirst<int8_t>(bytes.values, outputs, channels);
    weights = Dequantized(stem + ".weight", extents,
                          std::span<const int8_t>(ordered), bytes.scales);
    bias = Dequantized(stem + ".bias", {outputs},
                       std::span<const int32_t>(biases), steps);
    return absl::OkStatus();
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
    ASSIGN_OR_RETURN(const float clip, ClipOf(i));
    Round(i, clip / (is_unsigned ? 255 : 127), is_unsigned);
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

  // What the bytes of node i cover: what those of a concatenation do, where it
  // alone reads them.
  absl::StatusOr<float> ClipOf(int i) const {
    while (only_consumer_[i] >= 0 && node(only_consumer_[i]).has_concat())
      i = only_consumer_[i];
    const auto& clips = model_.description.clips();
    if (i < clips.size() && clips[i] > 0 && std::isfinite(clips[i]))
      return clips[i];
    return absl::InvalidArgumentError(
        "the model has no range of its values; pack it anew");
  }

  absl::StatusOr<const PackedTensor*> Find(const std::string& name,
                                           int64_t count) const {
    const auto found = packed_.find(name);
    if (found == packed_.end() ||
        static_cast<int64_t>(found->second->count()) != count) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the model has no tensor ", name, " of ", count, " values"));
    }
    return found->second;
  }

  absl::StatusOr<std::vector<float>> Values(int i, absl::string_view suffix,
                                            int64_t count) const {
    ASSIGN_OR_RETURN(const PackedTensor* tensor,
                     Find(absl::StrCat(node(i).name(), "/", suffix), count));
    return ValuesOf(model_, *tensor);
  }

  struct StepNames {
    std::string scale, zero;
  };

  const PackedModel& model_;
  const Graph& graph_;
  ModelBuilder builder_;
  ShapedGraph shaped_;
  std::map<std::string, const PackedTensor*> packed_;
  std::map<std::string, StepNames> steps_;  // of QuantizeLinear's outputs
  std::vector<int> only_consumer_;  // [node], -1 where there are not one
  std::vector<Value> values_;       // [node]
  std::set<int> in_floats_;         // the layers that are computed in f32
  std::string image_;               // before it is rounded
};

}  // namespace

absl::StatusOr<onnx::ModelProto> ExportQuantized(const PackedModel& model) {
  return QuantizedExport(model).Run();
}

}  // namespace tritlab
