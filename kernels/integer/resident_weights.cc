#include "kernels/integer/resident_weights.h"

#include <cstddef>
#include <cstring>
#include <utility>

#include "kernels/scratch_memory.h"

namespace tritlab {
namespace {

thread_local ScratchMemory unpacked_weights;

}  // namespace

ResidentWeights::ResidentWeights(Buffer bytes, int64_t count, bool packed)
    : bytes_(std::move(bytes)) {
  if (!packed) return;
  const auto* const values = static_cast<const int8_t*>(bytes_.data());
  packed_ = PackedByteArray::Pack({values, static_cast<size_t>(count)});
  if (!packed_.has_value()) return;
  Buffer behind(bytes_.bytes() - count);
  if (behind.bytes() > 0)
    std::memcpy(behind.data(), values + count, behind.bytes());
  bytes_ = std::move(behind);
}

const void* ResidentWeights::Get() const {
  if (!packed_.has_value()) return bytes_.data();
  char* const block =
      unpacked_weights.AtLeast(packed_->size() + bytes_.bytes());
  packed_->Unpack(reinterpret_cast<int8_t*>(block));
  if (bytes_.bytes() > 0)
    std::memcpy(block + packed_->size(), bytes_.data(), bytes_.bytes());
  return block;
}

}  // namespace tritlab
