#include "kernels/integer/instruction_set.h"

namespace tritlab {

std::vector<IntegerInstructions> SupportedIntegerInstructions() {
  std::vector<IntegerInstructions> supported = {IntegerInstructions::kPortable};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2"))
    supported.push_back(IntegerInstructions::kAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni"))
    supported.push_back(IntegerInstructions::kAvx512Vnni);
#endif
  return supported;
}

IntegerInstructions BestIntegerInstructions() {
  static const IntegerInstructions best = SupportedIntegerInstructions().back();
  return best;
}

const char* Name(IntegerInstructions instructions) {
  switch (instructions) {
    case IntegerInstructions::kPortable:
      return "portable";
    case IntegerInstructions::kAvx2:
      return "avx2";
    case IntegerInstructions::kAvx512Vnni:
      return "avx512_vnni";
  }
  return "unknown";
}

}  // namespace tritlab
