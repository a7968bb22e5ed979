// From a stored image to a network's input: random shift, flip and cutout,
// and normalization, in one pass.
#ifndef TRITLAB_DATASETS_AUGMENTATION_H_
#define TRITLAB_DATASETS_AUGMENTATION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting is impossible for images of
// `shape`.
absl::Status ValidateAugmentationSpec(const AugmentationSpec& spec,
                                      const ImageShape& shape);
absl::Status ValidateNormalization(const Normalization& normalization,
                                   int channels);

// What happens to one image.
struct AugmentationDecision {
  int shift_y = 0;  // output row y shows row y + shift_y; outside: black
  int shift_x = 0;  // likewise, before the flip
  bool flip = false;
  int cutout_size = 0;  // side; 0: none
  int cutout_y = 0;     // centre, in the output
  int cutout_x = 0;
};

// The decision for image `index` of the dataset in `epoch`: a function of its
// arguments alone, whichever thread asks and whatever came before.
AugmentationDecision DecideAugmentation(const AugmentationSpec& spec,
                                        const ImageShape& shape, uint64_t seed,
                                        int64_t epoch, int64_t index);

// Turns bytes into normalized floats. Immutable after construction.
class ImageTransform {
 public:
  // `normalization` has a mean and a standard deviation for each channel.
  ImageTransform(const ImageShape& shape, const Normalization& normalization);

  // pixels: [height][width][channels]; output: as many floats, the same order.
  // A cut out square is 0, which is the mean colour.
  void Apply(const uint8_t* pixels, const AugmentationDecision& decision,
             float* output) const;

 private:
  const ImageShape shape_;
  // value_[channel * 256 + byte] is the normalized byte.
  std::vector<float> value_;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_AUGMENTATION_H_
