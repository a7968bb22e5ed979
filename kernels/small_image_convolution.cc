#include "kernels/small_image_convolution.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/linear.h"
#include "kernels/scratch_memory.h"

namespace tritlab {
namespace {

int64_t PixelsOf(const Shape& image) { return image.height * image.width; }

// The tap by which an output pixel reads an input pixel; -1 where none does.
int64_t TapOf(const ConvolutionShape& shape, int64_t out_pixel,
              int64_t in_pixel) {
  const int64_t out_width = shape.output().width;
  const int64_t width = shape.input.width;
  const int64_t i =
      in_pixel / width + shape.padding - out_pixel / out_width * shape.stride;
  const int64_t j =
      in_pixel % width + shape.padding - out_pixel % out_width * shape.stride;
  const bool meets =
      0 <= i && i < shape.kernel_height && 0 <= j && j < shape.kernel_width;
  return meets ? i * shape.kernel_width + j : -1;
}

// The linear layer's weights on their way in, and their gradient on its way
// out: between the two nobody reads them.
thread_local ScratchMemory matrix_memory;

class SmallImageConvolution final : public Convolution {
 public:
  SmallImageConvolution(const ConvolutionShape& shape, bool training,
                        std::unique_ptr<Linear> linear)
      : in_pixels_(PixelsOf(shape.input)),
        out_pixels_(PixelsOf(shape.output())),
        in_channels_(shape.input.channels),
        out_channels_(shape.out_channels),
        taps_(shape.kernel_height * shape.kernel_width),
        matrix_size_(out_pixels_ * out_channels_ * in_pixels_ * in_channels_),
        linear_(std::move(linear)),
        bias_(out_pixels_ * out_channels_) {
    for (int64_t out = 0; out < out_pixels_; ++out) {
      for (int64_t in = 0; in < in_pixels_; ++in)
        tap_.push_back(TapOf(shape, out, in));
    }
    if (training) grad_bias_.resize(bias_.size());
  }

  void SetWeights(std::span<const float> weights,
                  std::span<const float> bias) override {
    const std::span<float> matrix = Matrix();
#pragma omp parallel for schedule(static)
    for (int64_t o = 0; o < out_channels_; ++o) {
      const float* const of_output = &weights[o * taps_ * in_channels_];
      for (int64_t out = 0; out < out_pixels_; ++out) {
        for (int64_t in = 0; in < in_pixels_; ++in) {
          float* const to = &matrix[At(out, o, in)];
          const int64_t tap = tap_[out * in_pixels_ + in];
          if (tap < 0) {
            std::fill_n(to, in_channels_, 0.0f);
          } else {
            std::copy_n(of_output + tap * in_channels_, in_channels_, to);
          }
        }
      }
    }
    for (size_t i = 0; i < bias_.size() && !bias.empty(); ++i)
      bias_[i] = bias[i % out_channels_];
    linear_->SetWeights(matrix, bias_);
  }

  void Forward(const void* input, void* output) override {
    linear_->Forward(input, output);
  }

  void BackwardInput(const void* grad_output, void* grad_input) override {
    linear_->BackwardInput(grad_output, grad_input);
  }

  void BackwardWeights(const void* input, const void* grad_output,
                       std::span<float> grad_weights,
                       std::span<float> grad_bias) override {
    const std::span<float> matrix = Matrix();
    linear_->BackwardWeights(input, grad_output, matrix, grad_bias_);
#pragma omp parallel for schedule(static)
    for (int64_t o = 0; o < out_channels_; ++o) {
      float* const of_output = &grad_weights[o * taps_ * in_channels_];
      std::fill_n(of_output, taps_ * in_channels_, 0.0f);
      for (int64_t out = 0; out < out_pixels_; ++out) {
        for (int64_t in = 0; in < in_pixels_; ++in) {
          const int64_t tap = tap_[out * in_pixels_ + in];
          if (tap < 0) continue;
          const float* const from = &matrix[At(out, o, in)];
          for (int64_t c = 0; c < in_channels_; ++c)
            of_output[tap * in_channels_ + c] += from[c];
        }
      }
    }
    std::fill(grad_bias.begin(), grad_bias.end(), 0.0f);
    for (size_t i = 0; i < grad_bias_.size() && !grad_bias.empty(); ++i)
      grad_bias[i % out_channels_] += grad_bias_[i];
  }

  std::string Implementations() const override {
    return absl::StrCat("as a linear layer: ", linear_->Implementations());
  }

 private:
  std::span<float> Matrix() const {
    return {reinterpret_cast<float*>(
                matrix_memory.AtLeast(matrix_size_ * sizeof(float))),
            static_cast<size_t>(matrix_size_)};
  }
  // Where the weights of output channel o begin, by which `out` reads `in`.
  int64_t At(int64_t out, int64_t o, int64_t in) const {
    return ((out * out_channels_ + o) * in_pixels_ + in) * in_channels_;
  }

  const int64_t in_pixels_, out_pixels_, in_channels_, out_channels_, taps_,
      matrix_size_;
  std::vector<int64_t> tap_;  // [out pixel][in pixel], -1 where there is none
  const std::unique_ptr<Linear> linear_;
  std::vector<float> bias_, grad_bias_;  // the linear layer's
};

}  // namespace

bool IsOfSmallImages(const ConvolutionShape& shape) {
  const int64_t taps = shape.kernel_height * shape.kernel_width;
  return shape.groups == 1 && taps > 1 && PixelsOf(shape.input) <= taps &&
         PixelsOf(shape.output()) <= 4;
}

absl::StatusOr<std::unique_ptr<Convolution>> CreateSmallImageConvolution(
    const ConvolutionShape& shape, DataType type, Convolution::Use use) {
  const Shape output = shape.output();
  ASSIGN_OR_RETURN(
      std::unique_ptr<Linear> linear,
      Linear::Create(
          {.batch = shape.input.batch,
           .in_features = PixelsOf(shape.input) * shape.input.channels,
           .out_features = PixelsOf(output) * output.channels},
          type, use.training || use.input_gradient));
  return std::make_unique<SmallImageConvolution>(shape, use.training,
                                                 std::move(linear));
}

}  // namespace tritlab
