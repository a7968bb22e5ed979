// Prints what the model of training on many ranks (scaling_model.h) says for
// measured figures:
//
//   bazel run //reports:scaling -- --compute_seconds=0.8 --images=32
//       --gradient_bytes=102e6 --bandwidth_gbit=25 --latency_us=20
//
// Exit status: 0 done, 2 bad flags.

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/command_line.h"
#include "base/status_macros.h"
#include "reports/page/table.h"
#include "reports/scaling/scaling_model.h"

ABSL_FLAG(double, compute_seconds, 0,
          "of a step on one rank with its share of the batch, as measured");
ABSL_FLAG(double, overlap, 0.6,
          "the share of it that communication goes on behind: the backward "
          "pass after its first layers");
ABSL_FLAG(double, images, 0, "of a step on one rank");
ABSL_FLAG(double, gradient_bytes, 0,
          "4 for each trained value, such as 102e6 for ResNet-50");
ABSL_FLAG(double, bucket_bytes, 1 << 20, "as training sends them together");
ABSL_FLAG(double, bandwidth_gbit, 10, "of a rank's link, in Gbit/s");
ABSL_FLAG(double, latency_us, 50, "of a message, in microseconds");
ABSL_FLAG(std::string, algorithm, "ring", "ring, halving_doubling or binomial");
ABSL_FLAG(int32_t, waits, tritlab::kWaitsOfAStep,
          "short all-reduces of a step that all wait for; synchronized batch "
          "normalization adds two a layer");
ABSL_FLAG(std::string, ranks, "1,2,4,8,16,32,64,128,256",
          "the rows of the table");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Prints how fast training is on many ranks, by a model of its "
    "communication.";

// So that no figure of the table is beyond what it shows.
absl::Status CheckFlags() {
  const struct {
    const absl::Flag<double>* flag;
    double least, most;
  } flags[] = {{&FLAGS_compute_seconds, 1e-9, 1e9},
               {&FLAGS_overlap, 0, 1},
               {&FLAGS_images, 1, 1e12},
               {&FLAGS_gradient_bytes, 1, 1e15},
               {&FLAGS_bucket_bytes, 1, 1e15},
               {&FLAGS_bandwidth_gbit, 1e-6, 1e9},
               {&FLAGS_latency_us, 0, 1e9}};
  for (const auto& [flag, least, most] : flags) {
    const double value = absl::GetFlag(*flag);
    if (value >= least && value <= most) continue;
    return absl::InvalidArgumentError(absl::StrCat("--", flag->Name(), " is ",
                                                   value, "; it must be ",
                                                   least, " to ", most));
  }
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  RETURN_IF_ERROR(CheckFlags());
  ScalingModel model{.compute_seconds = absl::GetFlag(FLAGS_compute_seconds),
                     .overlap_seconds = absl::GetFlag(FLAGS_overlap) *
                                        absl::GetFlag(FLAGS_compute_seconds),
                     .images = absl::GetFlag(FLAGS_images),
                     .gradient_bytes = absl::GetFlag(FLAGS_gradient_bytes),
                     .bucket_bytes = absl::GetFlag(FLAGS_bucket_bytes),
                     .bandwidth = absl::GetFlag(FLAGS_bandwidth_gbit) * 1e9 / 8,
                     .latency = absl::GetFlag(FLAGS_latency_us) * 1e-6,
                     .waits = absl::GetFlag(FLAGS_waits)};
  const std::string algorithm = absl::GetFlag(FLAGS_algorithm);
  if (algorithm == "halving_doubling") {
    model.algorithm = AllReduceAlgorithm::kHalvingDoubling;
  } else if (algorithm == "binomial") {
    model.algorithm = AllReduceAlgorithm::kBinomial;
  } else if (algorithm != "ring") {
    return absl::InvalidArgumentError(
        absl::StrCat("--algorithm: \"", algorithm,
                     "\" is none of ring, halving_doubling and binomial"));
  }
  if (const absl::Status valid = ValidateScalingModel(model); !valid.ok())
    return absl::InvalidArgumentError(absl::StrCat("--", valid.message()));
  std::vector<int64_t> ranks;
  for (const absl::string_view word :
       absl::StrSplit(absl::GetFlag(FLAGS_ranks), ',')) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(word, &count) || count < 1 || count > 1000000) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--ranks: \"", word, "\" is not a number from 1 to 1000000"));
    }
    ranks.push_back(count);
  }
  const Table table = ScalingTable(model, ranks);
  std::printf("%s\n\n%s", table.caption.c_str(), AlignedText(table).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
