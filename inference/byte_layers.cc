#include "inference/byte_layers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "base/all_finite.h"
#include "base/status_macros.h"
#include "inference/byte_memory.h"
#include "kernels/integer/byte_elementwise.h"
#include "kernels/integer/reference/integer_linear.h"
#include "kernels/integer/reference/s8_convolution.h"
#include "kernels/integer/s8_linear.h"
#include "kernels/ordered_convolution.h"
#include "kernels/reference/ordered_convolution.h"

namespace tritlab {
namespace {

std::vector<float> Product(std::vector<float> a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}

// Else values would be no numbers, which no byte stands for.
absl::Status CheckFinite(const ByteLayer& layer, float residual_scale = 0) {
  const auto finite = [&](const std::vector<float>& weight_scales) {
    return AllFinite(Product(weight_scales, layer.scale));
  };
  const bool product_is_finite =
      layer.product == nullptr ||
      (finite(layer.product->scales()) && finite(layer.product->more_scales()));
  if (product_is_finite && finite(layer.weights.scales) &&
      finite(layer.weights.more_scales) && AllFinite(layer.scale) &&
      AllFinite(layer.shift) && std::isfinite(residual_scale))
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      "its scales or biases are beyond what floats hold; pack the network "
      "anew");
}

// scales: of `weights`, before the layer's own.
absl::Status AddConvolution(const ByteLayer& layer,
                            const S8Convolution::Options& options,
                            const std::vector<int8_t>& weights,
                            const std::vector<float>& weight_scales,
                            const std::vector<float>& biases, int from_buffer,
                            int to_buffer, ByteProgram& program) {
  const std::vector<float> scales = Product(weight_scales, layer.scale);
  if (program.options().reference) {
    program.CountWeights(static_cast<int64_t>(weights.size()));
    ConvolutionShape of_image = layer.shape;
    of_image.input.batch = 1;
    program.AddStep([of_image, options, weights, scales, biases, from_buffer,
                     to_buffer, images = program.batch()](ByteMemory& memory) {
      const int64_t out_bytes = of_image.output().size() *
                                (options.values ? int64_t{sizeof(float)} : 1);
#pragma omp parallel for schedule(static)
      for (int64_t image = 0; image < images; ++image) {
        reference::S8Convolution(
            of_image, options,
            memory.Unsigned(from_buffer) + image * of_image.input.size(),
            weights, scales, biases,
            static_cast<void*>(memory.Unsigned(to_buffer) + image * out_bytes));
      }
    });
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(
      auto created,
      S8Convolution::Create(layer.shape, options, weights, scales, biases));
  const std::shared_ptr<S8Convolution> convolution = std::move(created);
  program.CountWeights(convolution->weight_bytes());
  program.AddStep([convolution, from_buffer, to_buffer](ByteMemory& memory) {
    convolution->Run(memory.At(from_buffer), memory.At(to_buffer));
  });
  return absl::OkStatus();
}

// f32 values in a buffer become bytes; the residual is what is there yet.
void AddRounding(int64_t count, const S8Convolution::Options& options,
                 int values_buffer, int to_buffer, ByteProgram& program) {
  program.AddStep(
      [count, options, values_buffer, to_buffer](ByteMemory& memory) {
        void* const output = memory.At(to_buffer);
        RoundToBytes(memory.Floats(values_buffer), count,
                     options.residual_scale, options.residual, output,
                     options.relu, options.output, output);
      });
}

// The first product's values, the second's added to them, the sum rounded.
absl::Status AddTwoProducts(const ByteLayer& layer,
                            const S8Convolution::Options& options,
                            int from_buffer, int to_buffer,
                            ByteProgram& program) {
  const ByteWeights& weights = layer.weights;
  const int values_buffer = program.ValuesBuffer(layer.shape.output().size());
  S8Convolution::Options of_values = {
      .input = options.input, .values = true, .packed = options.packed};
  RETURN_IF_ERROR(AddConvolution(layer, of_values, weights.values,
                                 weights.scales, layer.shift, from_buffer,
                                 values_buffer, program));
  of_values.residual_scale = 1;
  RETURN_IF_ERROR(AddConvolution(layer, of_values, weights.more_values,
                                 weights.more_scales,
                                 std::vector<float>(layer.shift.size(), 0),
                                 from_buffer, values_buffer, program));
  AddRounding(layer.shape.output().size(), options, values_buffer, to_buffer,
              program);
  return absl::OkStatus();
}

using FloatFunction = std::function<void(const float* input, float* output)>;

// A layer in f32.
absl::StatusOr<FloatFunction> FloatLayer(const ByteLayer& layer,
                                         ByteProgram& program) {
  ASSIGN_OR_RETURN(auto created,
                   OrderedConvolution::Create(layer.shape, layer.values,
                                              layer.scale, layer.shift));
  const std::shared_ptr<const OrderedConvolution> convolution =
      std::move(created);
  program.CountWeights(convolution->weight_bytes());
  if (!program.options().reference) {
    return [convolution](const float* input, float* output) {
      convolution->Run(input, output);
    };
  }
  return [shape = layer.shape, values = layer.values, scale = layer.scale,
          shift = layer.shift](const float* input, float* output) {
    reference::OrderedConvolution(shape, input, values, scale, shift, output);
  };
}

absl::Status AddFloatLayer(const ByteLayer& layer,
                           const S8Convolution::Options& options,
                           int from_buffer, int to_buffer,
                           ByteProgram& program) {
  ASSIGN_OR_RETURN(FloatFunction run, FloatLayer(layer, program));
  const int values_buffer = program.ValuesBuffer(layer.shape.output().size());
  program.AddStep(
      [run = std::move(run), from_buffer, values_buffer](ByteMemory& memory) {
        run(memory.Floats(from_buffer), memory.Floats(values_buffer));
      });
  AddRounding(layer.shape.output().size(), options, values_buffer, to_buffer,
              program);
  return absl::OkStatus();
}

// The layer's product into the memory's sums; counted here.
ByteStep SumsOf(const ByteLayer& layer, int from_buffer, ByteProgram& program) {
  program.CountWeights(layer.product->weight_bytes());
  program.ReserveSums(layer.shape.out_channels);
  return [product = layer.product, from_buffer,
          batch = program.batch()](ByteMemory& memory) {
    product->Multiply(batch, memory.Unsigned(from_buffer), memory.sums.data(),
                      memory.more_sums.data());
  };
}

// With the layer's scale; empty where there is no second term.
std::vector<float> MoreScales(const ByteLayer& layer) {
  return layer.product->more_scales().empty()
             ? std::vector<float>()
             : Product(layer.product->more_scales(), layer.scale);
}

void AddProduct(const ByteLayer& layer, const S8Convolution::Options& options,
                int from_buffer, int to_buffer, ByteProgram& program) {
  program.AddStep(SumsOf(layer, from_buffer, program));
  program.AddStep([batch = program.batch(),
                   scales = Product(layer.product->scales(), layer.scale),
                   more_scales = MoreScales(layer), biases = layer.shift,
                   relu = options.relu, type = options.output,
                   to_buffer](ByteMemory& memory) {
    RoundSums(batch, scales, memory.sums.data(), more_scales,
              memory.more_sums.data(), biases, relu, type,
              memory.At(to_buffer));
  });
}

void AddProductLogits(const ByteLayer& layer, int from_buffer,
                      ByteProgram& program) {
  program.AddStep(SumsOf(layer, from_buffer, program));
  program.AddStep([batch = program.batch(),
                   scales = Product(layer.product->scales(), layer.scale),
                   more_scales = MoreScales(layer),
                   biases = layer.shift](ByteMemory& memory) {
    ScaleSums(batch, scales, memory.sums.data(), more_scales,
              memory.more_sums.data(), biases, memory.logits);
  });
}

// logits += weight_scales * the layer's * (the buffer's bytes times the
// weights)
absl::Status AddLogitSums(const ByteLayer& layer,
                          const std::vector<int8_t>& weights,
                          const std::vector<float>& weight_scales,
                          int from_buffer, ByteProgram& program) {
  const IntegerLinearShape shape = LinearShapeOf(layer.shape);
  const int64_t batch = program.batch();
  program.ReserveSums(shape.outputs);
  if (program.options().reference) {
    program.CountWeights(static_cast<int64_t>(weights.size()));
    program.AddStep([shape, batch, weights, from_buffer](ByteMemory& memory) {
      reference::IntegerLinear(shape, batch, memory.Unsigned(from_buffer),
                               weights, memory.sums.data());
    });
  } else {
    ASSIGN_OR_RETURN(auto created, S8Linear::Create(batch, shape, weights));
    const std::shared_ptr<S8Linear> linear = std::move(created);
    program.CountWeights(linear->weight_bytes());
    program.AddStep([linear, from_buffer](ByteMemory& memory) {
      linear->Multiply(memory.Unsigned(from_buffer), memory.sums.data());
    });
  }
  program.AddStep(
      [count = static_cast<size_t>(batch * shape.outputs),
       scales = Product(layer.scale, weight_scales)](ByteMemory& memory) {
        for (size_t at = 0; at < count; ++at) {
          memory.logits[at] +=
              static_cast<float>(memory.sums[at]) * scales[at % scales.size()];
        }
      });
  return absl::OkStatus();
}

}  // namespace

IntegerLinearShape LinearShapeOf(const ConvolutionShape& shape) {
  return {.inputs = shape.input.channels, .outputs = shape.out_channels};
}

void RoundShifts(float input_step, ByteLayer& layer) {
  for (size_t o = 0; o < layer.bias_steps.size(); ++o) {
    const float step = layer.bias_steps[o].Of(input_step, layer.scale[o]);
    if (step == 0) continue;
    const float steps = std::round(layer.shift[o] / step);
    if (std::abs(steps) <= kMostBiasSteps) layer.shift[o] = steps * step;
  }
}

absl::Status AddLayer(const ByteLayer& layer,
                      const S8Convolution::Options& options, int from_buffer,
                      int to_buffer, ByteProgram& program) {
  RETURN_IF_ERROR(CheckFinite(layer, options.residual_scale));
  if (!layer.values.empty())
    return AddFloatLayer(layer, options, from_buffer, to_buffer, program);
  if (layer.product != nullptr) {
    if (options.residual_scale != 0) {
      return absl::UnimplementedError(
          "an addition to a linear layer has no integer form yet");
    }
    AddProduct(layer, options, from_buffer, to_buffer, program);
    return absl::OkStatus();
  }
  const ByteWeights& weights = layer.weights;
  if (!weights.more_values.empty())
    return AddTwoProducts(layer, options, from_buffer, to_buffer, program);
  return AddConvolution(layer, options, weights.values, weights.scales,
                        layer.shift, from_buffer, to_buffer, program);
}

absl::Status AddLogits(const ByteLayer& layer, int from_buffer,
                       ByteProgram& program) {
  RETURN_IF_ERROR(CheckFinite(layer));
  if (!layer.values.empty()) {
    ASSIGN_OR_RETURN(FloatFunction run, FloatLayer(layer, program));
    program.AddStep([run = std::move(run), from_buffer](ByteMemory& memory) {
      run(memory.Floats(from_buffer), memory.logits);
    });
    return absl::OkStatus();
  }
  if (layer.product != nullptr) {
    AddProductLogits(layer, from_buffer, program);
    return absl::OkStatus();
  }
  program.AddStep([batch = program.batch(),
                   shifts = layer.shift](ByteMemory& memory) {
    for (int64_t image = 0; image < batch; ++image) {
      std::copy(shifts.begin(), shifts.end(),
                memory.logits + image * static_cast<int64_t>(shifts.size()));
    }
  });
  const ByteWeights& weights = layer.weights;
  RETURN_IF_ERROR(AddLogitSums(layer, weights.values, weights.scales,
                               from_buffer, program));
  if (weights.more_values.empty()) return absl::OkStatus();
  return AddLogitSums(layer, weights.more_values, weights.more_scales,
                      from_buffer, program);
}

}  // namespace tritlab
