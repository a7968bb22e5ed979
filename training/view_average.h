// One answer from several views of an image (ten crops): the mean of the class
// probabilities (Krizhevsky et al. 2012, section 4.1).
#ifndef TRITLAB_TRAINING_VIEW_AVERAGE_H_
#define TRITLAB_TRAINING_VIEW_AVERAGE_H_

#include <cstdint>
#include <vector>

#include "kernels/tensor.h"

namespace tritlab {

class ViewAverage {
 public:
  explicit ViewAverage(int64_t classes) : classes_(classes) {}

  // A further view of `count` images, the same as before.
  // logits: [count][classes] of `type`.
  void Add(DataType type, const void* logits, int64_t count);

  // The logarithms of the mean probabilities of the views since the last call:
  // [count][classes] logits whose softmax they are. Valid until Add.
  const float* TakeLogits();

 private:
  const int64_t classes_;
  int views_ = 0;
  std::vector<float> logits_;
  std::vector<double> sums_;  // of probabilities
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_VIEW_AVERAGE_H_
