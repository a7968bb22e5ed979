// How fast the kernels are, at the shapes of ResNet-20 on 32x32 images (batch
// 128) and of AlexNet's and VGG's linear layers (batch 1).
//
//   bazel run -c opt //kernels:benchmarks -- --benchmark_filter=Convolution
//
// items_per_second is images/s; the label is the implementation. times_KIND:
// how many times faster than that kind of the same run; share_of_peak and
// share_of_memory: of what roofline.h measures. All threads that
// OMP_NUM_THREADS allows take part.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/wall_clock_rate.h"
#include "benchmark/benchmark.h"
#include "kernels/batch_normalization.h"
#include "kernels/convolution.h"
#include "kernels/elementwise.h"
#include "kernels/fused_batch_normalization.h"
#include "kernels/integer/power_of_two_linear.h"
#include "kernels/integer/s8_convolution.h"
#include "kernels/integer/s8_linear.h"
#include "kernels/integer/ternary_linear.h"
#include "kernels/linear.h"
#include "kernels/onednn_batch_normalization.h"
#include "kernels/onednn_info.h"
#include "kernels/pooling.h"
#include "kernels/roofline.h"
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

enum class NormalizedBy { kFused, kOneDnn };

void RunBatchNormalization(benchmark::State& state, const Shape& shape,
                           DataType type, NormalizedBy by, bool add,
                           const std::string& pass) {
  const BatchNormalizationShape described = {
      .input = shape, .relu = true, .add = add};
  const auto created =
      by == NormalizedBy::kFused
          ? CreateFusedBatchNormalization(described, type)
          : CreateOneDnnBatchNormalization(described, type, /*training=*/true);
  BatchNormalization* layer = Get(created, state);
  if (layer == nullptr) return;
  Buffer input = Activations(type, shape.size());
  Buffer addend = Activations(type, shape.size());
  Buffer output = Activations(type, shape.size());
  Buffer grad_output = Activations(type, shape.size());
  Buffer grad_input = Activations(type, shape.size());
  Buffer grad_addend = Activations(type, shape.size());
  const void* const added = add ? addend.data() : nullptr;
  const std::vector<float> scale(shape.channels, 1.0f);
  const std::vector<float> shift(shape.channels, 0.0f);
  std::vector<float> mean(shape.channels), variance(shape.channels);
  std::vector<float> grad_scale(shape.channels), grad_shift(shape.channels);
  layer->ForwardTraining(input.data(), added, scale, shift, output.data(), mean,
                         variance);
  const WallClockRate rate;
  for (auto _ : state) {
    if (pass == "inference") {
      layer->ForwardInference(input.data(), added, scale, shift, mean, variance,
                              output.data());
    } else if (pass == "forward") {
      layer->ForwardTraining(input.data(), added, scale, shift, output.data(),
                             mean, variance);
    } else {
      layer->Backward(input.data(), output.data(),
                      {.output = grad_output.data(),
                       .input = grad_input.data(),
                       .addend = add ? grad_addend.data() : nullptr},
                      scale, grad_scale, grad_shift);
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

// The seconds that each pass took in this run, by a key, so that later ones can
// be held against earlier ones.
std::map<std::string, double>& SecondsOf() {
  static auto& seconds = *new std::map<std::string, double>;
  return seconds;
}

// Times run(). work: what one pass takes, as a share of a second of the roofs.
void TimeAgainst(benchmark::State& state, const std::string& key,
                 const std::map<std::string, std::string>& baselines,
                 const std::map<std::string, double>& work,
                 const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) run();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  const double seconds = took.count() / state.iterations();
  SecondsOf()[key] = seconds;
  for (const auto& [name, baseline] : baselines) {
    const auto found = SecondsOf().find(baseline);
    if (found != SecondsOf().end() && baseline != key)
      state.counters[absl::StrCat("times_", name)] = found->second / seconds;
  }
  for (const auto& [name, least_seconds] : work)
    state.counters[absl::StrCat("share_of_", name)] = least_seconds / seconds;
}

struct LinearCase {
  const char* name;
  LinearShape shape;

  std::string Key(const std::string& kind) const {
    return absl::StrCat(name, "/", kind, "/batch:", shape.batch);
  }
};

// Times multiply(), which reads weight_bytes of weights.
void RunLinear(benchmark::State& state, const LinearCase& layer,
               const std::string& kind, int64_t weight_bytes,
               const std::function<void()>& multiply) {
  const LinearShape& shape = layer.shape;
  const double multiply_adds =
      static_cast<double>(shape.batch) * shape.in_features * shape.out_features;
  const Roofline& roofline = MeasuredRoofline();
  const bool is_float = kind == "f32" || kind == "bf16";
  const WallClockRate rate;
  TimeAgainst(state, layer.Key(kind),
              {{"f32", layer.Key("f32")}, {"s8", layer.Key("s8")}},
              {{"peak", multiply_adds / (is_float ? roofline.f32_multiply_adds
                                                  : roofline.s8_multiply_adds)},
               {"memory", weight_bytes / roofline.bytes}},
              multiply);
  rate.SetItemsProcessed(state, state.iterations() * shape.batch);
  rate.SetBytesProcessed(state, state.iterations() * weight_bytes);
}

void RunFloatLinear(benchmark::State& state, const LinearCase& layer,
                    DataType type) {
  const LinearShape& shape = layer.shape;
  const auto created = Linear::Create(shape, type, /*training=*/false);
  Linear* linear = Get(created, state);
  if (linear == nullptr) return;
  const int64_t weights = shape.in_features * shape.out_features;
  linear->SetWeights(Values(weights),
                     std::vector<float>(shape.out_features, 0.0f));
  const Buffer input = Activations(type, shape.batch * shape.in_features);
  Buffer output = Activations(type, shape.batch * shape.out_features);
  RunLinear(state, layer, Name(type), weights * SizeOf(type),
            [&] { linear->Forward(input.data(), output.data()); });
}

// Integers without pattern, of the values that are allowed.
template <typename Integer>
std::vector<Integer> Integers(int64_t count,
                              const std::vector<Integer>& allowed) {
  const std::vector<float> values = Values(count);
  std::vector<Integer> integers(count);
  for (int64_t i = 0; i < count; ++i) {
    const double share = 0.5 * values[i] + 0.5;  // 1 as well, if seldom
    integers[i] = allowed[std::min(static_cast<size_t>(share * allowed.size()),
                                   allowed.size() - 1)];
  }
  return integers;
}

std::vector<uint8_t> ByteActivations(int64_t count) {
  std::vector<uint8_t> values(256);
  for (int i = 0; i < 256; ++i) values[i] = static_cast<uint8_t>(i);
  return Integers(count, values);
}

// kind: "s8", "ternary", "ternary_sides", "pow2" (5 bits) or "pow2_4bit".
void RunIntegerLinear(benchmark::State& state, const LinearCase& layer,
                      const std::string& kind) {
  const int64_t batch = layer.shape.batch;
  const IntegerLinearShape shape = {.inputs = layer.shape.in_features,
                                    .outputs = layer.shape.out_features};
  const int64_t weights = shape.inputs * shape.outputs;
  const std::vector<uint8_t> input = ByteActivations(batch * shape.inputs);
  std::vector<int32_t> sums(batch * shape.outputs), others = sums;
  if (kind == "s8") {
    const auto created =
        S8Linear::Create(batch, shape, Integers<int8_t>(weights, {-9, 3, 7}));
    S8Linear* linear = Get(created, state);
    if (linear == nullptr) return;
    RunLinear(state, layer, kind, weights,
              [&] { linear->Multiply(input.data(), sums.data()); });
  } else if (kind == "pow2" || kind == "pow2_4bit") {
    std::vector<int16_t> allowed = {-4, -2, -1, 0, 1, 2, 4};
    if (kind == "pow2")
      allowed.insert(allowed.end(), {-128, -64, -32, -16, 8, 16, 32, 128});
    const auto linear =
        *PowerOfTwoLinear::Create(shape, Integers(weights, allowed));
    RunLinear(state, layer, kind, linear->weight_bytes(),
              [&] { linear->Multiply(batch, input.data(), sums.data()); });
  } else {
    const auto linear =
        *TernaryLinear::Create(shape, Integers<int8_t>(weights, {-1, 0, 1}));
    RunLinear(state, layer, kind, linear->weight_bytes(), [&] {
      if (kind == "ternary") {
        linear->Multiply(batch, input.data(), sums.data());
      } else {
        linear->MultiplySides(batch, input.data(), sums.data(), others.data());
      }
    });
  }
}

S8Convolution::Implementation ImplementationOf(const std::string& kind) {
  if (kind == "vnni") return S8Convolution::Implementation::kVnni;
  return absl::StartsWith(kind, "widened")
             ? S8Convolution::Implementation::kWidened
             : S8Convolution::Implementation::kOneDnn;
}

// kind: "onednn" (whose sums saturate where there is no VNNI), "vnni" or
// "widened"; "_packed" behind it: with weights at 2 bits.
void RunS8Convolution(benchmark::State& state, const ConvolutionShape& shape,
                      const std::string& layer, const std::string& kind) {
  const auto created = S8Convolution::Create(
      shape, {.relu = true, .packed = absl::EndsWith(kind, "_packed")},
      Integers<int8_t>(shape.weight_count(), {-1, 0, 1}),
      std::vector<float>(shape.out_channels, 0.01f),
      std::vector<float>(shape.out_channels, 3.0f), ImplementationOf(kind));
  S8Convolution* const convolution = Get(created, state);
  if (convolution == nullptr) return;
  const std::vector<uint8_t> input = ByteActivations(shape.input.size());
  std::vector<uint8_t> output(shape.output().size());
  const double multiply_adds = static_cast<double>(shape.output().size()) *
                               (shape.weight_count() / shape.out_channels);
  const WallClockRate rate;
  TimeAgainst(
      state, layer + kind, {{"onednn", layer + "onednn"}},
      {{"peak", multiply_adds / MeasuredRoofline().s8_multiply_adds},
       {"memory", convolution->weight_bytes() / MeasuredRoofline().bytes}},
      [&] { convolution->Run(input.data(), output.data()); });
  rate.SetItemsProcessed(state, state.iterations() * shape.input.batch);
}

// The roofs themselves: multiply-adds and bytes a second.
void ShowRoofline(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(MeasuredRoofline());
  state.counters["f32_multiply_adds"] = MeasuredRoofline().f32_multiply_adds;
  state.counters["s8_multiply_adds"] = MeasuredRoofline().s8_multiply_adds;
  state.counters["memory_bytes"] = MeasuredRoofline().bytes;
}

ConvolutionShape ShapeOf3x3(int64_t batch, int64_t size, int64_t in_channels,
                            int64_t out_channels, int64_t stride) {
  return {.input = {batch, size, size, in_channels},
          .out_channels = out_channels,
          .kernel_height = 3,
          .kernel_width = 3,
          .stride = stride,
          .padding = 1};
}

void RegisterS8Convolution(const ConvolutionShape& shape,
                           const std::string& name, const std::string& kind) {
  Register(absl::StrCat("S8Convolution/", name, kind),
           [=](benchmark::State& state) {
             RunS8Convolution(state, shape, name, kind);
           });
}

// Layers of ResNet-18 for one image of 224x224, whose weights take longer to
// read than the image.
void RegisterLargeS8Convolutions() {
  for (const int64_t channels : {128, 256, 512}) {
    const int64_t size = 3584 / channels;
    const std::string name = absl::StrCat(size, "x", size, "x", channels, "_",
                                          channels, "/batch:1/");
    for (const char* kind :
         {"onednn", "onednn_packed", "widened", "widened_packed"}) {
      RegisterS8Convolution(ShapeOf3x3(1, size, channels, channels, 1), name,
                            kind);
    }
  }
}

void RegisterConvolutions() {
  struct Layer {
    int64_t size, in_channels, out_channels, stride;
  };
  // Each kind of 3x3 convolution in ResNet-20.
  for (const Layer& layer :
       {Layer{32, 3, 16, 1}, Layer{32, 16, 16, 1}, Layer{32, 16, 32, 2},
        Layer{16, 32, 32, 1}, Layer{16, 32, 64, 2}, Layer{8, 64, 64, 1}}) {
    const ConvolutionShape shape =
        ShapeOf3x3(kBatch, layer.size, layer.in_channels, layer.out_channels,
                   layer.stride);
    const std::string name =
        absl::StrCat(layer.size, "x", layer.size, "x", layer.in_channels, "_",
                     layer.out_channels, layer.stride == 2 ? "_stride2/" : "/");
    for (const char* kind : {"onednn", "vnni", "widened"})
      RegisterS8Convolution(shape, name, kind);
    for (DataType type : kTypes) {
      for (const char* pass :
           {"forward", "backward_input", "backward_weights", "set_weights"}) {
        Register(absl::StrCat("Convolution/", name, Name(type), "/", pass),
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
        for (const bool add : {false, true}) {
          for (const NormalizedBy by :
               {NormalizedBy::kFused, NormalizedBy::kOneDnn}) {
            Register(
                absl::StrCat("BatchNormalization", add ? "Add" : "", "Relu", at,
                             pass,
                             by == NormalizedBy::kFused ? "/fused" : "/onednn"),
                [=](benchmark::State& state) {
                  RunBatchNormalization(state, shape, type, by, add, pass);
                });
          }
        }
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
  Register("Roofline", ShowRoofline);
  // fc6 and fc7 are AlexNet's, VGG's fc6 is the largest of all. The baselines
  // come first.
  for (const int64_t batch : {1, 8}) {
    for (const LinearCase& layer :
         {LinearCase{"fc6", {batch, 9216, 4096}},
          LinearCase{"fc7", {batch, 4096, 4096}},
          LinearCase{"vgg_fc6", {batch, 25088, 4096}}}) {
      for (const DataType type : kTypes) {
        Register(absl::StrCat("Linear/", layer.Key(Name(type))),
                 [=](benchmark::State& state) {
                   RunFloatLinear(state, layer, type);
                 });
      }
      for (const std::string kind :
           {"s8", "ternary", "ternary_sides", "pow2", "pow2_4bit"}) {
        Register(absl::StrCat("Linear/", layer.Key(kind)),
                 [=](benchmark::State& state) {
                   RunIntegerLinear(state, layer, kind);
                 });
      }
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
  tritlab::RegisterLargeS8Convolutions();
  tritlab::RegisterActivations();
  tritlab::RegisterLinears();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
