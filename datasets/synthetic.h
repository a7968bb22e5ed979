// The built-in dataset: ten shapes of random place, size, rotation and colour,
// over strokes that look like parts of shapes, under noise. Drawn in 32x32 RGB
// from a seed; only operations whose result IEEE 754 fixes are used, so every
// machine draws the same bytes.
#ifndef TRITLAB_DATASETS_SYNTHETIC_H_
#define TRITLAB_DATASETS_SYNTHETIC_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"

namespace tritlab {

// InvalidArgument, naming the field.
absl::Status ValidateSyntheticSpec(const SyntheticSpec& spec);

// Every class has as many images as any other, give or take one. The splits
// have no image in common; more images of a split begin with those of fewer.
absl::StatusOr<std::unique_ptr<Dataset>> DrawSyntheticDataset(
    const SyntheticSpec& spec, Split split);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_SYNTHETIC_H_
