#include "kernels/tensor.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"
#include "kernels/bfloat16.h"
#include "kernels/bfloat16_conversion.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// Parts begin at a cache line of either type.
constexpr int64_t kGrain = 64;
constexpr int64_t kSerialBelow = 1 << 14;

void Copy(const float* source, int64_t count, float* target) {
  ParallelFor(count, kGrain, kSerialBelow, [&](int64_t begin, int64_t end) {
    std::memcpy(target + begin, source + begin, (end - begin) * sizeof(float));
  });
}

}  // namespace

const char* Name(DataType type) {
  return type == DataType::kF32 ? "f32" : "bf16";
}

std::string ToString(const Shape& shape) {
  return absl::StrCat(shape.batch, "x", shape.height, "x", shape.width, "x",
                      shape.channels);
}

Buffer::Buffer(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  constexpr size_t kCacheLine = 64;
  constexpr size_t kHugePage = size_t{1} << 21;
  const size_t alignment = bytes < kHugePage ? kCacheLine : kHugePage;
  const size_t rounded = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  // aligned_alloc wants a multiple of the alignment; posix_memalign does not.
  void* memory = nullptr;
  if (rounded < bytes || posix_memalign(&memory, alignment, rounded) != 0) {
    throw std::bad_alloc();
  }
  data_.reset(memory);
  // Activations are walked from end to end many times a step: large pages save
  // their address translations. Only advice, so a refusal is no error.
  if (alignment == kHugePage) madvise(memory, rounded, MADV_HUGEPAGE);
  std::memset(memory, 0, rounded);
}

void Buffer::Free::operator()(void* memory) const { std::free(memory); }

void FromFloat(const float* source, int64_t count, DataType type,
               void* target) {
  if (type == DataType::kF32) {
    return Copy(source, count, static_cast<float*>(target));
  }
  BFloat16* narrow = static_cast<BFloat16*>(target);
  ParallelFor(count, kGrain, kSerialBelow, [&](int64_t begin, int64_t end) {
    Narrow(source + begin, narrow + begin, end - begin);
  });
}

void ToFloat(DataType type, const void* source, int64_t count, float* target) {
  if (type == DataType::kF32) {
    return Copy(static_cast<const float*>(source), count, target);
  }
  const BFloat16* narrow = static_cast<const BFloat16*>(source);
  ParallelFor(count, kGrain, kSerialBelow, [&](int64_t begin, int64_t end) {
    Widen(narrow + begin, target + begin, end - begin);
  });
}

}  // namespace tritlab
