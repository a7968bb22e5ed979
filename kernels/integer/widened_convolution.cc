#include "kernels/integer/widened_convolution.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/integer/widened_product.h"

namespace tritlab {
namespace {

class WidenedConvolution final : public S8Convolution {
 public:
  WidenedConvolution(const ConvolutionShape& shape, const Options& options,
                     std::span<const int8_t> weights,
                     std::span<const float> scales,
                     std::span<const float> biases)
      : shape_(shape),
        options_(options),
        scales_(scales.begin(), scales.end()),
        biases_(biases.begin(), biases.end()) {
    const int64_t outputs = shape.out_channels / shape.groups;
    const int64_t inputs = shape.weight_count() / shape.out_channels;
    for (int64_t group = 0; group < shape.groups; ++group) {
      products_.emplace_back(
          inputs, outputs,
          weights.subspan(group * outputs * inputs, outputs * inputs));
    }
  }

  void Run(const void* input, void* output) override {
    if (options_.input == ByteType::kU8) {
      RunOn(static_cast<const uint8_t*>(input), output);
    } else {
      RunOn(static_cast<const int8_t*>(input), output);
    }
  }
  int64_t weight_bytes() const override {
    return static_cast<int64_t>(products_.size()) * products_[0].bytes();
  }
  std::string Implementations() const override { return "widened"; }

 private:
  template <typename Input>
  void RunOn(const Input* input, void* output) const {
    const Shape out = shape_.output();
#pragma omp parallel
    {
      std::vector<int16_t> window(products_[0].padded_inputs());
      std::vector<int32_t> sums(products_[0].padded_outputs());
#pragma omp for schedule(static)
      for (int64_t pixel = 0; pixel < out.batch * out.height * out.width;
           ++pixel) {
        for (int64_t group = 0; group < shape_.groups; ++group) {
          Gather(input, pixel, group, window.data());
          products_[group].Multiply(window.data(), sums.data());
          Store(pixel, group, sums.data(), output);
        }
      }
    }
  }

  // The group's channels of what an output pixel sees, 0 where it is padding.
  template <typename Input>
  void Gather(const Input* input, int64_t pixel, int64_t group,
              int16_t* window) const {
    const Shape& in = shape_.input;
    const Shape out = shape_.output();
    const int64_t x = pixel % out.width * shape_.stride - shape_.padding;
    const int64_t y =
        pixel / out.width % out.height * shape_.stride - shape_.padding;
    const int64_t image = pixel / (out.width * out.height);
    const int64_t channels = in.channels / shape_.groups;
    for (int64_t ky = y; ky < y + shape_.kernel_height; ++ky) {
      for (int64_t kx = x; kx < x + shape_.kernel_width; ++kx) {
        if (ky < 0 || ky >= in.height || kx < 0 || kx >= in.width) {
          std::fill_n(window, channels, 0);
        } else {
          std::copy_n(
              input + ((image * in.height + ky) * in.width + kx) * in.channels +
                  group * channels,
              channels, window);
        }
        window += channels;
      }
    }
  }

  void Store(int64_t pixel, int64_t group, const int32_t* sums,
             void* output) const {
    const int64_t channels = shape_.out_channels / shape_.groups;
    const int64_t first = group * channels;
    for (int64_t c = first; c < first + channels; ++c) {
      const int64_t at = pixel * shape_.out_channels + c;
      float value = static_cast<float>(sums[c - first]) * scales_[c];
      value = value + biases_[c];
      if (options_.residual_scale != 0)
        value = std::fma(options_.residual_scale, Residual(output, at), value);
      if (options_.relu) value = std::max(value, 0.0f);
      if (options_.values) {
        static_cast<float*>(output)[at] = value;
      } else if (options_.output == ByteType::kU8) {
        static_cast<uint8_t*>(output)[at] =
            static_cast<uint8_t>(std::nearbyint(std::clamp(value, 0.f, 255.f)));
      } else {
        static_cast<int8_t*>(output)[at] = static_cast<int8_t>(
            std::nearbyint(std::clamp(value, -128.f, 127.f)));
      }
    }
  }

  float Residual(const void* output, int64_t at) const {
    if (options_.values) return static_cast<const float*>(output)[at];
    if (options_.residual == ByteType::kU8)
      return static_cast<const uint8_t*>(output)[at];
    return static_cast<const int8_t*>(output)[at];
  }

  const ConvolutionShape shape_;
  const Options options_;
  const std::vector<float> scales_, biases_;
  std::vector<WidenedProduct> products_;  // [group]
};

}  // namespace

std::unique_ptr<S8Convolution> MakeWidenedConvolution(
    const ConvolutionShape& shape, const S8Convolution::Options& options,
    std::span<const int8_t> weights, std::span<const float> scales,
    std::span<const float> biases) {
  return std::make_unique<WidenedConvolution>(shape, options, weights, scales,
                                              biases);
}

}  // namespace tritlab
