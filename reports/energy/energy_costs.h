// Costs of arithmetic and memory (energy_costs.proto): those that ship, and
// users' own.
#ifndef TRITLAB_REPORTS_ENERGY_ENERGY_COSTS_H_
#define TRITLAB_REPORTS_ENERGY_ENERGY_COSTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reports/energy/energy_costs.pb.h"

namespace tritlab {

// Whether the model (energy.h) can be evaluated with them: a process and a
// source are named; f32_add, f32_multiply, bf16_multiply, int8_multiply,
// int32_add, int32_multiply and shift are set; there is a memory on the chip
// whose bytes are stated, and one beside it; every energy is finite and not
// negative, every access has its bits. InvalidArgument names the field.
absl::Status CheckEnergyCosts(const EnergyCosts& costs);

// From a text proto, checked; `name` (of the file) stands before the error.
absl::StatusOr<EnergyCosts> ParseEnergyCosts(absl::string_view text,
                                             absl::string_view name);
absl::StatusOr<EnergyCosts> ReadEnergyCosts(const std::string& path);

// The files of reports/energy/, compiled in: 45 nm (Horowitz, ISSCC 2014), then
// 7 nm (Jouppi et al., ISCA 2021).
absl::StatusOr<std::vector<EnergyCosts>> ShippedEnergyCosts();

// The memory that the model keeps activations in: the largest on the chip, the
// first of several that are equal. There must be one.
const MemoryCost& BufferOf(const EnergyCosts& costs);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_ENERGY_ENERGY_COSTS_H_
