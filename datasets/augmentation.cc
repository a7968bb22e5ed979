#include "datasets/augmentation.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// Tells these random numbers apart from others of the same seed.
constexpr uint64_t kAugmentationStream = 0x6175676d;
// The streams below it.
constexpr uint64_t kRegionStream = 1;
constexpr uint64_t kColorStream = 2;

// A row of the image to a row of the output; kChannels 0 is any number.
template <int kChannels>
void TransformRow(const uint8_t* row, int width, int any_channels, int shift,
                  bool flip, const float* value, float* output) {
  const int channels = kChannels == 0 ? any_channels : kChannels;
  const int step = flip ? -channels : channels;
  float* out = output + (flip ? (width - 1) * channels : 0);
  // x runs over the crop from left to right; `row` is nullptr above and below.
  const int begin = row == nullptr ? width : std::clamp(-shift, 0, width);
  const int end =
      row == nullptr ? width : std::clamp(width - shift, begin, width);
  int x = 0;
  for (; x < begin; ++x, out += step) {
    for (int c = 0; c < channels; ++c) out[c] = value[c * 256];
  }
  const uint8_t* in = row == nullptr ? nullptr : row + (x + shift) * channels;
  for (; x < end; ++x, out += step, in += channels) {
    for (int c = 0; c < channels; ++c) out[c] = value[c * 256 + in[c]];
  }
  for (; x < width; ++x, out += step) {
    for (int c = 0; c < channels; ++c) out[c] = value[c * 256];
  }
}

absl::Status Impossible(absl::string_view field, double value,
                        absl::string_view advice) {
  return absl::InvalidArgumentError(absl::StrCat(
      "augmentation.", field, ": ", value, " is impossible; ", advice));
}

absl::Status ValidateRandomCrop(const RandomCropSpec& spec,
                                const ImageShape& shape, int shorter_side) {
  const int least =
      spec.has_shorter_side_min() ? spec.shorter_side_min() : shorter_side;
  const int side = std::max(shape.height, shape.width);
  if (least < side || least > kMaxShorterSide) {
    return Impossible(
        "random_crop.shorter_side_min", least,
        absl::StrCat("give the crop's ", side, " to ", kMaxShorterSide));
  }
  if (spec.has_shorter_side_max() &&
      (spec.shorter_side_max() < least ||
       spec.shorter_side_max() > kMaxShorterSide)) {
    return Impossible("random_crop.shorter_side_max", spec.shorter_side_max(),
                      absl::StrCat("give shorter_side_min, ", least, ", to ",
                                   kMaxShorterSide));
  }
  return absl::OkStatus();
}

absl::Status ValidateRandomResizedCrop(const RandomResizedCropSpec& spec) {
  const RandomResizedCropLimits limits(spec);
  if (!(limits.scale_min > 0 && limits.scale_min <= 1)) {
    return Impossible("random_resized_crop.scale_min", limits.scale_min,
                      "give a number above 0, at most 1");
  }
  if (!(limits.scale_max >= limits.scale_min && limits.scale_max <= 1)) {
    return Impossible("random_resized_crop.scale_max", limits.scale_max,
                      "give scale_min to 1");
  }
  if (!(limits.ratio_min > 0 && limits.ratio_min <= 1000)) {
    return Impossible("random_resized_crop.ratio_min", limits.ratio_min,
                      "give a number above 0, at most 1000");
  }
  if (!(limits.ratio_max >= limits.ratio_min && limits.ratio_max <= 1000)) {
    return Impossible("random_resized_crop.ratio_max", limits.ratio_max,
                      "give ratio_min to 1000");
  }
  return absl::OkStatus();
}

absl::Status ValidateColorJitter(const ColorJitterSpec& spec, int channels) {
  if (channels != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("augmentation.color_jitter: the images have ", channels,
                     " channels, no colours; remove it"));
  }
  for (const auto& [field, value] : {std::pair{"brightness", spec.brightness()},
                                     std::pair{"contrast", spec.contrast()},
                                     std::pair{"saturation", spec.saturation()},
                                     std::pair{"lighting", spec.lighting()}}) {
    if (!(value >= 0 && value <= 10)) {
      return Impossible(absl::StrCat("color_jitter.", field), value,
                        "give 0 to 10");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateAugmentationSpec(const AugmentationSpec& spec,
                                      const ImageShape& shape,
                                      int shorter_side) {
  const int smaller = std::min(shape.height, shape.width);
  if (spec.pad_crop() < 0 || spec.pad_crop() >= smaller) {
    return absl::InvalidArgumentError(absl::StrCat(
        "augmentation.pad_crop: ", spec.pad_crop(), " is impossible for ",
        shape.height, "x", shape.width, " images; give 0 to ", smaller - 1));
  }
  if (spec.cutout() < 0 || spec.cutout() > smaller) {
    return absl::InvalidArgumentError(absl::StrCat(
        "augmentation.cutout: ", spec.cutout(), " is impossible for ",
        shape.height, "x", shape.width, " images; give 0 to ", smaller));
  }
  if (spec.has_random_crop() && spec.has_random_resized_crop()) {
    return absl::InvalidArgumentError(
        "augmentation.random_crop: excludes random_resized_crop; remove one "
        "of them");
  }
  if (spec.has_random_crop()) {
    RETURN_IF_ERROR(
        ValidateRandomCrop(spec.random_crop(), shape, shorter_side));
  }
  if (spec.has_random_resized_crop()) {
    RETURN_IF_ERROR(ValidateRandomResizedCrop(spec.random_resized_crop()));
  }
  if (spec.has_color_jitter()) {
    RETURN_IF_ERROR(ValidateColorJitter(spec.color_jitter(), shape.channels));
  }
  return absl::OkStatus();
}

absl::Status ValidateNormalization(const Normalization& normalization,
                                   int channels) {
  for (const auto& [field, values] : {std::pair{"mean", &normalization.mean},
                                      std::pair{"std", &normalization.std}}) {
    if (static_cast<int>(values->size()) != channels) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset.", field, ": has ", values->size(), " values where the ",
          "images have ", channels, " channels"));
    }
    for (float value : *values) {
      const bool possible =
          std::isfinite(value) && (values == &normalization.mean || value > 0);
      if (!possible) {
        return absl::InvalidArgumentError(absl::StrCat(
            "dataset.", field, ": ", value, " is impossible",
            values == &normalization.std ? "; give a number above 0" : ""));
      }
    }
  }
  return absl::OkStatus();
}

