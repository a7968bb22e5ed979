// Internal to kernels/: the size of AMX's tiles, which are 16 rows of 64 bytes:
// 16 x 16 sums, or 16 x 32 values of bf16.
#ifndef TRITLAB_KERNELS_WEIGHT_GRADIENT_TILE_SIZE_H_
#define TRITLAB_KERNELS_WEIGHT_GRADIENT_TILE_SIZE_H_

#include <cstdint>

namespace tritlab {

constexpr int64_t kTile = 16;  // rows of a tile, and floats of its row
constexpr int64_t kTileRowBytes = 64;
constexpr int64_t kTileSums = kTile * kTile;
constexpr int64_t kTileValues = 2 * kTileSums;  // bf16

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_WEIGHT_GRADIENT_TILE_SIZE_H_
