// From the values that a network's nodes take on some images to the ranges that
// their bytes cover.
#ifndef TRITLAB_INFERENCE_CALIBRATION_H_
#define TRITLAB_INFERENCE_CALIBRATION_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tritlab {

enum class ClipMethod {
  kLargest,     // the largest magnitude that was seen
  kPercentile,  // the magnitude that 99.99 % do not exceed
  kSquares,     // the clip with the least sum of squared errors
};

// A histogram of magnitudes whose range grows with them.
class ActivationHistogram {
 public:
  void Add(std::span<const float> values);

  // The clip for values in 2^8 equal steps; at least a tiny positive number. 0
  // when nothing was added. `is_signed`: half of the steps are for negative
  // values.
  float Clip(ClipMethod method, bool is_signed) const;
  // Whether a value below 0 was added.
  bool has_negative() const { return has_negative_; }

 private:
  double BinWidth() const { return range_ / static_cast<double>(kBins); }

  static constexpr int kBins = 4096;
  std::vector<int64_t> counts_ = std::vector<int64_t>(kBins, 0);
  double range_ = 1e-6;  // of the bins; doubled until a value fits
  float largest_ = 0;
  int64_t total_ = 0, zeros_ = 0;
  bool has_negative_ = false;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_CALIBRATION_H_
