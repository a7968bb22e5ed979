// Internal to kernels/: AMX's tile registers, for products of bf16. Tests on
// processors without them take emulated_tiles.h.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_TILES_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_TILES_H_

#include <cstdint>

namespace tritlab {

#if defined(__x86_64__)
// Tile registers, by number. The compiler does not know of them, and so does
// not move these.
template <int kNumber>
inline void ZeroTile() {
  asm volatile("tilezero %%tmm%c0" ::"i"(kNumber));
}
// Rows are `stride` bytes apart.
template <int kNumber>
inline void LoadTile(const void* rows, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(rows), "r"(stride),
               "i"(kNumber)
               : "memory");
}
template <int kNumber>
inline void StoreTile(void* rows, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(rows), "r"(stride),
               "i"(kNumber)
               : "memory");
}
// sums[m][n] += over k of a[m][k] * b[k / 2][n][k % 2], one tile each.
template <int kSums, int kA, int kB>
inline void MultiplyTiles() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSums), "i"(kA),
               "i"(kB));
}

// All eight are 16 rows of 64 bytes while an object of it lives in a thread.
class TileRegisters {
 public:
  TileRegisters() {
    struct alignas(64) {
      uint8_t palette = 1;
      uint8_t start_row = 0;
      uint8_t reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } configuration;
    static_assert(sizeof(configuration) == 64);
    asm volatile("ldtilecfg %0" ::"m"(configuration));
  }
  ~TileRegisters() { asm volatile("tilerelease"); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
};
#endif  // defined(__x86_64__)

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_TILES_H_
