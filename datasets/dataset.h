// A labelled set of images of one shape.
#ifndef TRITLAB_DATASETS_DATASET_H_
#define TRITLAB_DATASETS_DATASET_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/region.h"

namespace tritlab {

// One image: [height][width][channels], a byte each, channels RGB.
struct ImageShape {
  int height = 0;
  int width = 0;
  int channels = 0;

  int64_t size() const { return int64_t{height} * width * channels; }
  bool operator==(const ImageShape&) const = default;
};

// (x / 255 - mean) / std, for each channel.
struct Normalization {
  std::vector<float> mean;
  std::vector<float> std;

  bool operator==(const Normalization&) const = default;
};

enum class Split { kTrain, kTest };

// "train" or "test".
const char* SplitName(Split split);

// What is known of a dataset beside its images.
struct DatasetInfo {
  std::string name;    // cifar10, imagefolder, synthetic
  std::string source;  // what was read, for the report: a path, or "built-in"
  ImageShape shape;    // of what Read gives
  std::vector<std::string> class_names;  // label -> name
  Normalization normalization;
  // Images of any size: what ResizeSpec says; 0: all are of `shape`.
  int shorter_side = 0;
  bool ten_crop = false;  // ResizeSpec's, for the test split
};

// Regions of an image of that size.
using ChooseRegions =
    absl::FunctionRef<std::vector<Region>(const ImageSize& image)>;

// Immutable; all methods may be called from any thread.
class Dataset {
 public:
  virtual ~Dataset() = default;

  const DatasetInfo& info() const { return info_; }
  const ImageShape& shape() const { return info_.shape; }
  int classes() const { return static_cast<int>(info_.class_names.size()); }
  const std::vector<std::string>& class_names() const {
    return info_.class_names;
  }
  const std::string& source() const { return info_.source; }
  const Normalization& normalization() const { return info_.normalization; }

  virtual int64_t size() const = 0;
  // What tells these images from others. Of images in memory, CRC-32C over all
  // labels (32 bits each, little-endian), then all pixels: the same whatever
  // they were read from. Of images that are decoded when they are needed,
  // EncodedImages::Checksum.
  virtual uint32_t checksum() const = 0;
  // Image `index` in [0, size()) into `pixels`, of shape().size() bytes; of
  // images of any size the centre crop.
  virtual absl::Status Read(int64_t index, std::span<uint8_t> pixels,
                            int32_t* label) const = 0;
  // Parts of image `index`, each resampled to shape(), one after the other.
  // `choose` must give as many as `pixels` has room for.
  virtual absl::Status ReadRegions(int64_t index, ChooseRegions choose,
                                   std::span<uint8_t> pixels,
                                   int32_t* label) const;
  // The pixels of an image where all are in memory, else nullptr: then Read.
  virtual const uint8_t* InMemory(int64_t index) const = 0;
  virtual int32_t label(int64_t index) const = 0;

  // Whether to go on without image `index`, which could not be read for that
  // reason. If so, it is named on stderr once, and counted.
  virtual bool LeaveOut(int64_t index, const absl::Status& reason) const;
  // How many images were left out so far.
  virtual int64_t left_out() const { return 0; }

 protected:
  explicit Dataset(DatasetInfo info) : info_(std::move(info)) {}

 private:
  const DatasetInfo info_;
};

// All images in memory.
class MemoryDataset : public Dataset {
 public:
  // pixels: [labels.size()][height][width][channels]; labels within the
  // classes. InvalidArgument otherwise.
  static absl::StatusOr<std::unique_ptr<MemoryDataset>> Create(
      DatasetInfo info, std::vector<uint8_t> pixels,
      std::vector<int32_t> labels);

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  uint32_t checksum() const override { return checksum_; }
  absl::Status Read(int64_t index, std::span<uint8_t> pixels,
                    int32_t* label) const override;
  const uint8_t* InMemory(int64_t index) const override {
    return pixels_.data() + index * shape().size();
  }
  int32_t label(int64_t index) const override { return labels_[index]; }

 private:
  MemoryDataset(DatasetInfo info, std::vector<uint8_t> pixels,
                std::vector<int32_t> labels);

  const std::vector<uint8_t> pixels_;
  const std::vector<int32_t> labels_;
  const uint32_t checksum_;
};

// Refuses (ResourceExhausted, naming `source`) what would not fit into this
// machine's memory, before it is taken.
absl::Status CheckImageMemory(absl::string_view source, int64_t images,
                              const ImageShape& shape);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_DATASET_H_
