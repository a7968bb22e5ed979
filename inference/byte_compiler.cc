#include "inference/byte_compiler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "inference/byte_layers.h"
#include "inference/byte_passes.h"
#include "inference/byte_plan.h"
#include "inference/byte_program.h"
#include "inference/byte_tensor.h"
#include "inference/byte_weights.h"
#include "inference/linear_product.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

// A layer that is not computed yet, with what is known to follow. Batch
// normalization, a residual and a ReLU are folded into it as they come.
struct Pending {
  int input = -1;   // a tensor, or
  int floats = -1;  // a buffer, where the layer is computed in f32
  float step = 1;   // of the input's values
  ByteLayer layer = {};
  int residual = -1;  // a tensor
};

// Batch normalization of a tensor, not computed yet.
struct Scaling {
  int input = -1;  // a tensor
  std::vector<float> scale = {}, shift = {};
};

// Walks through the graph once.
class ByteCompiler {
 public:
  ByteCompiler(const BytePlan& plan, ByteProgram& program)
      : plan_(plan), program_(program), tensors_(plan.nodes(), -1) {}

  absl::Status Compile() {
    for (int i = 0; i < plan_.nodes(); ++i)
      RETURN_IF_ERROR(WithPrefix(NameOf(i), Visit(i)));
    const int last = plan_.nodes() - 1;
    return WithPrefix(NameOf(last), EmitLogits(last));
  }

 private:
  std::string NameOf(int i) const {
    return absl::StrCat("node ", plan_.graph().nodes(i).name());
  }

