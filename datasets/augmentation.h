// From a stored image to a network's input: random crop, colour, shift, flip
// and cutout, and normalization.
#ifndef TRITLAB_DATASETS_AUGMENTATION_H_
#define TRITLAB_DATASETS_AUGMENTATION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "datasets/color_jitter.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"
#include "datasets/region.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting is impossible for images of
// `shape`. `shorter_side` is the dataset's, 0 where images have one size.
absl::Status ValidateAugmentationSpec(const AugmentationSpec& spec,
                                      const ImageShape& shape,
                                      int shorter_side = 0);
absl::Status ValidateNormalization(const Normalization& normalization,
                                   int channels);

// Whether a part of the image is taken, which DecideRegion says.
bool HasRandomRegion(const AugmentationSpec& spec);

// The part of an image that is resampled to `shape`. As below, a function of
// the arguments alone.
Region DecideRegion(const AugmentationSpec& spec, const ImageSize& image,
                    const ImageShape& shape, int shorter_side, uint64_t seed,
                    int64_t epoch, int64_t index);

// What happens to one image then.
struct AugmentationDecision {
  int shift_y = 0;  // output row y shows row y + shift_y; outside: black
  int shift_x = 0;  // likewise, before the flip
  bool flip = false;
  int cutout_size = 0;  // side; 0: none
  int cutout_y = 0;     // centre, in the output
  int cutout_x = 0;
  ColorDecision color = {};
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
  // A cut out square is 0, which is the mean colour. The colours are changed by
  // ApplyColor, before.
  void Apply(const uint8_t* pixels, const AugmentationDecision& decision,
             float* output) const;

 private:
  const ImageShape shape_;
  // value_[channel * 256 + byte] is the normalized byte.
  std::vector<float> value_;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_AUGMENTATION_H_
