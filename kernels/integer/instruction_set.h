// Which vector instructions the integer kernels may use.
#ifndef TRITLAB_KERNELS_INTEGER_INSTRUCTION_SET_H_
#define TRITLAB_KERNELS_INTEGER_INSTRUCTION_SET_H_

#include <vector>

namespace tritlab {

enum class IntegerInstructions {
  kPortable,    // none in particular
  kAvx2,        // 16 products of two bytes at a time, by vpmaddubsw
  kAvx512Vnni,  // 64, by vpdpbusd
};

// Those of this processor, best last; kPortable is always among them.
std::vector<IntegerInstructions> SupportedIntegerInstructions();
// The last of them, looked up once.
IntegerInstructions BestIntegerInstructions();

const char* Name(IntegerInstructions instructions);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_INSTRUCTION_SET_H_