  absl::Status Visit(int i) {
    const Node& node = plan_.graph().nodes(i);
    switch (node.operator_case()) {
      case Node::kInput:
        return ReadNormalization();
      case Node::kConvolution:
        return Begin(i, ShapeOf(node.convolution(), plan_.InputShape(i)));
      case Node::kLinear:
        return Begin(i, {.input = {program_.batch(), 1, 1,
                                   plan_.InputShape(i).image_size()},
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

  // A new tensor of node i, or, with `buffer`, in a buffer that is there.
  int NewTensor(int i, ByteType type, float step, int buffer = -1) {
    const Shape& shape = plan_.ShapeOf(i);
    if (buffer < 0) buffer = program_.AddBuffer(shape.size());
    tensors_[i] = static_cast<int>(all_.size());
    all_.push_back({shape, type, step, buffer, plan_.Consumers(i)});
    return tensors_[i];
  }

  // The tensor of node i, computed now if it is not yet.
  absl::StatusOr<int> TensorOf(int i) {
    if (tensors_[i] >= 0) return tensors_[i];
    if (i == 0) {
      EmitImage();
    } else {
      RETURN_IF_ERROR(Emit(i, i, /*relu=*/false));
    }
    return tensors_[i];
  }

  // The tensor of node i's input, one reader of which is the caller.
  absl::StatusOr<int> Read(int i, size_t which = 0) {
    ASSIGN_OR_RETURN(const int input, TensorOf(plan_.InputsOf(i)[which]));
    --all_[input].readers;
    return input;
  }

  void MovePending(int from, int to) {
    auto moved = pending_.extract(from);
    moved.key() = to;
    pending_.insert(std::move(moved));
  }

  absl::Status ReadNormalization() {
    ASSIGN_OR_RETURN(normalized_, NormalizedPixels(plan_.model().description,
                                                   plan_.ShapeOf(0).channels));
    return absl::OkStatus();
  }

  void EmitImage() {
    const int image = NewTensor(0, ByteType::kS8, StepOfPixels(normalized_));
    program_.AddStep(ImageAsBytes(normalized_, all_[image]));
  }

  absl::Status Begin(int i, const ConvolutionShape& shape) {
    Pending pending;
    ByteLayer& layer = pending.layer;
    layer.shape = shape;
    ASSIGN_OR_RETURN(const PackedTensor* const packed,
                     plan_.WeightsOf(i, shape.weight_count()));
    if (plan_.InFloats(i)) {
      ASSIGN_OR_RETURN(layer.values, ValuesOf(plan_.model(), *packed));
      RETURN_IF_ERROR(ReadAsFloats(i, pending));
    } else {
      ASSIGN_OR_RETURN(pending.input, TensorOf(plan_.InputsOf(i)[0]));
      pending.step = all_[pending.input].step;
      RETURN_IF_ERROR(MakeBytes(i, *packed, pending));
    }
    layer.scale.assign(shape.out_channels, 1);
    layer.shift.assign(shape.out_channels, 0);
    const Node& node = plan_.graph().nodes(i);
    if (node.has_linear() || node.convolution().bias()) {
      ASSIGN_OR_RETURN(layer.shift,
                       plan_.Values(node.name() + "/bias", shape.out_channels));
    }
    pending_.emplace(i, std::move(pending));
    return absl::OkStatus();
  }

  // What node i reads, in floats: the image as it is, another tensor's bytes.
  absl::Status ReadAsFloats(int i, Pending& pending) {
    const int input = plan_.InputsOf(i)[0];
    const Shape& shape = plan_.ShapeOf(input);
    pending.floats = program_.AddBuffer(shape.size() * int64_t{sizeof(float)});
    if (input == 0) {
      program_.AddStep(ImageAsFloats(normalized_, shape, pending.floats));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const int tensor, Read(i));
    pending.step = all_[tensor].step;
    program_.AddStep(BytesAsFloats(all_[tensor], pending.floats));
    return absl::OkStatus();
  }

  // Node i's weights for products of bytes.
  absl::Status MakeBytes(int i, const PackedTensor& packed, Pending& pending) {
    ByteLayer& layer = pending.layer;
    const int64_t outputs = layer.shape.out_channels;
    if (packed.packing() == PackedTensor::F32) {
      ASSIGN_OR_RETURN(const std::vector<float> values,
                       ValuesOf(plan_.model(), packed));
      layer.weights = BytesOfValues(values, outputs);
      layer.bias_steps = BiasSteps(values, outputs);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(CodedWeights coded, CodesOf(plan_.model(), packed));
    bool takes_codes = plan_.graph().nodes(i).has_linear();
    if (takes_codes && !program_.options().exact) {
      const auto error = RoundToCommonMeasure(coded, outputs);
      program_.CountWeights(0, error.value_or(0));
      takes_codes = error.has_value();
    }
    layer.bias_steps = BiasSteps(coded, outputs);
    if (takes_codes && all_[pending.input].type == ByteType::kU8 &&
        LinearProduct::Has(coded.codebook)) {
      ASSIGN_OR_RETURN(
          layer.product,
          LinearProduct::Create(std::move(coded), LinearShapeOf(layer.shape),
                                program_.options().reference));
      return absl::OkStatus();
    }
    layer.weights = program_.options().exact
                        ? ExactBytesOfCodes(coded, outputs)
                        : UnclippedBytesOfCodes(coded, outputs);
    program_.CountWeights(0, layer.weights.error);
    return absl::OkStatus();
  }

  absl::Status Normalize(int i) {
    const std::string& name = plan_.graph().nodes(i).name();
    const int64_t channels = plan_.InputShape(i).channels;
    ASSIGN_OR_RETURN(std::vector<float> scale,
                     plan_.Values(name + "/scale", channels));
    ASSIGN_OR_RETURN(std::vector<float> shift,
                     plan_.Values(name + "/shift", channels));
    const int of = plan_.InputsOf(i)[0];
    if (!plan_.IsFolded(i)) {
      ASSIGN_OR_RETURN(const int input, TensorOf(of));
      scalings_[i] = {input, std::move(scale), std::move(shift)};
      return absl::OkStatus();
    }
    ByteLayer& layer = pending_.at(of).layer;
    for (int64_t c = 0; c < channels; ++c) {
      layer.scale[c] *= scale[c];
      layer.shift[c] = layer.shift[c] * scale[c] + shift[c];
    }
    MovePending(of, i);
    return absl::OkStatus();
  }

  absl::Status Add(int i) {
    const int layer = plan_.UnroundedOperand(i);
    if (layer < 0) {
      return absl::UnimplementedError(
          "an addition without a layer right before it has no integer form "
          "yet");
    }
    const std::vector<int>& inputs = plan_.InputsOf(i);
    ASSIGN_OR_RETURN(pending_.at(layer).residual,
                     TensorOf(layer == inputs[0] ? inputs[1] : inputs[0]));
    MovePending(layer, i);
    return absl::OkStatus();
  }

  absl::Status EmitRelu(int i) {
    const int input = plan_.InputsOf(i)[0];
    if (scalings_.count(input) > 0 && plan_.OnlyConsumer(input) == i)
      return EmitScaling(input, i);
    if (pending_.count(input) == 0 || plan_.OnlyConsumer(input) != i) {
      return absl::UnimplementedError(
          "a ReLU that does not follow a layer has no integer form yet");
    }
    return Emit(input, i, /*relu=*/true);
  }

  // Computes node `from`'s normalization; the result, not below 0, is `to`'s.
  absl::Status EmitScaling(int from, int to) {
    Scaling scaling = std::move(scalings_[from]);
    scalings_.erase(from);
    ASSIGN_OR_RETURN(const float clip, plan_.ClipOf(to));
    --all_[scaling.input].readers;
    const int output =
        NewTensor(to, ByteType::kU8, StepOf(clip, ByteType::kU8));
    program_.AddStep(ScaleChannels(all_[scaling.input],
                                   std::move(scaling.scale),
                                   std::move(scaling.shift), all_[output]));
    return absl::OkStatus();
  }

  // Computes the pending layer `from`; the result is node `to`'s.
  absl::Status Emit(int from, int to, bool relu) {
    auto found = pending_.extract(from);
    if (found.empty())
      return absl::UnimplementedError("it has no integer form yet");
    Pending& pending = found.mapped();
    ASSIGN_OR_RETURN(const float clip, plan_.ClipOf(to));
    const ByteType type = relu ? ByteType::kU8 : ByteType::kS8;
    const float step = StepOf(clip, type);
    S8Convolution::Options options = {
        .output = type, .relu = relu, .packed = program_.options().packed};
    int from_buffer = pending.floats;
    if (pending.input >= 0) {
      ByteTensor& input = all_[pending.input];
      options.input = input.type;
      from_buffer = input.buffer;
      --input.readers;
    }
    int in_place = -1;
    if (pending.residual >= 0) {
      ByteTensor& residual = all_[pending.residual];
      options.residual = residual.type;
      options.residual_scale = residual.step / step;
      // The result may take the residual's place when nobody else reads it.
      if (--residual.readers == 0 && residual.buffer != from_buffer)
        in_place = residual.buffer;
    }
    ByteLayer& layer = pending.layer;
    RoundShifts(pending.step, layer);
    for (size_t c = 0; c < layer.scale.size(); ++c) {
      layer.scale[c] *= pending.step / step;
      layer.shift[c] /= step;
    }
    const int to_buffer = all_[NewTensor(to, type, step, in_place)].buffer;
    if (pending.residual >= 0 && in_place < 0) {
      program_.AddStep([residual = all_[pending.residual].buffer,
                        to_buffer](ByteMemory& memory) {
        std::memcpy(memory.At(to_buffer), memory.At(residual),
                    memory.buffers[to_buffer].bytes());
      });
    }
    return AddLayer(layer, options, from_buffer, to_buffer, program_);
  }

  absl::Status EmitPooling(int i) {
    ASSIGN_OR_RETURN(const int input, Read(i));
    const PoolingShape shape =
        ShapeOf(plan_.graph().nodes(i).pooling(), all_[input].shape);
    const bool average = shape.kind == PoolingShape::Kind::kAverage &&
                         shape.window_height * shape.window_width > 1;
    float step = all_[input].step;
    if (average) {
      if (shape.padding > 0 || shape.ceil_mode) {
        return absl::UnimplementedError(
            "averages at a border have no integer form yet");
      }
      // Averages fill less of the range than what they are of.
      ASSIGN_OR_RETURN(const float clip, plan_.ClipOf(i));
      step = StepOf(clip, all_[input].type);
    }
    const int output = NewTensor(i, all_[input].type, step);
    program_.AddStep(Pool(shape, all_[input], all_[output]));
    return absl::OkStatus();
  }

  absl::Status EmitChannelPad(int i) {
    ASSIGN_OR_RETURN(const int input, Read(i));
    const int output = NewTensor(i, all_[input].type, all_[input].step);
    program_.AddStep(PadChannels(all_[input],
                                 plan_.graph().nodes(i).channel_pad().before(),
                                 all_[output]));
    return absl::OkStatus();
  }

  absl::Status EmitConcat(int i) {
    ASSIGN_OR_RETURN(const float clip, plan_.ClipOf(i));
    const int output = NewTensor(i, ByteType::kU8, StepOf(clip, ByteType::kU8));
    int64_t before = 0;
    for (size_t which = 0; which < plan_.InputsOf(i).size(); ++which) {
      ASSIGN_OR_RETURN(const int part, Read(i, which));
      if (all_[part].type != ByteType::kU8) {
        return absl::UnimplementedError(
            "a concatenation of what does not come from a ReLU has no integer "
            "form yet");
      }
      program_.AddStep(InsertChannels(all_[part], before, all_[output]));
      before += all_[part].shape.channels;
    }
    return absl::OkStatus();
  }

  absl::Status EmitLocalResponseNormalization(int i) {
    ASSIGN_OR_RETURN(const int input, Read(i));
    if (all_[input].type != ByteType::kU8) {
      return absl::UnimplementedError(
          "a normalization of what does not come from a ReLU has no integer "
          "form yet");
    }
    ASSIGN_OR_RETURN(const float clip, plan_.ClipOf(i));
    const int output = NewTensor(i, ByteType::kU8, StepOf(clip, ByteType::kU8));
    program_.AddStep(NormalizeLocalResponse(
        ShapeOf(plan_.graph().nodes(i).local_response_normalization(),
                all_[input].shape),
        all_[input], all_[output]));
    return absl::OkStatus();
  }

  // What is nothing in inference: dropout.
  absl::Status PassOn(int i) {
    ASSIGN_OR_RETURN(tensors_[i], TensorOf(plan_.InputsOf(i)[0]));
    all_[tensors_[i]].readers += plan_.Consumers(i) - 1;
    return absl::OkStatus();
  }

  // The last layer: its sums as they are, scaled in f32.
  absl::Status EmitLogits(int i) {
    const auto found = pending_.extract(i);
    const bool has_form = !found.empty() && found.mapped().residual < 0 &&
                          plan_.graph().nodes(i).has_linear() &&
                          (found.mapped().floats >= 0 ||
                           all_[found.mapped().input].type == ByteType::kU8);
    if (!has_form) {
      return absl::UnimplementedError(
          "a network that does not end in a linear layer behind a ReLU has no "
          "integer form yet");
    }
    Pending& pending = found.mapped();
    RoundShifts(pending.step, pending.layer);
    for (float& scale : pending.layer.scale) scale *= pending.step;
    return AddLogits(
        pending.layer,
        pending.floats >= 0 ? pending.floats : all_[pending.input].buffer,
        program_);
  }

  const BytePlan& plan_;
  ByteProgram& program_;
  std::vector<float> normalized_;  // pixels
  std::vector<ByteTensor> all_;
  std::vector<int> tensors_;         // [node] -> all_, -1 where there is none
  std::map<int, Pending> pending_;   // by the node whose result it is
  std::map<int, Scaling> scalings_;  // likewise
};

// Of what lies between layers: bytes, and values in f32 where a layer needs
// them.
absl::Status CheckActivations(const BytePlan& plan,
                              const IntegerProgram::Options& options) {
  double bytes = 0;
  for (int i = 0; i < plan.nodes(); ++i)
    bytes += static_cast<double>(plan.ShapeOf(i).size());
  // One buffer of f32 values serves all layers that need it: those of two
  // products and those in f32. What the latter read are others.
  int64_t values = 0;
  for (const int i : WeightedNodes(plan.graph())) {
    if (plan.InFloats(i))
      bytes += 4.0 * static_cast<double>(plan.InputShape(i).size());
    if (options.exact || plan.InFloats(i) ||
        MayNeedTwoProducts(plan.CodebookOf(i)))
      values = std::max(values, plan.ShapeOf(i).size());
  }
  bytes += 4.0 * static_cast<double>(values);
  return CheckMemory(
      absl::StrCat(plan.graph().name(), " with batches of ", options.batch),
      bytes, "use a smaller batch");
}

}  // namespace

absl::StatusOr<std::unique_ptr<IntegerProgram>> CompileByteProgram(
    const PackedModel& model, const IntegerProgram::Options& options) {
  ASSIGN_OR_RETURN(const BytePlan plan, BytePlan::Create(model, options.batch));
  RETURN_IF_ERROR(CheckActivations(plan, options));
  auto program = std::make_unique<ByteProgram>(
      options, plan.ShapeOf(0), plan.ShapeOf(plan.nodes() - 1).channels);
  RETURN_IF_ERROR(ByteCompiler(plan, *program).Compile());
  return program;
}

}  // namespace tritlab
