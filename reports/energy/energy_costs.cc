#include "reports/energy/energy_costs.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/text_proto.h"
#include "google/protobuf/descriptor.h"
#include "reports/energy/energy_costs.pb.h"

namespace tritlab {
namespace {

constexpr int64_t kLargestFile = 1 << 20;  // bytes; it is written by hand

// Text protos, made string literals at build time.
constexpr char kHorowitz45[] =
#include "reports/energy/horowitz_45nm.inc"
    ;
constexpr char kJouppi7[] =
#include "reports/energy/jouppi_7nm.inc"
    ;

absl::Status CheckEnergy(absl::string_view field, double pj) {
  if (std::isfinite(pj) && pj >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: %g; give picojoules, 0 or more", std::string(field), pj));
}

absl::Status CheckOperations(const OperationCosts& operations) {
  const google::protobuf::Descriptor& type = *OperationCosts::descriptor();
  const google::protobuf::Reflection& reflection = *operations.GetReflection();
  for (const char* needed :
       {"f32_add", "f32_multiply", "bf16_multiply", "int8_multiply",
        "int32_add", "int32_multiply", "shift"}) {
    if (!reflection.HasField(operations, type.FindFieldByName(needed))) {
      return absl::InvalidArgumentError(
          absl::StrCat("operations.", needed,
                       ": not set; give picojoules of one, or an assumption"));
    }
  }
  for (int i = 0; i < type.field_count(); ++i) {
    RETURN_IF_ERROR(
        CheckEnergy(absl::StrCat("operations.", type.field(i)->name()),
                    reflection.GetDouble(operations, type.field(i))));
  }
  return absl::OkStatus();
}

absl::Status CheckMemory(const char* field, const MemoryCost& memory) {
  RETURN_IF_ERROR(CheckEnergy(absl::StrCat(field, ".pj"), memory.pj()));
  if (memory.bits() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ".bits: not set; say how many bits an access has"));
}

}  // namespace

absl::Status CheckEnergyCosts(const EnergyCosts& costs) {
  if (costs.process().empty())
    return absl::InvalidArgumentError(
        "process: not set; name it, such as \"45 nm\"");
  if (costs.source().empty())
    return absl::InvalidArgumentError(
        "source: not set; say where the figures come from");
  RETURN_IF_ERROR(CheckOperations(costs.operations()));
  if (costs.has_registers())
    RETURN_IF_ERROR(CheckMemory("registers", costs.registers()));
  if (costs.sram().empty() || costs.dram().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(costs.sram().empty() ? "sram" : "dram",
                     ": none; the model needs one memory of each kind"));
  }
  for (const MemoryCost& memory : costs.sram()) {
    RETURN_IF_ERROR(CheckMemory("sram", memory));
    if (memory.bytes() == 0)
      return absl::InvalidArgumentError(
          "sram.bytes: not set; say how many bytes it holds");
  }
  for (const MemoryCost& memory : costs.dram())
    RETURN_IF_ERROR(CheckMemory("dram", memory));
  return absl::OkStatus();
}

absl::StatusOr<EnergyCosts> ParseEnergyCosts(absl::string_view text,
                                             absl::string_view name) {
  EnergyCosts costs;
  RETURN_IF_ERROR(ParseTextProto(text, name, costs));
  if (const absl::Status status = CheckEnergyCosts(costs); !status.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", status.message()));
  return costs;
}

absl::StatusOr<EnergyCosts> ReadEnergyCosts(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLargestFile));
  return ParseEnergyCosts(text, path);
}

absl::StatusOr<std::vector<EnergyCosts>> ShippedEnergyCosts() {
  std::vector<EnergyCosts> all(2);
  ASSIGN_OR_RETURN(all[0], ParseEnergyCosts(kHorowitz45, "horowitz_45nm"));
  ASSIGN_OR_RETURN(all[1], ParseEnergyCosts(kJouppi7, "jouppi_7nm"));
  return all;
}

const MemoryCost& BufferOf(const EnergyCosts& costs) {
  const MemoryCost* largest = &costs.sram(0);
  for (const MemoryCost& memory : costs.sram()) {
    if (memory.bytes() > largest->bytes()) largest = &memory;
  }
  return *largest;
}

}  // namespace tritlab
