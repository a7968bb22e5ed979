#include "training/tensorboard.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "training/tensorboard.pb.h"

namespace tritlab {
namespace {

constexpr int kGrey = 1;  // Summary.Image's colorspace

tensorboard::Event EventAt(double wall_time, int64_t step) {
  tensorboard::Event event;
  event.set_wall_time(wall_time);
  event.set_step(step);
  return event;
}

// num is 0 when there is no finite value.
tensorboard::HistogramProto HistogramOf(std::span<const float> values) {
  double min = std::numeric_limits<double>::infinity(), max = -min;
  double count = 0, sum = 0, sum_squares = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    min = std::min<double>(min, value);
    max = std::max<double>(max, value);
    ++count;
    sum += value;
    sum_squares += double{value} * value;
  }
  tensorboard::HistogramProto histogram;
  histogram.set_num(count);
  if (count == 0) return histogram;
  histogram.set_min(min);
  histogram.set_max(max);
  histogram.set_sum(sum);
  histogram.set_sum_squares(sum_squares);
  const int buckets = max > min ? kTensorBoardBuckets : 1;
  const double width = (max - min) / buckets;
  for (int i = 1; i < buckets; ++i) histogram.add_bucket_limit(min + i * width);
  histogram.add_bucket_limit(max);
  histogram.mutable_bucket()->Resize(buckets, 0);
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    const int bucket =
        buckets == 1 ? 0 : static_cast<int>((value - min) / width);
    ++*histogram.mutable_bucket()->Mutable(std::min(bucket, buckets - 1));
  }
  return histogram;
}

}  // namespace

std::string TensorBoardFileVersion(double wall_time) {
  tensorboard::Event event;
  event.set_wall_time(wall_time);
  event.set_file_version("brain.Event:2");
  return event.SerializeAsString();
}

std::string TensorBoardScalars(double wall_time, int64_t step,
                               std::span<const TensorBoardScalar> scalars) {
  tensorboard::Event event = EventAt(wall_time, step);
  for (const TensorBoardScalar& scalar : scalars) {
    tensorboard::Summary::Value* value = event.mutable_summary()->add_value();
    value->set_tag(scalar.tag);
    value->set_simple_value(static_cast<float>(scalar.value));
  }
  return event.SerializeAsString();
}

std::string TensorBoardPicturesRecord(double wall_time, int64_t step,
                                      const TensorBoardPictures& pictures) {
  tensorboard::Event event = EventAt(wall_time, step);
  tensorboard::Summary& summary = *event.mutable_summary();
  for (const TensorBoardHistogram& histogram : pictures.histograms) {
    tensorboard::HistogramProto counted = HistogramOf(histogram.values);
    if (counted.num() == 0) continue;
    tensorboard::Summary::Value* value = summary.add_value();
    value->set_tag(histogram.tag);
    *value->mutable_histo() = std::move(counted);
  }
  for (const TensorBoardImage& image : pictures.images) {
    tensorboard::Summary::Value* value = summary.add_value();
    value->set_tag(image.tag);
    value->mutable_image()->set_height(image.height);
    value->mutable_image()->set_width(image.width);
    value->mutable_image()->set_colorspace(kGrey);
    value->mutable_image()->set_encoded_image_string(image.encoded);
  }
  return event.SerializeAsString();
}

}  // namespace tritlab
