#include "kernels/weight_gradient/bfloat16_weight_gradient.h"

#include <memory>

#include "kernels/onednn_info.h"
#include "kernels/weight_gradient/tile_weight_gradient.h"
#include "kernels/weight_gradient/vector_weight_gradient.h"

namespace tritlab {

std::unique_ptr<BFloat16WeightGradient> BFloat16WeightGradient::Create(
    const ConvolutionShape& shape) {
  if (HasTiles()) return CreateTileWeightGradient(shape);
  return HasNativeBF16() ? CreateVectorWeightGradient(shape) : nullptr;
}

}  // namespace tritlab
