// How it works. A pixel is a vector of channels. Where there are few channels,
// some pixels are taken together as a row, so that the innermost loops are long
// enough for vector instructions; what is one value a channel is then repeated
// along the row. Rows are taken together as chunks: whatever is summed is
// summed in f32 within a chunk and in double over the chunks, in their order,
// so that sums do not depend on which thread took which chunk.
//
// Of each chunk, the statistics' pass takes sums of (x - origin) and of its
// square, the origin being the chunk's first pixel: near the mean, so that the
// squares do not cancel. The chunks' means and sums of squares are then joined
// as Chan, Golub and LeVeque do (Algorithms for computing the sample variance,
// 1983).
//
// Backwards, with g the gradient behind the ReLU, N the number of pixels,
// d = x - mean and f = scale / sqrt(variance + epsilon):
//   grad_shift = sum g;  grad_scale = sum(g d) / sqrt(variance + epsilon)
//   grad_input = f (g - sum(g) / N - d sum(g d) / (N (variance + epsilon)))
//
// Shares of one batch add up n mean and n (variance + mean^2) forwards, sum g
// and sum(g d) backwards: in double, whose rounding of the square is below what
// f32 shows of the variance as long as a mean is within some 10^4 deviations.
//
// The second pass goes through the chunks backwards: it begins with what the
// first one left in the cache.
#include "kernels/fused_batch_normalization.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "kernels/bfloat16.h"
#include "kernels/normalization_loops.h"
#include "kernels/scratch_memory.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

template <typename T>
constexpr int64_t kRowElements = std::is_same_v<T, float> ? 128 : 64;
constexpr int64_t kChunkElements = 1 << 14;
constexpr int64_t kChunkPixels = 32;  // at least
// Values that it is worth waking threads for.
constexpr int64_t kSerialBelow = 1 << 14;

template <typename T>
T* At(T* array, int64_t offset) {
  return array == nullptr ? nullptr : array + offset;
}

thread_local ScratchMemory scratch_memory;

template <typename T>
class FusedBatchNormalization final : public BatchNormalization {
 public:
  FusedBatchNormalization(const BatchNormalizationShape& shape,
                          BatchShares shares)
      : tail_(shape.add    ? Tail::kAddRelu
              : shape.relu ? Tail::kRelu
                           : Tail::kNothing),
        epsilon_(shape.epsilon),
        shares_(std::move(shares)),
        channels_(shape.input.channels),
        pixels_(shape.input.size() / channels_),
        pixels_in_row_(std::max<int64_t>(1, kRowElements<T> / channels_)),
        width_(pixels_in_row_ * channels_),
        chunk_pixels_(ChunkPixels()),
        chunks_((pixels_ + chunk_pixels_ - 1) / chunk_pixels_),
        sums_(chunks_ * channels_),
        more_sums_(chunks_ * channels_),
        channel_sums_(2 * channels_),
        deviation_(channels_),
        mean_(width_),
        factor_(width_),
        shift_(width_),
        mean_gradient_(width_),
        slope_(width_) {}

  void ForwardTraining(const void* input, const void* addend,
                       std::span<const float> scale,
                       std::span<const float> shift, void* output,
                       std::span<float> mean,
                       std::span<float> variance) override {
    const T* const x = static_cast<const T*>(input);
    TakeMoments(x);
    ForChannels([&](int64_t c) {
      double sum = 0;
      for (int64_t k = 0; k < chunks_; ++k)
        sum += static_cast<double>(PixelsOf(k)) * sums_[k * channels_ + c];
      const double channel_mean = sum / static_cast<double>(pixels_);
      double squares = 0;
      for (int64_t k = 0; k < chunks_; ++k) {
        const double apart = sums_[k * channels_ + c] - channel_mean;
        squares += more_sums_[k * channels_ + c] +
                   static_cast<double>(PixelsOf(k)) * apart * apart;
      }
      const double channel_variance = squares / static_cast<double>(pixels_);
      mean[c] = static_cast<float>(channel_mean);
      variance[c] = static_cast<float>(channel_variance);
      channel_sums_[c] = sum;
      channel_sums_[channels_ + c] = squares + sum * channel_mean;
    });
    if (shares_.count > 1) TakeWholeStatistics(mean, variance);
    SetRows(scale, shift, mean, variance);
    WriteOutput(x, static_cast<const T*>(addend), static_cast<T*>(output),
                Rows());
  }

