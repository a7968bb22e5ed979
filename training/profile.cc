// Where the time of a training step goes, operator by operator:
//
//   bazel run //training:profile -- --network=resnet20 --data_type=bf16
//
// prints a table (profile_table.h); --trace=FILE writes the steps as a trace
// for chrome://tracing or Perfetto. Exit status: 0 done, 1 a step failed, 2 bad
// flags.
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/monotonic_clock.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "base/text_proto.h"
#include "kernels/onednn_info.h"
#include "kernels/roofline.h"
#include "kernels/threads.h"
#include "kernels/threads_flag.h"
#include "quant/policy.h"
#include "training/chrome_trace.h"
#include "training/measured_training.h"
#include "training/profile_table.h"
#include "training/step_profile.h"

ABSL_FLAG(
    std::string, network, "resnet20",
    "for 32x32: resnet20, 32, 44, 56, 110 (any 6n + 2 but 50), vgg_small; "
    "for 224x224: resnet18, resnet34, resnet50, vgg16, vgg16_bn");
ABSL_FLAG(std::string, data_type, "",
          "f32 or bf16; empty: bf16 where its products are the faster ones");
ABSL_FLAG(int32_t, batch, 128, "images a step");
ABSL_FLAG(std::string, policy, "",
          "how weights are quantized, as a text proto: "
          "'rules { layers: \"*\" quantizer { ttq { } } }'");
ABSL_FLAG(int32_t, warm_up, 5, "steps before the first that is measured");
ABSL_FLAG(int32_t, steps, 20, "steps that are measured");
ABSL_FLAG(std::string, trace, "", "where to write a Chrome trace of them");
ABSL_FLAG(int32_t, threads, 0, "threads to compute with; 0: one a processor");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Profiles training steps by operator.\n"
    "  --network=resnet20 [--data_type=bf16] [--batch=128] [--trace=FILE]";

absl::Status AtLeast(int32_t value, int32_t least, const char* flag) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, " is ", value, "; it must be at least ", least));
}

absl::StatusOr<DataType> DataTypeFlag() {
  const std::string name = absl::GetFlag(FLAGS_data_type);
  if (name.empty()) return DefaultDataType();
  for (const DataType type : {DataType::kF32, DataType::kBF16})
    if (name == Name(type)) return type;
  return absl::InvalidArgumentError(
      absl::StrCat("--data_type is \"", name, "\"; give f32 or bf16"));
}

absl::StatusOr<Policy> PolicyFlag() {
  Policy policy;
  if (const absl::Status parsed =
          ParseTextProto(absl::GetFlag(FLAGS_policy), "--policy", policy);
      !parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        parsed.message(),
        "; give for example 'rules { layers: \"*\" quantizer { ttq { } } }'"));
  }
  RETURN_IF_ERROR(WithPrefix("--policy", ValidatePolicy(policy)));
  return policy;
}

absl::StatusOr<Graph> NetworkFlag() {
  absl::StatusOr<Graph> network = MeasuredNetwork(absl::GetFlag(FLAGS_network));
  RETURN_IF_ERROR(WithPrefix("--network", network.status()));
  return network;
}

absl::Status Run(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const int32_t batch = absl::GetFlag(FLAGS_batch);
  const int32_t warm_up = absl::GetFlag(FLAGS_warm_up);
  const int32_t steps = absl::GetFlag(FLAGS_steps);
  const int32_t threads = absl::GetFlag(FLAGS_threads);
  RETURN_IF_ERROR(AtLeast(batch, 1, "batch"));
  if (batch > 65536)
    return absl::InvalidArgumentError("--batch: it must be 1 to 65536");
  RETURN_IF_ERROR(AtLeast(warm_up, 0, "warm_up"));
  RETURN_IF_ERROR(AtLeast(steps, 1, "steps"));
  RETURN_IF_ERROR(ApplyThreadsFlag(threads));
  ASSIGN_OR_RETURN(const DataType type, DataTypeFlag());
  ASSIGN_OR_RETURN(const Policy policy, PolicyFlag());
  ASSIGN_OR_RETURN(const Graph graph, NetworkFlag());
  ASSIGN_OR_RETURN(const MeasuredTraining training,
                   BeginMeasuredTraining(graph, type, batch, policy));
  Trainer& trainer = *training.trainer;
  for (int32_t step = 0; step < warm_up; ++step)
    RETURN_IF_ERROR(trainer.Step());

  StepProfile profile(trainer.network().whole_graph());
  trainer.ObserveSteps([&](const StepPart& part) { profile.Add(part); },
                       [&](const OperatorRun& run) { profile.Add(run); });
  for (int32_t step = 0; step < steps; ++step) {
    const double start = MonotonicSeconds();
    RETURN_IF_ERROR(trainer.Step());
    profile.EndStep(MonotonicSeconds() - start);
  }
  std::printf("%s, %s, batch %d, %d threads: %.0f images/s\n",
              graph.name().c_str(), Name(type), batch, Threads(),
              static_cast<double>(steps) * batch / profile.seconds());
  std::printf("%s", ProfileTable(profile, MeasuredRoofline()).c_str());
  const std::string trace = absl::GetFlag(FLAGS_trace);
  if (trace.empty()) return absl::OkStatus();
  return WriteFileAtomically(FromWorkingDirectory(trace),
                             ChromeTrace(profile.events()));
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Run);
}
