#include "kernels/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

constexpr int64_t kSerialBelowImages = 32;

struct ImageResult {
  double loss = 0;
  bool correct = false;
};

// One image. exponentials is scratch for `classes` floats; grad_logits may be
// nullptr.
//
// With m the largest logit, z = sum_k exp(logit[k] - m), and since q sums to 1,
//   loss = -sum_k q[k] (logit[k] - m - log z)
//        = log z - sum_k q[k] (logit[k] - m)
// in which no exponential overflows and no logarithm sees 0.
template <typename T>
ImageResult OneImage(const T* logits, int64_t classes, int32_t label,
                     float smoothing, int64_t count, float weight,
                     float* exponentials, T* grad_logits) {
  int64_t largest = 0;
  for (int64_t k = 1; k < classes; ++k) {
    if (Load(logits[k]) > Load(logits[largest])) largest = k;
  }
  const float maximum = Load(logits[largest]);
  double sum_of_exponentials = 0;
  double sum_of_logits = 0;  // less the maximum
  for (int64_t k = 0; k < classes; ++k) {
    const float logit = Load(logits[k]) - maximum;
    exponentials[k] = std::exp(logit);
    sum_of_exponentials += exponentials[k];
    sum_of_logits += logit;
  }
  const double off_label = static_cast<double>(smoothing) / classes;
  const double on_label = 1.0 - smoothing;
  ImageResult result;
  const double label_logit = static_cast<double>(Load(logits[label])) - maximum;
  result.loss = std::log(sum_of_exponentials) - on_label * label_logit -
                off_label * sum_of_logits;
  result.correct = largest == label;
  if (grad_logits != nullptr) {
    for (int64_t k = 0; k < classes; ++k) {
      const double probability = exponentials[k] / sum_of_exponentials;
      const double target = off_label + (k == label ? on_label : 0);
      Store(static_cast<float>(weight * (probability - target) / count),
            grad_logits[k]);
    }
  }
  return result;
}

template <typename T>
LossResult AllImages(int64_t classes, const T* logits,
                     std::span<const int32_t> labels, int64_t count,
                     float smoothing, T* grad_logits, float weight) {
  // One entry an image, summed in their order below: the same bits however many
  // threads there are.
  std::vector<ImageResult> images(count);
  ParallelFor(count, 1, kSerialBelowImages, [&](int64_t begin, int64_t end) {
    std::vector<float> exponentials(classes);
    for (int64_t n = begin; n < end; ++n) {
      images[n] = OneImage(
          logits + n * classes, classes, labels[n], smoothing, count, weight,
          exponentials.data(),
          grad_logits == nullptr ? nullptr : grad_logits + n * classes);
    }
  });
  if (grad_logits != nullptr) {
    std::fill(grad_logits + count * classes,
              grad_logits + static_cast<int64_t>(labels.size()) * classes, T{});
  }
  LossResult result;
  for (const ImageResult& image : images) {
    result.loss_sum += image.loss;
    result.correct += image.correct;
  }
  return result;
}

}  // namespace

LossResult SoftmaxCrossEntropy(DataType type, int64_t classes,
                               const void* logits,
                               std::span<const int32_t> labels, int64_t count,
                               float label_smoothing, void* grad_logits,
                               float weight) {
  if (type == DataType::kF32) {
    return AllImages(classes, static_cast<const float*>(logits), labels, count,
                     label_smoothing, static_cast<float*>(grad_logits), weight);
  }
  return AllImages(classes, static_cast<const BFloat16*>(logits), labels, count,
                   label_smoothing, static_cast<BFloat16*>(grad_logits),
                   weight);
}

}  // namespace tritlab