  void ForwardInference(const void* input, const void* addend,
                        std::span<const float> scale,
                        std::span<const float> shift,
                        std::span<const float> mean,
                        std::span<const float> variance,
                        void* output) override {
    // Rows of its own: Backward still needs those of the last training pass.
    std::vector<float> rows(3 * width_);
    float* const factor = rows.data() + width_;
    float* const shifts = factor + width_;
    for (int64_t j = 0; j < width_; ++j) {
      const int64_t c = j % channels_;
      rows[j] = mean[c];
      factor[j] = scale[c] / Deviation(variance[c]);
      shifts[j] = shift[c];
    }
    WriteOutput(static_cast<const T*>(input), static_cast<const T*>(addend),
                static_cast<T*>(output), {rows.data(), factor, shifts});
  }

  void Backward(const void* input, const void* output,
                const Gradients& gradients, std::span<const float> scale,
                std::span<float> grad_scale,
                std::span<float> grad_shift) override {
    assert(static_cast<int64_t>(scale.size()) == channels_);
    const T* const x = static_cast<const T*>(input);
    const T* const y = static_cast<const T*>(output);
    const T* const g = static_cast<const T*>(gradients.output);
    const T* const g_2 = static_cast<const T*>(gradients.output_2);
    T* const masked = static_cast<T*>(gradients.addend);
    assert((tail_ == Tail::kAddRelu) == (masked != nullptr));
    TakeGradientSums(x, y, g, g_2, masked);
    ForChannels([&](int64_t c) {
      double& sum = channel_sums_[c];
      double& products = channel_sums_[channels_ + c];
      sum = products = 0;
      for (int64_t k = 0; k < chunks_; ++k) {
        sum += sums_[k * channels_ + c];
        products += more_sums_[k * channels_ + c];
      }
      grad_shift[c] = static_cast<float>(sum);
      grad_scale[c] = static_cast<float>(products / deviation_[c]);
    });
    if (shares_.count > 1) shares_.add_up(channel_sums_);
    const double count = WholePixels();
    for (int64_t c = 0; c < channels_; ++c) {
      const double deviation = deviation_[c];
      mean_gradient_[c] = static_cast<float>(channel_sums_[c] / count);
      slope_[c] = static_cast<float>(channel_sums_[channels_ + c] /
                                     (count * deviation * deviation));
    }
    Repeat(mean_gradient_);
    Repeat(slope_);
    // With an addition, the first pass has masked the gradient.
    const T* const behind_relu = masked == nullptr ? g : masked;
    T* const grad_input = static_cast<T*>(gradients.input);
    ForChunks(/*backwards=*/true, [&](int64_t first, int64_t elements) {
      InputGradient(tail_ == Tail::kRelu, x + first, behind_relu + first,
                    grad_input + first, elements, width_, Rows(),
                    mean_gradient_.data(), slope_.data());
    });
  }

  std::string Implementations() const override { return "fused"; }

 private:
  // Whole rows; all chunks have as many pixels but the last one.
  int64_t ChunkPixels() const {
    const int64_t pixels = std::max(kChunkPixels, kChunkElements / channels_);
    return (pixels + pixels_in_row_ - 1) / pixels_in_row_ * pixels_in_row_;
  }
  int64_t PixelsOf(int64_t chunk) const {
    return std::min(chunk_pixels_, pixels_ - chunk * chunk_pixels_);
  }
  double WholePixels() const {
    return static_cast<double>(pixels_) * shares_.count;
  }
  float Deviation(float variance) const {
    return std::sqrt(variance + epsilon_);
  }
  RowVectors Rows() const {
    return {mean_.data(), factor_.data(), shift_.data()};
  }

  // Of all shares, from channel_sums_ of this one.
  void TakeWholeStatistics(std::span<float> mean, std::span<float> variance) {
    shares_.add_up(channel_sums_);
    for (int64_t c = 0; c < channels_; ++c) {
      const double whole_mean = channel_sums_[c] / WholePixels();
      const double difference = channel_sums_[channels_ + c] / WholePixels() -
                                whole_mean * whole_mean;
      mean[c] = static_cast<float>(whole_mean);
      // Rounding may leave a constant channel just below 0; NaN comes through.
      variance[c] = static_cast<float>(0 > difference ? 0 : difference);
    }
  }

  // Repeats a row's first pixel along it.
  void Repeat(std::vector<float>& row) const {
    for (int64_t j = channels_; j < width_; ++j) row[j] = row[j - channels_];
  }
  void SetRows(std::span<const float> scale, std::span<const float> shift,
               std::span<const float> mean, std::span<const float> variance) {
    for (int64_t c = 0; c < channels_; ++c) {
      deviation_[c] = Deviation(variance[c]);
      mean_[c] = mean[c];
      factor_[c] = scale[c] / deviation_[c];
      shift_[c] = shift[c];
    }
    Repeat(mean_);
    Repeat(factor_);
    Repeat(shift_);
  }

