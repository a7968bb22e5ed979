#include "datasets/photographs.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "datasets/decode_photograph.h"
#include "datasets/region.h"

namespace tritlab {
namespace {

// Further ones are counted only.
constexpr int64_t kMostNamed = 20;

}  // namespace

absl::Status ValidateResizeSpec(const ResizeSpec& spec) {
  if (spec.crop() < 1 || spec.crop() > kMaxShorterSide) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset.resize.crop: ", spec.crop(), " is impossible; give 1 to ",
        kMaxShorterSide, ", 224 for most networks"));
  }
  if (spec.has_shorter_side() && (spec.shorter_side() < spec.crop() ||
                                  spec.shorter_side() > kMaxShorterSide)) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.resize.shorter_side: ", spec.shorter_side(),
                     " is impossible; give the crop's ", spec.crop(), " to ",
                     kMaxShorterSide));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Photographs>> Photographs::Create(
    std::unique_ptr<EncodedImages> images, const Options& options) {
  RETURN_IF_ERROR(ValidateResizeSpec(options.resize));
  if (images->size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(images->source(), ": has no images"));
  }
  DatasetInfo info;
  info.name = options.name;
  info.source = images->source();
  info.shape = {options.resize.crop(), options.resize.crop(), 3};
  info.class_names = images->class_names();
  info.normalization = options.normalization;
  info.shorter_side = options.resize.has_shorter_side()
                          ? options.resize.shorter_side()
                          : DefaultShorterSide(options.resize.crop());
  info.ten_crop = options.ten_crop;
  ASSIGN_OR_RETURN(const uint32_t checksum, images->Checksum());
  return std::unique_ptr<Photographs>(new Photographs(
      std::move(info), std::move(images), checksum, options.strict));
}

Photographs::Photographs(DatasetInfo info,
                         std::unique_ptr<EncodedImages> images,
                         uint32_t checksum, bool strict)
    : Dataset(std::move(info)),
      images_(std::move(images)),
      checksum_(checksum),
      strict_(strict) {}

absl::Status Photographs::Read(int64_t index, std::span<uint8_t> pixels,
                               int32_t* label) const {
  return ReadRegions(
      index,
      [&](const ImageSize& image) {
        return std::vector<Region>{CenterRegion(
            image, info().shorter_side, {shape().height, shape().width})};
      },
      pixels, label);
}

absl::Status Photographs::ReadRegions(int64_t index, ChooseRegions choose,
                                      std::span<uint8_t> pixels,
                                      int32_t* label) const {
  std::string bytes;
  RETURN_IF_ERROR(images_->Read(index, &bytes, label));
  return DecodePhotograph(bytes, images_->Name(index), choose, shape(), pixels);
}

int32_t Photographs::label(int64_t index) const {
  std::string bytes;
  int32_t label = -1;
  return images_->Read(index, &bytes, &label).ok() ? label : -1;
}

bool Photographs::LeaveOut(int64_t index, const absl::Status& reason) const {
  if (strict_ || !IsOfOneImage(reason)) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto place =
      std::lower_bound(left_out_.begin(), left_out_.end(), index);
  if (place != left_out_.end() && *place == index) return true;
  WarnOfImageLeftOut(reason, static_cast<int64_t>(left_out_.size()));
  left_out_.insert(place, index);
  return true;
}

int64_t Photographs::left_out() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(left_out_.size());
}

void WarnOfImageLeftOut(const absl::Status& reason, int64_t left_out_before) {
  if (left_out_before < kMostNamed) {
    std::fprintf(stderr, "warning: %s; left out (--strict stops here)\n",
                 OneLine(reason.message()).c_str());
  } else if (left_out_before == kMostNamed) {
    std::fprintf(stderr,
                 "warning: more images are left out, which are counted only\n");
  }
}

}  // namespace tritlab
