// Convolution as its formula says it (kernels/convolution.h), to test the fast
// one against. Sums are double; Real is float, or double where finite
// differences are taken.
#ifndef TRITLAB_KERNELS_REFERENCE_CONVOLUTION_H_
#define TRITLAB_KERNELS_REFERENCE_CONVOLUTION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/convolution_shape.h"

namespace tritlab::reference {

// Calls visit(input index, weight index, output index) for each product that
// the convolution is a sum of.
template <typename Visit>
void ForEachProduct(const ConvolutionShape& shape, Visit visit) {
  const Shape in = shape.input;
  const Shape out = shape.output();
  const int64_t in_group = in.channels / shape.groups;
  const int64_t out_group = out.channels / shape.groups;
  for (int64_t n = 0; n < out.batch; ++n) {
    for (int64_t y = 0; y < out.height; ++y) {
      for (int64_t x = 0; x < out.width; ++x) {
        for (int64_t o = 0; o < out.channels; ++o) {
          for (int64_t i = 0; i < shape.kernel_height; ++i) {
            for (int64_t j = 0; j < shape.kernel_width; ++j) {
              const int64_t in_y = y * shape.stride + i - shape.padding;
              const int64_t in_x = x * shape.stride + j - shape.padding;
              if (in_y < 0 || in_y >= in.height) continue;
              if (in_x < 0 || in_x >= in.width) continue;
              for (int64_t c = 0; c < in_group; ++c) {
                const int64_t in_c = o / out_group * in_group + c;
                visit(
                    ((n * in.height + in_y) * in.width + in_x) * in.channels +
                        in_c,
                    ((o * shape.kernel_height + i) * shape.kernel_width + j) *
                            in_group +
                        c,
                    ((n * out.height + y) * out.width + x) * out.channels + o);
              }
            }
          }
        }
      }
    }
  }
}

template <typename Real>
void ConvolutionForward(const ConvolutionShape& shape,
                        std::span<const Real> input,
                        std::span<const Real> weights,
                        std::span<const Real> bias, std::span<Real> output) {
  std::vector<double> sums(output.size(), 0.0);
  ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t out) {
    sums[out] += static_cast<double>(input[in]) * weights[weight];
  });
  for (size_t out = 0; out < output.size(); ++out) {
    const double shift = shape.bias ? bias[out % shape.out_channels] : 0.0;
    output[out] = static_cast<Real>(sums[out] + shift);
  }
}

template <typename Real>
void ConvolutionBackwardInput(const ConvolutionShape& shape,
                              std::span<const Real> weights,
                              std::span<const Real> grad_output,
                              std::span<Real> grad_input) {
  std::vector<double> sums(grad_input.size(), 0.0);
  ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t out) {
    sums[in] += static_cast<double>(grad_output[out]) * weights[weight];
  });
  std::copy(sums.begin(), sums.end(), grad_input.begin());
}

template <typename Real>
void ConvolutionBackwardWeights(const ConvolutionShape& shape,
                                std::span<const Real> input,
                                std::span<const Real> grad_output,
                                std::span<Real> grad_weights,
                                std::span<Real> grad_bias) {
  std::vector<double> sums(grad_weights.size(), 0.0);
  ForEachProduct(shape, [&](int64_t in, int64_t weight, int64_t out) {
    sums[weight] += static_cast<double>(grad_output[out]) * input[in];
  });
  std::copy(sums.begin(), sums.end(), grad_weights.begin());
  if (!shape.bias) return;
  std::vector<double> bias_sums(shape.out_channels, 0.0);
  for (size_t out = 0; out < grad_output.size(); ++out) {
    bias_sums[out % shape.out_channels] += grad_output[out];
  }
  std::copy(bias_sums.begin(), bias_sums.end(), grad_bias.begin());
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_CONVOLUTION_H_
