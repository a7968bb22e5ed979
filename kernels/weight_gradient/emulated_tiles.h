// For tests: what tiles.h declares, on tiles that are ordinary memory, so that
// what is built on AMX can be checked on any processor with AVX-512.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_EMULATED_TILES_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_EMULATED_TILES_H_

#include <cstdint>
#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/weight_gradient/tile_size.h"

namespace tritlab {

struct EmulatedTile {
  uint8_t rows[kTile][kTileRowBytes];
};

// This thread's tiles: null, as AMX's instructions are illegal, while no
// TileRegisters live in it.
inline thread_local EmulatedTile* emulated_tiles = nullptr;

template <int kNumber>
void ZeroTile() {
  emulated_tiles[kNumber] = {};
}

template <int kNumber>
void LoadTile(const void* rows, int64_t stride) {
  for (int64_t row = 0; row < kTile; ++row) {
    std::memcpy(emulated_tiles[kNumber].rows[row],
                static_cast<const uint8_t*>(rows) + row * stride,
                kTileRowBytes);
  }
}

template <int kNumber>
void StoreTile(void* rows, int64_t stride) {
  for (int64_t row = 0; row < kTile; ++row) {
    std::memcpy(static_cast<uint8_t*>(rows) + row * stride,
                emulated_tiles[kNumber].rows[row], kTileRowBytes);
  }
}

template <int kSums, int kA, int kB>
void MultiplyTiles() {
  float sums[kTile][kTile];
  BFloat16 a[kTile][kTile][2], b[kTile][kTile][2];
  static_assert(sizeof(sums) == sizeof(EmulatedTile) &&
                sizeof(a) == sizeof(EmulatedTile));
  std::memcpy(sums, &emulated_tiles[kSums], sizeof(sums));
  std::memcpy(a, &emulated_tiles[kA], sizeof(a));
  std::memcpy(b, &emulated_tiles[kB], sizeof(b));
  for (int64_t m = 0; m < kTile; ++m) {
    for (int64_t pair = 0; pair < kTile; ++pair) {
      for (int64_t n = 0; n < kTile; ++n) {
        for (int64_t i = 0; i < 2; ++i)
          sums[m][n] += Load(a[m][pair][i]) * Load(b[pair][n][i]);
      }
    }
  }
  std::memcpy(&emulated_tiles[kSums], sums, sizeof(sums));
}

class TileRegisters {
 public:
  TileRegisters() { emulated_tiles = tiles_; }
  ~TileRegisters() { emulated_tiles = nullptr; }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;

 private:
  EmulatedTile tiles_[8] = {};
};

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_EMULATED_TILES_H_
