#include "inference/byte_program.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "inference/byte_weights.h"
#include "inference/linear_product.h"
#include "kernels/integer/byte_elementwise.h"
#include "kernels/integer/byte_local_response_normalization.h"
#include "kernels/integer/reference/integer_linear.h"
#include "kernels/integer/reference/s8_convolution.h"
#include "kernels/integer/s8_convolution.h"
#include "kernels/integer/s8_linear.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

// Bytes that stand for step * byte.
struct ByteTensor {
  Shape shape;
  ByteType type = ByteType::kU8;
  float step = 1;
  int buffer = -1;
  int readers = 0;  // that are still to come
};

// A convolution or linear layer (a convolution of one pixel) that is not
// computed yet, with what is known to follow: its result is scale[o] * product
// + shift[o], plus the residual.
struct Pending {
  ConvolutionShape shape;
  int input = -1;  // a tensor
  ByteWeights weights = {};
  std::unique_ptr<LinearProduct> product = {};  // instead of the weights
  std::vector<float> scale = {}, shift = {};
  int residual = -1;  // a tensor
};

// Batch normalization of a tensor, not computed yet.
struct Scaling {
  int input = -1;  // a tensor
  std::vector<float> scale = {}, shift = {};
};

// A linear layer is a convolution of one pixel.
IntegerLinearShape LinearShapeOf(const ConvolutionShape& shape) {
  return {.inputs = shape.input.channels, .outputs = shape.out_channels};
}

class ByteProgram final : public IntegerProgram {
 public:
  ByteProgram(const PackedModel& model, const Options& options)
      : options_(options), graph_(model.description.graph()), model_(&model) {}