  // function(begin, count): the elements of each chunk, in parallel.
  template <typename Function>
  void ForChunks(bool backwards, const Function& function) const {
    ParallelFor(chunks_, 1, 2, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t chunk = backwards ? begin + end - 1 - i : i;
        function(chunk * chunk_pixels_ * channels_,
                 PixelsOf(chunk) * channels_);
      }
    });
  }
  template <typename Function>
  void ForChannels(const Function& function) const {
    ParallelFor(channels_, 16, kSerialBelow / chunks_ + 1,
                [&](int64_t begin, int64_t end) {
                  for (int64_t c = begin; c < end; ++c) function(c);
                });
  }

  // The sum over a row's pixels of what one loop gathered for each of them.
  double OfChannel(const float* row, int64_t c) const {
    double sum = 0;
    for (int64_t j = c; j < width_; j += channels_) sum += row[j];
    return sum;
  }

  // sums_: each chunk's mean; more_sums_: its sum of squares around it.
  void TakeMoments(const T* input) {
    ForChunks(/*backwards=*/false, [&](int64_t first, int64_t elements) {
      const Scratch scratch = TakeScratch();
      for (int64_t j = 0; j < width_; ++j)
        scratch.origin[j] = Load(input[first + j % channels_]);
      Moments(input + first, elements, width_, scratch.origin, scratch.sums,
              scratch.more_sums);
      const double pixels = static_cast<double>(elements / channels_);
      const int64_t at = first / chunk_pixels_;
      for (int64_t c = 0; c < channels_; ++c) {
        const double sum = OfChannel(scratch.sums, c);
        const double around =
            OfChannel(scratch.more_sums, c) - sum * sum / pixels;
        sums_[at + c] = scratch.origin[c] + sum / pixels;
        more_sums_[at + c] = around < 0 ? 0 : around;
      }
    });
  }

  // sums_: each chunk's sum of gradients; more_sums_: of their products with
  // what deviates from the mean.
  void TakeGradientSums(const T* input, const T* output, const T* gradient,
                        const T* gradient_2, T* masked) {
    // Where the mask follows from the input, the output is not read.
    if (tail_ != Tail::kAddRelu) output = nullptr;
    ForChunks(/*backwards=*/false, [&](int64_t first, int64_t elements) {
      const Scratch scratch = TakeScratch();
      GradientSums(tail_,
                   {input + first, At(output, first), gradient + first,
                    At(gradient_2, first)},
                   At(masked, first), elements, width_, Rows(), scratch.sums,
                   scratch.more_sums);
      const int64_t at = first / chunk_pixels_;
      for (int64_t c = 0; c < channels_; ++c) {
        sums_[at + c] = OfChannel(scratch.sums, c);
        more_sums_[at + c] = OfChannel(scratch.more_sums, c);
      }
    });
  }

  // output = (input - mean) * factor + shift, and what follows it.
  void WriteOutput(const T* input, const T* addend, T* output,
                   const RowVectors& rows) const {
    ForChunks(/*backwards=*/true, [&](int64_t first, int64_t elements) {
      Normalize(tail_, input + first, At(addend, first), output + first,
                elements, width_, rows);
    });
  }

  // A thread's rows while it works on a chunk.
  struct Scratch {
    float* sums;  // 0 at first
    float* more_sums;
    float* origin;
  };
  Scratch TakeScratch() const {
    float* const memory = reinterpret_cast<float*>(
        scratch_memory.AtLeast(3 * width_ * sizeof(float)));
    std::fill_n(memory, 2 * width_, 0.0f);
    return {memory, memory + width_, memory + 2 * width_};
  }

  const Tail tail_;
  const float epsilon_;
  const BatchShares shares_;
  const int64_t channels_, pixels_, pixels_in_row_, width_, chunk_pixels_,
      chunks_;
  std::vector<double> sums_, more_sums_;  // [chunk][channel]
  std::vector<double> channel_sums_;      // [2][channel]
  // What ForwardTraining keeps for Backward: sqrt(variance + epsilon) by
  // channel, and rows.
  std::vector<float> deviation_, mean_, factor_, shift_;
  std::vector<float> mean_gradient_, slope_;  // rows
};

}  // namespace

absl::StatusOr<std::unique_ptr<BatchNormalization>>
CreateFusedBatchNormalization(const BatchNormalizationShape& shape,
                              DataType type, BatchShares shares) {
  RETURN_IF_ERROR(shape.Validate());
  if (type == DataType::kF32)
    return std::make_unique<FusedBatchNormalization<float>>(shape,
                                                            std::move(shares));
  return std::make_unique<FusedBatchNormalization<BFloat16>>(shape,
                                                             std::move(shares));
}

}  // namespace tritlab
