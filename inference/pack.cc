// Stores a packed model another way:
//
//   bazel run //inference:pack -- --model=run/model.trit --output=FILE
//       --ternary=bits|trits | --archive [--first_and_last=int8|f32]
//
// --archive makes the entropy-coded form for shipping, usually NAME.trit.zst,
// which every program reads as it is; without it, an archive becomes a
// model.trit again. --first_and_last says what the integer program computes the
// first and the last layer in from now on. Exit status: 0 done, 2 bad flags or
// model, or no room for the result.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/command_line.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "inference/model_table.h"
#include "inference/packed_model.h"

ABSL_FLAG(std::string, model, "",
          "the packed model to read: a model.trit or an archive of one");
ABSL_FLAG(std::string, output, "", "the file to write");
ABSL_FLAG(std::string, ternary, "trits",
          "how ternary weights are stored: bits (2 bits each) or trits (five a "
          "byte)");
ABSL_FLAG(bool, archive, false,
          "write the entropy-coded form for shipping (NAME.trit.zst)");
ABSL_FLAG(std::string, first_and_last, "",
          "what the first and the last layer are computed in: int8 or f32; as "
          "the model says where it is not given");

namespace tritlab {
namespace {

constexpr char kUsage[] =
    "Stores a packed model another way.\n"
    "  --model=FILE --output=FILE --ternary=bits|trits | --archive\n"
    "  [--first_and_last=int8|f32]";

absl::Status SetFirstAndLast(const std::string& arithmetic,
                             PackedModelDescription& description) {
  if (arithmetic == "int8") {
    description.set_first_and_last(PackedModelDescription::INT8);
  } else if (arithmetic == "f32") {
    description.set_first_and_last(PackedModelDescription::F32);
  } else if (!arithmetic.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--first_and_last: \"", arithmetic, "\" is unknown; give int8 or f32"));
  }
  return absl::OkStatus();
}

absl::Status Main(int argc, char** argv) {
  RETURN_IF_ERROR(ParseCommandLine(argc, argv, kUsage).status());
  const std::string ternary = absl::GetFlag(FLAGS_ternary);
  if (ternary != "bits" && ternary != "trits") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--ternary: \"", ternary, "\" is unknown; give bits or trits"));
  }
  const bool archive = absl::GetFlag(FLAGS_archive);
  if (archive && ternary != "trits") {
    return absl::InvalidArgumentError(
        "--ternary: an archive has its own way to store weights; leave it out");
  }
  const std::string path = FromWorkingDirectory(absl::GetFlag(FLAGS_model));
  const std::string output = FromWorkingDirectory(absl::GetFlag(FLAGS_output));
  if (path.empty())
    return absl::InvalidArgumentError("--model: not given; name a model.trit");
  if (output.empty())
    return absl::InvalidArgumentError("--output: not given; name a new file");
  if (FileExists(output)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--output: ", output, " is there already; name a new file"));
  }
  ASSIGN_OR_RETURN(PackedModel model, ReadPackedModel(path));
  RETURN_IF_ERROR(
      SetFirstAndLast(absl::GetFlag(FLAGS_first_and_last), model.description));
  if (archive) {
    RETURN_IF_ERROR(WritePackedArchive(model, output));
    ASSIGN_OR_RETURN(const PackedModel archived, ReadPackedModel(output));
    std::printf("%s\n%s\n", ModelTable(archived).c_str(), output.c_str());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const PackedModel repacked,
                   Repack(model, ternary == "bits" ? TernaryPacking::kBits
                                                   : TernaryPacking::kTrits));
  RETURN_IF_ERROR(WritePackedModel(repacked, output));
  std::printf("%s\n%s\n", ModelTable(repacked).c_str(), output.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace tritlab

int main(int argc, char** argv) {
  return tritlab::RunProgram(argc, argv, tritlab::Main);
}
