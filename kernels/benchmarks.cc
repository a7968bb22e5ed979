// How fast the kernels are, at the shapes of ResNet-20 on 32x32 images (batch
// 128) and of AlexNet's and VGG's linear layers (batch 1).
//
//   bazel run -c opt //kernels:benchmarks -- --benchmark_filter=Convolution
//
// items_per_second is images/s; the label is the oneDNN implementation. All
// threads that OMP_NUM_THREADS allows take part.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/wall_clock_rate.h"
#include "benchmark/benchmark.h"
#include "kernels/batch_normalization.h"
#include "kernels/convolution.h"
#include "kernels/elementwise.h"
#include "kernels/linear.h"
#include "kernels/onednn_info.h"
#include "kernels/pooling.h"
#include "kernels/softmax_cross_entropy.h"
#include "kernels/tensor.h"
#include "kernels/threads.h"

namespace tritlab {
namespace {

constexpr int64_t kBatch = 128;
constexpr DataType kTypes[] = {DataType::kF32, DataType::kBF16};

// Values without pattern in [-1, 1): denormals or zeros would not take the time
// that real data takes.
std::vector<float> Values(int64_t count) {
  std::vector<float> values(count);
  uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525 + 1013904223;
    value = static_cast<int32_t>(state) * 0x1p-31f;
  }
  return values;
}

Buffer Activations(DataType type, int64_t count) {
  Buffer buffer(count * SizeOf(type));
  FromFloat(Values(count).data(), count, type, buffer.data());
  return buffer;
}

void Register(const std::string& name,
              std::function<void(benchmark::State&)> run) {
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->Unit(benchmark::kMillisecond);
}

// The object that `created` holds; ends the benchmark where it holds an error.
template <typename Kernel>
Kernel* Get(const absl::StatusOr<std::unique_ptr<Kernel>>& created,
            benchmark::State& state) {
  if (created.ok()) {
    state.SetLabel((*created)->Implementations());
    return created->get();
  }
  state.SkipWithError(created.status().ToString().c_str());
  return nullptr;
}

void RunConvolution(benchmark::State& state, const ConvolutionShape& shape,
                    DataType type, const std::string& pass) {
  const auto created = Convolution::Create(
      shape, type, {.training = true, .input_gradient = true});
  Convolution* convolution = Get(created, state);
  if (convolution == nullptr) return;
  const std::vector<float> weights = Values(shape.weight_count());
  convolution->SetWeights(weights, {});
  Buffer input = Activations(type, shape.input.size());
  Buffer output = Activations(type, shape.output().size());
  std::vector<float> grad_weights(weights.size());
  const WallClockRate rate;
  for (auto _ : state) {
    if (pass == "set_weights") convolution->SetWeights(weights, {});
    if (pass == "forward") convolution->Forward(input.data(), output.data());
    if (pass == "backward_input") {
      convolution->BackwardInput(output.data(), input.data());
    }
    if (pass == "backward_weights") {
      convolution->BackwardWeights(input.data(), output.data(), grad_weights,
                                   {});
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * shape.input.batch);
  const double multiply_adds = static_cast<double>(shape.output().size()) *
                               (shape.weight_count() / shape.out_channels);
  state.counters["GFLOPS"] = benchmark::Counter(
      2e-9 * multiply_adds, benchmark::Counter::kIsIterationInvariantRate);
}

void RunBatchNormalization(benchmark::State& state, const Shape& shape,
                           DataType type, const std::string& pass) {
  const auto created = BatchNormalization::Create(
      {.input = shape, .relu = true}, type, /*training=*/true);
  BatchNormalization* layer = Get(created, state);
  if (layer == nullptr) return;
  Buffer input = Activations(type, shape.size());
  Buffer output = Activations(type, shape.size());
  Buffer grad_input = Activations(type, shape.size());
  const std::vector<float> scale(shape.channels, 1.0f);
  const std::vector<float> shift(shape.channels, 0.0f);
  std::vector<float> mean(shape.channels), variance(shape.channels);
  std::vector<float> grad_scale(shape.channels), grad_shift(shape.channels);
  layer->ForwardTraining(input.data(), scale, shift, output.data(), mean,
                         variance);
  const WallClockRate rate;
  for (auto _ : state) {
    if (pass == "inference") {
      layer->ForwardInference(input.data(), scale, shift, mean, variance,
                              output.data());
    } else if (pass == "forward") {
      layer->ForwardTraining(input.data(), scale, shift, output.data(), mean,
                             variance);
    } else {
      layer->Backward(input.data(), output.data(), scale, grad_input.data(),
                      grad_scale, grad_shift);
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * shape.batch);
}

void RunAddRelu(benchmark::State& state, const Shape& shape, DataType type,
                const std::string& pass) {
  const Buffer a = Activations(type, shape.size());
  const Buffer b = Activations(type, shape.size());
  const Buffer c = Activations(type, shape.size());
  Buffer result = Activations(type, shape.size());
  int64_t arrays = 0;
  const WallClockRate rate;
  for (auto _ : state) {
    if (pass == "forward") {
      AddForward(type, shape.size(), a.data(), b.data(), true, result.data());
      arrays = 3;
    } else if (pass == "backward") {
      AddReluBackward(type, shape.size(), a.data(), b.data(), nullptr,
                      result.data());
      arrays = 3;
    } else {
      AddReluBackward(type, shape.size(), a.data(), b.data(), c.data(),
                      result.data());
      arrays = 4;
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * shape.batch);
  rate.SetBytesProcessed(
      state, state.iterations() * arrays * shape.size() * SizeOf(type));
}

void RunChannelPad(benchmark::State& state, const Shape& shape, DataType type,
                   bool forward) {
  const int64_t pixels = shape.batch * shape.height * shape.width;
  Buffer narrow = Activations(type, shape.size());
  Buffer wide = Activations(type, 2 * shape.size());
  const WallClockRate rate;
  for (auto _ : state) {
    if (forward) {
      ChannelPadForward(type, pixels, shape.channels, shape.channels / 2,
                        2 * shape.channels, narrow.data(), wide.data());
    } else {
      ChannelPadBackward(type, pixels, shape.channels, shape.channels / 2,
                         2 * shape.channels, wide.data(), narrow.data());
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * shape.batch);
  rate.SetBytesProcessed(state,
                         state.iterations() * 3 * shape.size() * SizeOf(type));
}

void RunPooling(benchmark::State& state, const PoolingShape& shape,
                DataType type, bool forward) {
  const auto created = Pooling::Create(shape, type, /*training=*/true);
  Pooling* pooling = Get(created, state);
  if (pooling == nullptr) return;
  Buffer input = Activations(type, shape.input.size());
  Buffer output = Activations(type, shape.output().size());
  pooling->Forward(input.data(), output.data());
  const WallClockRate rate;
  for (auto _ : state) {
    if (forward) {
      pooling->Forward(input.data(), output.data());
    } else {
      pooling->Backward(output.data(), input.data());
    }
  }
  rate.SetItemsProcessed(state, state.iterations() * shape.input.batch);
}

void RunSoftmaxCrossEntropy(benchmark::State& state, int64_t classes,
                            DataType type) {
  const Buffer logits = Activations(type, kBatch * classes);
  Buffer gradient = Activations(type, kBatch * classes);
  const std::vector<int32_t> labels(kBatch, 3);
  const WallClockRate rate;
  for (auto _ : state) {
    benchmark::DoNotOptimize(SoftmaxCrossEntropy(
        type, classes, logits.data(), labels, kBatch, 0.1f, gradient.data()));
  }
  rate.SetItemsProcessed(state, state.iterations() * kBatch);
}

void RunLinear(benchmark::State& state, const LinearShape& shape,
               DataType type) {
  const auto created = Linear::Create(shape, type, /*training=*/false);
  Linear* linear = Get(created, state);
  if (linear == nullptr) return;
  linear->SetWeights(Values(shape.in_features * shape.out_features),
                     std::vector<float>(shape.out_features, 0.0f));
  const Buffer input = Activations(type, shape.batch * shape.in_features);
  Buffer output = Activations(type, shape.batch * shape.out_features);
  const WallClockRate rate;
  for (auto _ : state) linear->Forward(input.data(), output.data());
  rate.SetItemsProcessed(state, state.iterations() * shape.batch);
  rate.SetBytesProcessed(state, state.iterations() * shape.in_features *
                                    shape.out_features * SizeOf(type));
}

void RegisterConvolutions() {
  struct Layer {
    int64_t size, in_channels, out_channels, stride;
  };
  // Each kind of 3x3 convolution in ResNet-20.
  for (const Layer& layer :
       {Layer{32, 3, 16, 1}, Layer{32, 16, 16, 1}, Layer{32, 16, 32, 2},
        Layer{16, 32, 32, 1}, Layer{16, 32, 64, 2}, Layer{8, 64, 64, 1}}) {
    const ConvolutionShape shape = {
        .input = {kBatch, layer.size, layer.size, layer.in_channels},
        .out_channels = layer.out_channels,
        .kernel_height = 3,
        .kernel_width = 3,
        .stride = layer.stride,
        .padding = 1};
    for (DataType type : kTypes) {
      for (const char* pass :
           {"forward", "backward_input", "backward_weights", "set_weights"}) {
        Register(absl::StrCat("Convolution/", layer.size, "x", layer.size, "x",
                              layer.in_channels, "_", layer.out_channels,
                              layer.stride == 2 ? "_stride2/" : "/", Name(type),
                              "/", pass),
                 [=](benchmark::State& state) {
                   RunConvolution(state, shape, type, pass);
                 });
      }
    }
  }
}

void RegisterActivations() {
  for (const Shape& shape :
       {Shape{kBatch, 32, 32, 16}, Shape{kBatch, 16, 16, 32},
        Shape{kBatch, 8, 8, 64}}) {
    for (DataType type : kTypes) {
      const std::string at =
          absl::StrCat("/", shape.height, "x", shape.width, "x", shape.channels,
                       "/", Name(type), "/");
      for (const char* pass : {"forward", "backward", "inference"}) {
        Register(absl::StrCat("BatchNormalizationRelu", at, pass),
                 [=](benchmark::State& state) {
                   RunBatchNormalization(state, shape, type, pass);
                 });
      }
      for (const char* pass : {"forward", "backward", "backward_two"}) {
        Register(absl::StrCat("AddRelu", at, pass),
                 [=](benchmark::State& state) {
                   RunAddRelu(state, shape, type, pass);
                 });
      }
      for (const bool forward : {true, false}) {
        const char* pass = forward ? "forward" : "backward";
        Register(absl::StrCat("ChannelPad", at, pass),
                 [=](benchmark::State& state) {
                   RunChannelPad(state, shape, type, forward);
                 });
        // The subsampling of a parameter-free shortcut.
        const PoolingShape subsampling = {
            .kind = PoolingShape::Kind::kAverage, .input = shape, .stride = 2};
        Register(absl::StrCat("Subsampling", at, pass),
                 [=](benchmark::State& state) {
                   RunPooling(state, subsampling, type, forward);
                 });
        if (shape.height > 8) continue;
        const PoolingShape global = {.kind = PoolingShape::Kind::kAverage,
                                     .input = shape,
                                     .window_height = shape.height,
                                     .window_width = shape.width};
        Register(absl::StrCat("GlobalPooling", at, pass),
                 [=](benchmark::State& state) {
                   RunPooling(state, global, type, forward);
                 });
      }
    }
  }
  for (int64_t classes : {10, 1000}) {
    for (DataType type : kTypes) {
      Register(absl::StrCat("SoftmaxCrossEntropy/", classes, "/", Name(type)),
               [=](benchmark::State& state) {
                 RunSoftmaxCrossEntropy(state, classes, type);
               });
    }
  }
}

void RegisterLinears() {
  struct Layer {
    const char* name;
    LinearShape shape;
  };
  // fc6 and fc7 are AlexNet's, VGG's fc6 is the largest of all.
  for (const Layer& layer :
       {Layer{"fc6", {1, 9216, 4096}}, Layer{"fc7", {1, 4096, 4096}},
        Layer{"vgg_fc6", {1, 25088, 4096}}}) {
    for (DataType type : kTypes) {
      Register(absl::StrCat("Linear/", layer.name, "/", Name(type),
                            "/batch:", layer.shape.batch),
               [=](benchmark::State& state) {
                 RunLinear(state, layer.shape, type);
               });
    }
  }
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("oneDNN", tritlab::OneDnnVersion());
  benchmark::AddCustomContext("instruction_set", tritlab::InstructionSet());
  benchmark::AddCustomContext("threads", absl::StrCat(tritlab::Threads()));
  tritlab::RegisterConvolutions();
  tritlab::RegisterActivations();
  tritlab::RegisterLinears();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
