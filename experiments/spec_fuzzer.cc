// Specs and sweeps as users write them, and settings from the command line: an
// input is read as a spec, as a sweep of a small experiment, and its first line
// as PATH=VALUE.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/fuzzing/fuzz_target.h"
#include "base/fuzzing/input_file.h"
#include "experiments/spec.pb.h"
#include "experiments/spec_file.h"
#include "experiments/sweep/sweep.h"
#include "experiments/sweep/sweep.pb.h"
#include "google/protobuf/text_format.h"

namespace tritlab {
namespace {

constexpr char kSpec[] = R"(
name: "small"
model { cifar_resnet { depth: 8 width: 4 } }
dataset { name: "synthetic" }
phases {
  name: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 } weight_decay: 1e-4 }
  schedule { learning_rate: 0.05 one_cycle { warmup_share: 0.3 } }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 3 batch_size: 16
  optimizer { adam { } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { threshold_factor: 0.05 } } } }
}
paper { phase: "ttq" top1: 91.13 }
seeds: [1, 2]
)";
constexpr char kSweep[] = R"(
name: "threshold"
set: "phases.ttq.epochs=1"
axes {
  name: "factor" labels: "low" labels: "high"
  fields {
    path: "phases.ttq.policy.rules.0.quantizer.ttq.threshold_factor"
    values: "0.01" values: "0.1"
  }
}
axes { name: "seed" fields { path: "seeds" values: "1" values: "2, 3" } }
seeds: 4
)";

ExperimentSpec Base() {
  ExperimentSpec base;
  if (!google::protobuf::TextFormat::ParseFromString(kSpec, &base))
    std::abort();
  return base;
}

void UseSpec(const std::string& path) {
  ExperimentSpec spec, again;
  if (!ReadTextProto(path, spec).ok() || !ValidateSpec(spec).ok()) return;
  // What a run keeps of it must be readable.
  if (!google::protobuf::TextFormat::ParseFromString(ToText(spec), &again))
    std::abort();
}

void UseSweep(const std::string& path, const ExperimentSpec& base) {
  SweepSpec sweep;
  if (ReadTextProto(path, sweep).ok())
    ExpandSweep(sweep, base, {}).status().IgnoreError();
}

void UseSetting(absl::string_view line, ExperimentSpec spec) {
  const size_t equals = line.find('=');
  if (equals == absl::string_view::npos) return;
  if (SetField(line.substr(0, equals), line.substr(equals + 1), spec).ok())
    ValidateSpec(spec).IgnoreError();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {kSpec,
          kSweep,
          "phases.ttq.epochs=4",
          "phases.2.name=inq",
          "phases.0.optimizer=adam { beta1: 0.8 }",
          "model.cifar_resnet.depth=20",
          "seeds=5, 6, 7",
          "dataset.source=\"a folder\""};
}

}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tritlab::ExperimentSpec base = tritlab::Base();
  static tritlab::InputFile file("fuzzed.textproto");
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  file.Set(text);
  tritlab::UseSpec(file.path());
  tritlab::UseSweep(file.path(), base);
  tritlab::UseSetting(text.substr(0, text.find('\n')), base);
  return 0;
}
