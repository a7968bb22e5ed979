#include "kernels/dropout.h"

#include "kernels/bfloat16.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// 64 elements are whole cache lines in both types, and whole pairs. Random
// numbers are worth threads early.
constexpr int64_t kGrain = 64;
constexpr int64_t kSerialBelow = 1 << 11;

template <typename T>
void DropoutPart(int64_t begin, int64_t end, float rate,
                 const RandomStream& random, const T* input, T* output) {
  const auto threshold = static_cast<uint64_t>(rate * 0x1p32);
  const float scale = 1 / (1 - rate);
  uint64_t bits = 0;
  for (int64_t i = begin; i < end; ++i) {
    bits = i % 2 == 0 ? random.Bits(i / 2) : bits >> 32;
    const bool dropped = (bits & 0xffffffff) < threshold;
    Store(dropped ? 0.0f : Load(input[i]) * scale, output[i]);
  }
}

}  // namespace

void Dropout(DataType type, int64_t count, float rate,
             const RandomStream& random, const void* input, void* output) {
  ParallelFor(count, kGrain, kSerialBelow, [&](int64_t begin, int64_t end) {
    if (type == DataType::kF32) {
      DropoutPart(begin, end, rate, random, static_cast<const float*>(input),
                  static_cast<float*>(output));
    } else {
      DropoutPart(begin, end, rate, random, static_cast<const BFloat16*>(input),
                  static_cast<BFloat16*>(output));
    }
  });
}

}  // namespace tritlab
