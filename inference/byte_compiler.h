// Internal to inference/integer_program: from a packed model's graph to the
// steps of one batch, which stays whole (Options::part is not looked at).
#ifndef TRITLAB_INFERENCE_BYTE_COMPILER_H_
#define TRITLAB_INFERENCE_BYTE_COMPILER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "inference/integer_program.h"

namespace tritlab {

// As IntegerProgram::Create says.
absl::StatusOr<std::unique_ptr<IntegerProgram>> CompileByteProgram(
    const PackedModel& model, const IntegerProgram::Options& options);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_COMPILER_H_
