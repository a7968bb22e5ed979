// Pooling as its definition says it (kernels/pooling.h), to test the fast one
// against. Sums are double.
#ifndef TRITLAB_KERNELS_REFERENCE_POOLING_H_
#define TRITLAB_KERNELS_REFERENCE_POOLING_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/pooling.h"

namespace tritlab::reference {

// Calls visit(output index, input indices of the window's pixels that lie
// inside the image, row by row) for each output.
template <typename Visit>
void ForEachWindow(const PoolingShape& shape, Visit visit) {
  const Shape in = shape.input;
  const Shape out = shape.output();
  std::vector<int64_t> window;
  for (int64_t n = 0; n < out.batch; ++n) {
    for (int64_t y = 0; y < out.height; ++y) {
      for (int64_t x = 0; x < out.width; ++x) {
        for (int64_t c = 0; c < out.channels; ++c) {
          window.clear();
          for (int64_t i = 0; i < shape.window_height; ++i) {
            for (int64_t j = 0; j < shape.window_width; ++j) {
              const int64_t in_y = y * shape.stride + i - shape.padding;
              const int64_t in_x = x * shape.stride + j - shape.padding;
              if (in_y < 0 || in_y >= in.height) continue;
              if (in_x < 0 || in_x >= in.width) continue;
              window.push_back(
                  ((n * in.height + in_y) * in.width + in_x) * in.channels + c);
            }
          }
          visit(((n * out.height + y) * out.width + x) * out.channels + c,
                window);
        }
      }
    }
  }
}

// Of the window's pixels, the one with the largest value; ties: the first.
template <typename Real>
int64_t Winner(std::span<const Real> input,
               const std::vector<int64_t>& window) {
  int64_t winner = window.front();
  for (int64_t pixel : window) {
    if (input[pixel] > input[winner]) winner = pixel;
  }
  return winner;
}

template <typename Real>
void PoolingForward(const PoolingShape& shape, std::span<const Real> input,
                    std::span<Real> output) {
  ForEachWindow(shape, [&](int64_t out, const std::vector<int64_t>& window) {
    if (shape.kind == PoolingShape::Kind::kMax) {
      output[out] = input[Winner(input, window)];
      return;
    }
    double sum = 0;
    for (int64_t pixel : window) sum += input[pixel];
    output[out] = static_cast<Real>(sum / window.size());
  });
}

template <typename Real>
void PoolingBackward(const PoolingShape& shape, std::span<const Real> input,
                     std::span<const Real> grad_output,
                     std::span<Real> grad_input) {
  std::vector<double> sums(grad_input.size(), 0.0);
  ForEachWindow(shape, [&](int64_t out, const std::vector<int64_t>& window) {
    if (shape.kind == PoolingShape::Kind::kMax) {
      sums[Winner(input, window)] += grad_output[out];
      return;
    }
    for (int64_t pixel : window) {
      sums[pixel] += static_cast<double>(grad_output[out]) / window.size();
    }
  });
  std::copy(sums.begin(), sums.end(), grad_input.begin());
}

}  // namespace tritlab::reference

#endif  // TRITLAB_KERNELS_REFERENCE_POOLING_H_
