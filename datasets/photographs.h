// Images of any size, decoded whenever they are asked for.
#ifndef TRITLAB_DATASETS_PHOTOGRAPHS_H_
#define TRITLAB_DATASETS_PHOTOGRAPHS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"
#include "datasets/encoded_images.h"

namespace tritlab {

// InvalidArgument, naming the field.
absl::Status ValidateResizeSpec(const ResizeSpec& spec);

// What an image takes while it is decoded goes with it: memory stays what it is
// however many images there are.
class Photographs : public Dataset {
 public:
  struct Options {
    std::string name;  // the dataset's
    ResizeSpec resize;
    Normalization normalization;
    bool ten_crop = false;  // what resize says, for the test split
    // A file that cannot be decoded is an error; else it is left out.
    bool strict = false;
  };

  // shape() is crop x crop x 3. Takes the images' checksum, which may read
  // them. InvalidArgument: an impossible resize, or no images.
  static absl::StatusOr<std::unique_ptr<Photographs>> Create(
      std::unique_ptr<EncodedImages> images, const Options& options);

  const EncodedImages& images() const { return *images_; }

  int64_t size() const override { return images_->size(); }
  // EncodedImages::Checksum(): of files, not of pixels.
  uint32_t checksum() const override { return checksum_; }
  absl::Status Read(int64_t index, std::span<uint8_t> pixels,
                    int32_t* label) const override;
  absl::Status ReadRegions(int64_t index, ChooseRegions choose,
                           std::span<uint8_t> pixels,
                           int32_t* label) const override;
  const uint8_t* InMemory(int64_t /*index*/) const override { return nullptr; }
  // Reads the image's file; -1 where that fails.
  int32_t label(int64_t index) const override;

  // True for files that are broken or no images, unless strict.
  bool LeaveOut(int64_t index, const absl::Status& reason) const override;
  int64_t left_out() const override;

 private:
  Photographs(DatasetInfo info, std::unique_ptr<EncodedImages> images,
              uint32_t checksum, bool strict);

  const std::unique_ptr<EncodedImages> images_;
  const uint32_t checksum_;
  const bool strict_;
  mutable std::mutex mutex_;
  mutable std::vector<int64_t> left_out_;  // sorted
};

// "warning: REASON; left out", for each of the first twenty.
void WarnOfImageLeftOut(const absl::Status& reason, int64_t left_out_before);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_PHOTOGRAPHS_H_