bool HasRandomRegion(const AugmentationSpec& spec) {
  return spec.has_random_crop() || spec.has_random_resized_crop();
}

Region DecideRegion(const AugmentationSpec& spec, const ImageSize& image,
                    const ImageShape& shape, int shorter_side, uint64_t seed,
                    int64_t epoch, int64_t index) {
  const RandomStream random =
      RandomStream(seed, kAugmentationStream, epoch, index)
          .Substream(kRegionStream);
  return spec.has_random_resized_crop()
             ? RandomResizedCrop(spec.random_resized_crop(), image, random)
             : RandomCrop(spec.random_crop(), image, shorter_side,
                          {shape.height, shape.width}, random);
}

AugmentationDecision DecideAugmentation(const AugmentationSpec& spec,
                                        const ImageShape& shape, uint64_t seed,
                                        int64_t epoch, int64_t index) {
  AugmentationDecision decision;
  const RandomStream random(seed, kAugmentationStream, epoch, index);
  if (spec.pad_crop() > 0) {
    const int64_t range = 2 * int64_t{spec.pad_crop()} + 1;
    decision.shift_y =
        static_cast<int>(random.Below(0, range)) - spec.pad_crop();
    decision.shift_x =
        static_cast<int>(random.Below(1, range)) - spec.pad_crop();
  }
  if (spec.flip()) decision.flip = random.Below(2, 2) == 1;
  if (spec.cutout() > 0) {
    decision.cutout_size = spec.cutout();
    decision.cutout_y = static_cast<int>(random.Below(3, shape.height));
    decision.cutout_x = static_cast<int>(random.Below(4, shape.width));
  }
  if (spec.has_color_jitter()) {
    decision.color =
        DecideColor(spec.color_jitter(), random.Substream(kColorStream));
  }
  return decision;
}

ImageTransform::ImageTransform(const ImageShape& shape,
                               const Normalization& normalization)
    : shape_(shape), value_(256 * shape.channels) {
  assert(static_cast<int>(normalization.mean.size()) == shape.channels);
  assert(static_cast<int>(normalization.std.size()) == shape.channels);
  for (int c = 0; c < shape.channels; ++c) {
    for (int byte = 0; byte < 256; ++byte) {
      value_[c * 256 + byte] =
          (byte / 255.0f - normalization.mean[c]) / normalization.std[c];
    }
  }
}

void ImageTransform::Apply(const uint8_t* pixels,
                           const AugmentationDecision& decision,
                           float* output) const {
  const int row_size = shape_.width * shape_.channels;
  for (int y = 0; y < shape_.height; ++y) {
    const int source_y = y + decision.shift_y;
    const uint8_t* const row = source_y < 0 || source_y >= shape_.height
                                   ? nullptr
                                   : pixels + int64_t{source_y} * row_size;
    float* const output_row = output + int64_t{y} * row_size;
    const auto transform =
        shape_.channels == 3 ? TransformRow<3> : TransformRow<0>;
    transform(row, shape_.width, shape_.channels, decision.shift_x,
              decision.flip, value_.data(), output_row);
  }
  if (decision.cutout_size == 0) return;
  const int top = decision.cutout_y - decision.cutout_size / 2;
  const int left = decision.cutout_x - decision.cutout_size / 2;
  const int x_begin = std::max(left, 0);
  const int x_end = std::min(left + decision.cutout_size, shape_.width);
  for (int y = std::max(top, 0);
       y < std::min(top + decision.cutout_size, shape_.height); ++y) {
    float* const output_row = output + int64_t{y} * row_size;
    std::fill(output_row + x_begin * shape_.channels,
              output_row + std::max(x_end, x_begin) * shape_.channels, 0.0f);
  }
}

}  // namespace tritlab
