#include "training/view_average.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tritlab {

void ViewAverage::Add(DataType type, const void* logits, int64_t count) {
  logits_.resize(count * classes_);
  if (views_++ == 0) sums_.assign(count * classes_, 0.0);
  ToFloat(type, logits, count * classes_, logits_.data());
  for (int64_t i = 0; i < count; ++i) {
    const float* const row = logits_.data() + i * classes_;
    const double largest = *std::max_element(row, row + classes_);
    double sum = 0;
    for (int64_t k = 0; k < classes_; ++k) sum += std::exp(row[k] - largest);
    for (int64_t k = 0; k < classes_; ++k)
      sums_[i * classes_ + k] += std::exp(row[k] - largest) / sum;
  }
}

const float* ViewAverage::TakeLogits() {
  for (size_t i = 0; i < logits_.size(); ++i) {
    // The least normal number for what is 0 by rounding.
    logits_[i] = static_cast<float>(std::log(
        std::max(sums_[i] / views_,
                 static_cast<double>(std::numeric_limits<float>::min()))));
  }
  views_ = 0;
  return logits_.data();
}

}  // namespace tritlab