  absl::Status Compile() {
    for (const PackedTensor& tensor : model_->description.tensors())
      packed_[tensor.name()] = &tensor;
    const std::string& why = model_->description.why_no_integer_form();
    if (!why.empty()) return absl::UnimplementedError(why);
    ASSIGN_OR_RETURN(shaped_, InferShapes(graph_, options_.batch));
    double bytes = 0;
    for (const Shape& shape : shaped_.shapes)
      bytes += static_cast<double>(shape.size()) * (options_.exact ? 5 : 1);
    RETURN_IF_ERROR(CheckMemory(
        absl::StrCat(graph_.name(), " with batches of ", options_.batch), bytes,
        "use a smaller batch"));
    consumers_.assign(graph_.nodes_size(), 0);
    only_consumer_.assign(graph_.nodes_size(), -1);
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      for (const int input : shaped_.inputs[i])
        only_consumer_[input] = ++consumers_[input] == 1 ? i : -1;
    }
    tensors_.assign(graph_.nodes_size(), -1);
    for (int i = 0; i < graph_.nodes_size(); ++i) {
      RETURN_IF_ERROR(
          WithPrefix(absl::StrCat("node ", graph_.nodes(i).name()), Visit(i)));
    }
    RETURN_IF_ERROR(WithPrefix(
        absl::StrCat("node ", graph_.nodes(graph_.nodes_size() - 1).name()),
        EmitLogits(graph_.nodes_size() - 1)));
    pending_.clear();
    model_ = nullptr;
    return absl::OkStatus();
  }

  void Run(const uint8_t* pixels, float* logits) override {
    pixels_ = pixels;
    logits_ = logits;
    for (const auto& step : steps_) step();
  }
  int64_t batch() const override { return options_.batch; }
  int64_t classes() const override { return shaped_.shapes.back().channels; }
  Shape image() const override { return shaped_.shapes[0]; }
  double weight_error() const override { return weight_error_; }
  int64_t weight_bytes() const override { return weight_bytes_; }

 private:
  absl::Status Visit(int i) {
    const Node& node = graph_.nodes(i);
    switch (node.operator_case()) {
      case Node::kInput:
        return EmitImage();
      case Node::kConvolution:
        return Begin(i, ShapeOf(node.convolution(), InputShape(i)));
      case Node::kLinear:
        return Begin(
            i, {.input = {options_.batch, 1, 1, InputShape(i).image_size()},
                .out_channels = node.linear().out_features()});
      case Node::kBatchNormalization:
        return Normalize(i);
      case Node::kRelu:
        return EmitRelu(i);
      case Node::kAdd:
        return Add(i);
      case Node::kPooling:
        return EmitPooling(i);
      case Node::kChannelPad:
        return EmitChannelPad(i);
      case Node::kConcat:
        return EmitConcat(i);
      case Node::kLocalResponseNormalization:
        return EmitLocalResponseNormalization(i);
      case Node::kDropout:
        return PassOn(i);
      case Node::OPERATOR_NOT_SET:
        break;
    }
    return absl::UnimplementedError("it has no integer form yet");
  }

  const Shape& InputShape(int i) const {
    return shaped_.shapes[shaped_.inputs[i][0]];
  }

  // What the bytes of node i cover: what those of a concatenation do, where it
  // alone reads them, so that its inputs have one step.
  absl::StatusOr<float> ClipOf(int i) const {
    while (only_consumer_[i] >= 0 &&
           graph_.nodes(only_consumer_[i]).has_concat())
      i = only_consumer_[i];
    const auto& clips = model_->description.clips();
    if (i < clips.size() && clips[i] > 0 && std::isfinite(clips[i]))
      return clips[i];
    return absl::InvalidArgumentError(
        "the model has no range of its values; pack it anew");
  }

  absl::StatusOr<std::vector<float>> Values(const std::string& name,
                                            int64_t count) const {
    const auto found = packed_.find(name);
    if (found == packed_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the model has no tensor ", name));
    }
    if (static_cast<int64_t>(found->second->count()) != count) {
      return absl::InvalidArgumentError(
          absl::StrCat("the model's tensor ", name, " has ",
                       found->second->count(), " values, not ", count));
    }
    return ValuesOf(*model_, *found->second);
  }

  // A new tensor of node i, or, with `buffer`, in a buffer that is there.
  int NewTensor(int i, const Shape& shape, ByteType type, float step,
                int buffer = -1) {
    if (buffer < 0) {
      buffer = static_cast<int>(buffers_.size());
      buffers_.emplace_back(shape.size());
    }
    tensors_[i] = static_cast<int>(all_.size());
    all_.push_back({shape, type, step, buffer, consumers_[i]});
    return tensors_[i];
  }

  // The tensor of node i, computed now if it is still pending.
  absl::StatusOr<int> TensorOf(int i) {
    if (tensors_[i] < 0) RETURN_IF_ERROR(Emit(i, i, /*relu=*/false));
    return tensors_[i];
  }

  // The pending layer whose result node i's input is, if nothing else reads it.
  Pending* PendingInput(int i, size_t which = 0) {
    const int input = shaped_.inputs[i][which];
    const auto found = pending_.find(input);
    return found != pending_.end() && consumers_[input] == 1 ? &found->second
                                                             : nullptr;
  }
  void MovePending(int from, int to) {
    auto moved = pending_.extract(from);
    moved.key() = to;
    pending_.insert(std::move(moved));
  }

  absl::Status EmitImage() {
    const PackedModelDescription& description = model_->description;
    const Shape& shape = shaped_.shapes[0];
    if (description.mean_size() != shape.channels ||
        description.deviation_size() != shape.channels) {
      return absl::InvalidArgumentError(
          "the model does not say how images are normalized; pack it anew");
    }
    std::vector<float> normalized;  // [channel][pixel]
    float largest = 0;
    for (int c = 0; c < description.mean_size(); ++c) {
      for (int pixel = 0; pixel < 256; ++pixel) {
        normalized.push_back(
            (static_cast<float>(pixel) / 255 - description.mean(c)) /
            description.deviation(c));
        largest = std::max(largest, std::abs(normalized.back()));
      }
    }
    if (!(largest > 0 && std::isfinite(largest)))
      return absl::InvalidArgumentError(
          "the images' normalization is impossible");
    const int tensor = NewTensor(0, shape, ByteType::kS8, largest / 127);
    std::vector<uint8_t> tables(normalized.size());
    QuantizeBytes(normalized.data(), static_cast<int64_t>(normalized.size()),
                  all_[tensor].step, ByteType::kS8, tables.data());
    steps_.push_back([this, tables = std::move(tables),
                      pixels = shape.size() / shape.channels,
                      channels = shape.channels, to = all_[tensor].buffer] {
      LookUpBytes(pixels, channels, tables.data(), pixels_,
                  static_cast<uint8_t*>(buffers_[to].data()));
    });
    return absl::OkStatus();
  }

  absl::Status Begin(int i, const ConvolutionShape& shape) {
    const std::string& name = graph_.nodes(i).name();
    Pending layer{.shape = shape};
    ASSIGN_OR_RETURN(layer.input, TensorOf(shaped_.inputs[i][0]));
    const auto found = packed_.find(name + "/weights");
    if (found == packed_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the model has no tensor ", name, "/weights"));
    }
    const PackedTensor& packed = *found->second;
    if (static_cast<int64_t>(packed.count()) != shape.weight_count())
      return absl::InvalidArgumentError("its weights have another shape");
    if (packed.packing() == PackedTensor::F32) {
      ASSIGN_OR_RETURN(const std::vector<float> values,
                       ValuesOf(*model_, packed));
      layer.weights = BytesOfValues(values, shape.out_channels);
    } else {
      ASSIGN_OR_RETURN(const CodedWeights coded, CodesOf(*model_, packed));
      if (graph_.nodes(i).has_linear() &&
          all_[layer.input].type == ByteType::kU8) {
        ASSIGN_OR_RETURN(layer.product,
                         LinearProduct::Create(coded, LinearShapeOf(shape),
                                               options_.reference));
      }
      if (layer.product == nullptr) {
        layer.weights = options_.exact
                            ? ExactBytesOfCodes(coded, shape.out_channels)
                            : BytesOfCodes(coded, shape.out_channels);
        weight_error_ = std::max(weight_error_, layer.weights.error);
      }
    }
    layer.scale.assign(shape.out_channels, 1);
    layer.shift.assign(shape.out_channels, 0);
    if (packed_.count(name + "/bias") > 0) {
      ASSIGN_OR_RETURN(layer.shift, Values(name + "/bias", shape.out_channels));
    }
    pending_.emplace(i, std::move(layer));
    return absl::OkStatus();
  }

  absl::Status Normalize(int i) {
    const std::string& name = graph_.nodes(i).name();
    const int64_t channels = InputShape(i).channels;
    ASSIGN_OR_RETURN(std::vector<float> scale,
                     Values(name + "/scale", channels));
    ASSIGN_OR_RETURN(std::vector<float> shift,
                     Values(name + "/shift", channels));
    Pending* const layer = PendingInput(i);
    if (layer == nullptr || layer->residual >= 0) {
      ASSIGN_OR_RETURN(const int input, TensorOf(shaped_.inputs[i][0]));
      scalings_[i] = {input, std::move(scale), std::move(shift)};
      return absl::OkStatus();
    }
    for (int64_t c = 0; c < channels; ++c) {
      layer->scale[c] *= scale[c];
      layer->shift[c] = layer->shift[c] * scale[c] + shift[c];
    }
    MovePending(shaped_.inputs[i][0], i);
    return absl::OkStatus();
  }

  absl::Status Add(int i) {
    // The layer that is added last takes the other operand as its residual.
    const bool second_is_later = shaped_.inputs[i][1] > shaped_.inputs[i][0];
    for (const size_t which :
         {size_t{second_is_later}, size_t{!second_is_later}}) {
      Pending* const layer = PendingInput(i, which);
      if (layer == nullptr || layer->residual >= 0) continue;
      ASSIGN_OR_RETURN(layer->residual, TensorOf(shaped_.inputs[i][1 - which]));
      MovePending(shaped_.inputs[i][which], i);
      return absl::OkStatus();
    }
    return absl::UnimplementedError(
        "an addition without a layer right before it has no integer form yet");
  }

  absl::Status EmitRelu(int i) {
    const int input = shaped_.inputs[i][0];
    if (scalings_.count(input) > 0 && consumers_[input] == 1)
      return EmitScaling(input, i);
    if (PendingInput(i) == nullptr) {
      return absl::UnimplementedError(
          "a ReLU that does not follow a layer has no integer form yet");
    }
    return Emit(input, i, /*relu=*/true);
  }

  // Computes node `from`'s normalization; the result, not below 0, is `to`'s.
  absl::Status EmitScaling(int from, int to) {
    Scaling scaling = std::move(scalings_[from]);
    scalings_.erase(from);
    ASSIGN_OR_RETURN(const float clip, ClipOf(to));
    const ByteTensor& input = all_[scaling.input];
    const float step = clip / 255;
    for (size_t c = 0; c < scaling.scale.size(); ++c) {
      scaling.scale[c] *= input.step / step;
      scaling.shift[c] /= step;
    }
    const int64_t pixels = input.shape.size() / input.shape.channels;
    const ByteType type = input.type;
    const int from_buffer = input.buffer;
    --all_[scaling.input].readers;
    const int output = NewTensor(to, shaped_.shapes[to], ByteType::kU8, step);
    steps_.push_back([this, pixels, type, scaling = std::move(scaling),
                      from_buffer, to_buffer = all_[output].buffer] {
      ScaleBytes(pixels, type, scaling.scale, scaling.shift,
                 buffers_[from_buffer].data(),
                 static_cast<uint8_t*>(buffers_[to_buffer].data()));
    });
    return absl::OkStatus();
  }

  // Computes the pending layer `from`; the result is node `to`'s.
  absl::Status Emit(int from, int to, bool relu) {
    const auto found = pending_.find(from);
    if (found == pending_.end())
      return absl::UnimplementedError("it has no integer form yet");
    Pending& layer = found->second;
    ASSIGN_OR_RETURN(const float clip, ClipOf(to));
    const ByteType type = relu ? ByteType::kU8 : ByteType::kS8;
    const float step = clip / (relu ? 255 : 127);
    const int input = layer.input, residual = layer.residual;
    S8Convolution::Options options = {.input = all_[input].type,
                                      .output = type,
                                      .relu = relu,
                                      .packed = options_.packed};
    int in_place = -1;
    --all_[input].readers;
    if (residual >= 0) {
      options.residual = all_[residual].type;
      options.residual_scale = all_[residual].step / step;
      // The result may take the residual's place when nobody else reads it.
      if (--all_[residual].readers == 0 &&
          all_[residual].buffer != all_[input].buffer)
        in_place = all_[residual].buffer;
    }
    for (size_t c = 0; c < layer.scale.size(); ++c) {
      layer.scale[c] *= all_[input].step / step;
      layer.shift[c] /= step;
    }
    const int output = NewTensor(to, shaped_.shapes[to], type, step, in_place);
    const int from_buffer = all_[input].buffer, to_buffer = all_[output].buffer;
    if (layer.product != nullptr) {
      if (residual >= 0) {
        return absl::UnimplementedError(
            "an addition to a linear layer has no integer form yet");
      }
      EmitProduct(layer, relu, type, from_buffer, to_buffer);
      pending_.erase(found);
      return absl::OkStatus();
    }
    if (residual >= 0 && in_place < 0) {
      const int residual_buffer = all_[residual].buffer;
      steps_.push_back([this, residual_buffer, to_buffer] {
        std::memcpy(buffers_[to_buffer].data(),
                    buffers_[residual_buffer].data(),
                    buffers_[to_buffer].bytes());
      });
    }
    const ByteWeights& weights = layer.weights;
    if (weights.more_values.empty()) {
      RETURN_IF_ERROR(EmitConvolution(layer, options, weights.values,
                                      weights.scales, layer.shift, from_buffer,
                                      to_buffer));
    } else {
      RETURN_IF_ERROR(EmitTwoProducts(layer, options, from_buffer, to_buffer));
    }
    pending_.erase(found);
    return absl::OkStatus();
  }

  // Multiplies by the layer's product, which the program keeps from now on.
  struct ScaledProduct {
    LinearProduct* product = nullptr;
    std::vector<float> scales, more_scales;
  };
  ScaledProduct Keep(Pending& layer) {
    weight_bytes_ += layer.product->weight_bytes();
    products_.push_back(std::move(layer.product));
    ScaledProduct scaled = {products_.back().get(), products_.back()->scales(),
                            products_.back()->more_scales()};
    for (size_t c = 0; c < scaled.scales.size(); ++c)
      scaled.scales[c] *= layer.scale[c];
    for (size_t c = 0; c < scaled.more_scales.size(); ++c)
      scaled.more_scales[c] *= layer.scale[c];
    const size_t count = options_.batch * scaled.scales.size();
    sums_.resize(std::max(sums_.size(), count));
    more_sums_.resize(sums_.size());
    return scaled;
  }
  void MultiplyBy(LinearProduct& product, int from_buffer) {
    product.Multiply(options_.batch,
                     static_cast<const uint8_t*>(buffers_[from_buffer].data()),
                     sums_.data(), more_sums_.data());
  }

  void EmitProduct(Pending& layer, bool relu, ByteType type, int from_buffer,
                   int to_buffer) {
    steps_.push_back([this, scaled = Keep(layer), biases = layer.shift, relu,
                      type, from_buffer, to_buffer] {
      MultiplyBy(*scaled.product, from_buffer);
      RoundSums(options_.batch, scaled.scales, sums_.data(), scaled.more_scales,
                more_sums_.data(), biases, relu, type,
                buffers_[to_buffer].data());
    });
  }

  // scales: of `weights`, before the layer's own.
  absl::Status EmitConvolution(const Pending& layer,
                               const S8Convolution::Options& options,
                               const std::vector<int8_t>& weights,
                               std::vector<float> scales,
                               const std::vector<float>& biases,
                               int from_buffer, int to_buffer) {
    for (size_t c = 0; c < scales.size(); ++c) scales[c] *= layer.scale[c];
    if (options_.reference) {
      weight_bytes_ += static_cast<int64_t>(weights.size());
      steps_.push_back([this, shape = layer.shape, options, weights, scales,
                        biases, from_buffer, to_buffer] {
        reference::S8Convolution(shape, options, buffers_[from_buffer].data(),
                                 weights, scales, biases,
                                 buffers_[to_buffer].data());
      });
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(
        auto convolution,
        S8Convolution::Create(layer.shape, options, weights, scales, biases));
    weight_bytes_ += convolution->weight_bytes();
    convolutions_.push_back(std::move(convolution));
    steps_.push_back([this, convolution = convolutions_.back().get(),
                      from_buffer, to_buffer] {
      convolution->Run(buffers_[from_buffer].data(),
                       buffers_[to_buffer].data());
    });
    return absl::OkStatus();
  }

  // The first product's values, the second's added to them, the sum rounded.
  absl::Status EmitTwoProducts(const Pending& layer,
                               const S8Convolution::Options& options,
                               int from_buffer, int to_buffer) {
    const ByteWeights& weights = layer.weights;
    const int64_t count = layer.shape.output().size();
    const auto values_buffer = static_cast<int>(buffers_.size());
    buffers_.emplace_back(count * sizeof(float));
    S8Convolution::Options of_values = {
        .input = options.input, .values = true, .packed = options.packed};
    RETURN_IF_ERROR(EmitConvolution(layer, of_values, weights.values,
                                    weights.scales, layer.shift, from_buffer,
                                    values_buffer));
    of_values.residual_scale = 1;
    RETURN_IF_ERROR(EmitConvolution(
        layer, of_values, weights.more_values, weights.more_scales,
        std::vector<float>(layer.shift.size(), 0), from_buffer, values_buffer));
    steps_.push_back([this, count, options, values_buffer, to_buffer] {
      void* const output = buffers_[to_buffer].data();
      RoundToBytes(buffers_[values_buffer].floats(), count,
                   options.residual_scale, options.residual, output,
                   options.relu, options.output, output);
    });
    return absl::OkStatus();
  }

  absl::Status EmitPooling(int i) {
    ASSIGN_OR_RETURN(const int input, TensorOf(shaped_.inputs[i][0]));
    const PoolingShape shape =
        ShapeOf(graph_.nodes(i).pooling(), all_[input].shape);
    const auto window =
        static_cast<float>(shape.window_height * shape.window_width);
    float step = all_[input].step;
    if (shape.kind == PoolingShape::Kind::kAverage && window > 1) {
      if (shape.padding > 0 || shape.ceil_mode) {
        return absl::UnimplementedError(
            "averages at a border have no integer form yet");
      }
      // Averages fill less of the range than what they are of.
      ASSIGN_OR_RETURN(const float clip, ClipOf(i));
      step = clip / (all_[input].type == ByteType::kU8 ? 255 : 127);
    }
    const float scale = all_[input].step / (window * step);
    --all_[input].readers;
    const int output = NewTensor(i, shaped_.shapes[i], all_[input].type, step);
    steps_.push_back([this, shape, scale, type = all_[input].type,
                      from = all_[input].buffer, to = all_[output].buffer] {
      PoolBytes(shape, type, scale, buffers_[from].data(), buffers_[to].data());
    });
    return absl::OkStatus();
  }

  absl::Status EmitChannelPad(int i) {
    ASSIGN_OR_RETURN(const int input, TensorOf(shaped_.inputs[i][0]));
    const Shape in = all_[input].shape;
    --all_[input].readers;
    const int output =
        NewTensor(i, shaped_.shapes[i], all_[input].type, all_[input].step);
    steps_.push_back([this, pixels = in.batch * in.height * in.width,
                      channels = in.channels,
                      before = graph_.nodes(i).channel_pad().before(),
                      out_channels = all_[output].shape.channels,
                      from = all_[input].buffer, to = all_[output].buffer] {
      PadChannelsOfBytes(pixels, channels, before, out_channels,
                         buffers_[from].data(), buffers_[to].data());
    });
    return absl::OkStatus();
  }

  absl::Status EmitConcat(int i) {
    ASSIGN_OR_RETURN(const float clip, ClipOf(i));
    const int output =
        NewTensor(i, shaped_.shapes[i], ByteType::kU8, clip / 255);
    const Shape out = all_[output].shape;
    int64_t before = 0;
    for (const int node : shaped_.inputs[i]) {
      ASSIGN_OR_RETURN(const int input, TensorOf(node));
      ByteTensor& part = all_[input];
      if (part.type != ByteType::kU8) {
        return absl::UnimplementedError(
            "a concatenation of what does not come from a ReLU has no integer "
            "form yet");
      }
      std::vector<uint8_t> table;
      if (part.step != all_[output].step) {
        std::vector<float> values(256);
        for (int byte = 0; byte < 256; ++byte)
          values[byte] = static_cast<float>(byte) * part.step;
        table.resize(256);
        QuantizeBytes(values.data(), 256, all_[output].step, ByteType::kU8,
                      table.data());
      }
      --part.readers;
      steps_.push_back([this, pixels = out.size() / out.channels, before,
                        channels = part.shape.channels,
                        out_channels = out.channels, table = std::move(table),
                        from = part.buffer, to = all_[output].buffer] {
        InsertChannelsOfBytes(
            pixels, channels, before, out_channels, table,
            static_cast<const uint8_t*>(buffers_[from].data()),
            static_cast<uint8_t*>(buffers_[to].data()));
      });
      before += part.shape.channels;
    }
    return absl::OkStatus();
  }

  absl::Status EmitLocalResponseNormalization(int i) {
    ASSIGN_OR_RETURN(const int input, TensorOf(shaped_.inputs[i][0]));
    if (all_[input].type != ByteType::kU8) {
      return absl::UnimplementedError(
          "a normalization of what does not come from a ReLU has no integer "
          "form yet");
    }
    ASSIGN_OR_RETURN(const float clip, ClipOf(i));
    --all_[input].readers;
    const int output =
        NewTensor(i, shaped_.shapes[i], ByteType::kU8, clip / 255);
    steps_.push_back(
        [this,
         shape = ShapeOf(graph_.nodes(i).local_response_normalization(),
                         all_[input].shape),
         input_step = all_[input].step, output_step = all_[output].step,
         from = all_[input].buffer, to = all_[output].buffer] {
          NormalizeLocalResponseOfBytes(
              shape, input_step, output_step,
              static_cast<const uint8_t*>(buffers_[from].data()),
              static_cast<uint8_t*>(buffers_[to].data()));
        });
    return absl::OkStatus();
  }

  // What is nothing in inference: dropout.
  absl::Status PassOn(int i) {
    ASSIGN_OR_RETURN(tensors_[i], TensorOf(shaped_.inputs[i][0]));
    all_[tensors_[i]].readers += consumers_[i] - 1;
    return absl::OkStatus();
  }

  // The last layer: its sums as they are, scaled in f32.
  absl::Status EmitLogits(int i) {
    const auto found = pending_.find(i);
    if (found == pending_.end() || found->second.residual >= 0 ||
        !graph_.nodes(i).has_linear() ||
        all_[found->second.input].type != ByteType::kU8) {
      return absl::UnimplementedError(
          "a network that does not end in a linear layer behind a ReLU has no "
          "integer form yet");
    }
    Pending& layer = found->second;
    const ByteWeights& weights = layer.weights;
    const int from = all_[layer.input].buffer;
    for (float& scale : layer.scale) scale *= all_[layer.input].step;
    if (layer.product != nullptr) {
      steps_.push_back(
          [this, scaled = Keep(layer), biases = layer.shift, from] {
            MultiplyBy(*scaled.product, from);
            ScaleSums(options_.batch, scaled.scales, sums_.data(),
                      scaled.more_scales, more_sums_.data(), biases, logits_);
          });
      return absl::OkStatus();
    }
    const std::vector<float>& scales = layer.scale;
    steps_.push_back([this, shifts = layer.shift] {
      for (int64_t image = 0; image < options_.batch; ++image) {
        std::copy(shifts.begin(), shifts.end(),
                  logits_ + image * static_cast<int64_t>(shifts.size()));
      }
    });
    RETURN_IF_ERROR(EmitLogitSums(layer.shape, weights.values, weights.scales,
                                  scales, from));
    if (weights.more_values.empty()) return absl::OkStatus();
    return EmitLogitSums(layer.shape, weights.more_values, weights.more_scales,
                         scales, from);
  }

  // logits += weight_scales * scales * (the buffer's bytes times the weights)
  absl::Status EmitLogitSums(const ConvolutionShape& layer,
                             const std::vector<int8_t>& weights,
                             const std::vector<float>& weight_scales,
                             std::vector<float> scales, int from) {
    const IntegerLinearShape shape = LinearShapeOf(layer);
    const size_t count = options_.batch * shape.outputs;
    sums_.resize(std::max(sums_.size(), count));
    weight_bytes_ += static_cast<int64_t>(weights.size());
    if (options_.reference) {
      steps_.push_back([this, shape, weights, from] {
        reference::IntegerLinear(
            shape, options_.batch,
            static_cast<const uint8_t*>(buffers_[from].data()), weights,
            sums_.data());
      });
    } else {
      ASSIGN_OR_RETURN(auto linear,
                       S8Linear::Create(options_.batch, shape, weights));
      linears_.push_back(std::move(linear));
      steps_.push_back([this, linear = linears_.back().get(), from] {
        linear->Multiply(static_cast<const uint8_t*>(buffers_[from].data()),
                         sums_.data());
      });
    }
    for (size_t c = 0; c < scales.size(); ++c) scales[c] *= weight_scales[c];
    steps_.push_back([this, count, scales = std::move(scales)] {
      for (size_t at = 0; at < count; ++at)
        logits_[at] +=
            static_cast<float>(sums_[at]) * scales[at % scales.size()];
    });
    return absl::OkStatus();
  }

  const Options options_;
  const Graph graph_;
  ShapedGraph shaped_;
  std::vector<int> consumers_;      // [node]
  std::vector<int> only_consumer_;  // [node], -1 where there are not one
  std::vector<ByteTensor> all_;
  std::vector<Buffer> buffers_;
  std::vector<std::unique_ptr<S8Convolution>> convolutions_;
  std::vector<std::unique_ptr<S8Linear>> linears_;
  std::vector<std::unique_ptr<LinearProduct>> products_;
  std::vector<std::function<void()>> steps_;
  std::vector<int32_t> sums_, more_sums_;  // of one linear layer at a time
  const uint8_t* pixels_ = nullptr;
  float* logits_ = nullptr;
  double weight_error_ = 0;
  int64_t weight_bytes_ = 0;

  // While compiling.
  const PackedModel* model_;
  std::map<std::string, const PackedTensor*> packed_;
  std::vector<int> tensors_;         // [node] -> all_, -1 where there is none
  std::map<int, Pending> pending_;   // by the node whose result it is
  std::map<int, Scaling> scalings_;  // likewise
};

}  // namespace

absl::StatusOr<std::unique_ptr<IntegerProgram>> CompileByteProgram(
    const PackedModel& model, const IntegerProgram::Options& options) {
  auto program = std::make_unique<ByteProgram>(model, options);
  RETURN_IF_ERROR(program->Compile());
  return program;
}

}  // namespace tritlab
