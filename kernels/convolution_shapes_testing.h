// The shapes that tests of convolutions sweep.
#ifndef TRITLAB_KERNELS_CONVOLUTION_SHAPES_TESTING_H_
#define TRITLAB_KERNELS_CONVOLUTION_SHAPES_TESTING_H_

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/convolution_shape.h"
#include "kernels/tensor.h"

namespace tritlab {

// As a test's name has it.
inline std::string NameOf(const ConvolutionShape& shape) {
  return absl::StrCat(ToString(shape.input), "_", shape.out_channels, "_kernel",
                      shape.kernel_height, "x", shape.kernel_width, "_stride",
                      shape.stride, "_padding", shape.padding, "_groups",
                      shape.groups, shape.bias ? "_bias" : "");
}

inline std::vector<ConvolutionShape> SweptConvolutionShapes() {
  std::vector<ConvolutionShape> shapes;
  // Channels around and off the vector width, both strides, paddings up to half
  // a 7x7 kernel.
  for (int64_t channels : {1, 3, 16, 17, 32}) {
    for (int64_t stride : {1, 2}) {
      for (int64_t padding : {0, 1, 3}) {
        const int64_t kernel = padding == 3 ? 7 : 3;
        for (int64_t batch : {1, 5}) {
          shapes.push_back({.input = {batch, 9, 7, channels},
                            .out_channels = channels == 3 ? 16 : channels,
                            .kernel_height = kernel,
                            .kernel_width = kernel,
                            .stride = stride,
                            .padding = padding,
                            .bias = batch == 1});
        }
      }
    }
  }

  // Images about the size of the kernel and below, where most taps lie outside.
  for (const auto& [height, width] :
       {std::pair{1, 1}, {1, 2}, {2, 2}, {2, 3}, {3, 3}}) {
    for (const int64_t kernel : {3, 5}) {
      for (const int64_t stride : {1, 2}) {
        for (const int64_t channels : {5, 32}) {
          shapes.push_back({.input = {6, height, width, channels},
                            .out_channels = 48 - channels,
                            .kernel_height = kernel,
                            .kernel_width = kernel,
                            .stride = stride,
                            .padding = kernel / 2,
                            .bias = stride == 2});
        }
      }
    }
  }
  // Some pixels meet no tap of another.
  shapes.push_back({.input = {2, 1, 4, 16},
                    .out_channels = 8,
                    .kernel_height = 5,
                    .kernel_width = 3,
                    .padding = 2,
                    .bias = true});
  shapes.push_back({.input = {2, 1, 4, 16},
                    .out_channels = 8,
                    .kernel_height = 2,
                    .kernel_width = 2,
                    .stride = 3,
                    .padding = 1});

  const ConvolutionShape special[] = {
      // 1x1, as bottlenecks and projections have.
      {.input = {2, 8, 8, 16}, .out_channels = 64},
      {.input = {2, 9, 8, 32}, .out_channels = 64, .stride = 2},
      // Kernels that are not square.
      {.input = {2, 6, 11, 17},
       .out_channels = 5,
       .kernel_height = 1,
       .kernel_width = 3,
       .bias = true},
      {.input = {2, 11, 6, 8},
       .out_channels = 24,
       .kernel_height = 5,
       .kernel_width = 2,
       .stride = 2,
       .padding = 1},
      // Groups: two halves (AlexNet), off the vector width, one group a
      // channel, and more outputs than inputs in each.
      {.input = {3, 7, 5, 32},
       .out_channels = 64,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1,
       .groups = 2,
       .bias = true},
      {.input = {2, 7, 7, 18},
       .out_channels = 9,
       .kernel_height = 3,
       .kernel_width = 3,
       .stride = 2,
       .padding = 1,
       .groups = 3},
      {.input = {2, 8, 9, 16},
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1,
       .groups = 16},
      {.input = {2, 5, 5, 6},
       .out_channels = 12,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1,
       .groups = 6,
       .bias = true},
      // A kernel of the whole image, and an image of one pixel.
      {.input = {4, 6, 6, 16},
       .out_channels = 10,
       .kernel_height = 6,
       .kernel_width = 6,
       .bias = true},
      {.input = {3, 1, 1, 16},
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      // Vectors of output channels by twos and a last one, off the vector
      // width; rows of several images at once, and parts of one; odd widths;
      // kernels of another height.
      {.input = {5, 7, 7, 24},
       .out_channels = 48,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {3, 14, 13, 100},
       .out_channels = 130,
       .kernel_height = 3,
       .kernel_width = 3,
       .stride = 2,
       .padding = 1},
      {.input = {2, 9, 66, 16},
       .out_channels = 16,
       .kernel_height = 5,
       .kernel_width = 3,
       .padding = 2},
      {.input = {1, 2, 9, 8},
       .out_channels = 33,
       .kernel_height = 1,
       .kernel_width = 3,
       .stride = 2},
      // So few channels that a kernel's row is taken as one, of one vector and
      // of two; more images than are taken at a time.
      {.input = {3, 21, 22, 3},
       .out_channels = 64,
       .kernel_height = 7,
       .kernel_width = 7,
       .stride = 2,
       .padding = 3},
      {.input = {2, 9, 7, 4},
       .out_channels = 17,
       .kernel_height = 2,
       .kernel_width = 3,
       .padding = 2},
      {.input = {1, 8, 8, 1},
       .out_channels = 20,
       .kernel_height = 5,
       .kernel_width = 5,
       .stride = 2},
      {.input = {17, 12, 11, 32},
       .out_channels = 32,
       .kernel_height = 5,
       .kernel_width = 5,
       .padding = 2},
      // ResNet-20's kinds at their size.
      {.input = {2, 32, 32, 3},
       .out_channels = 16,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      {.input = {2, 32, 32, 16},
       .out_channels = 32,
       .kernel_height = 3,
       .kernel_width = 3,
       .stride = 2,
       .padding = 1},
      {.input = {2, 8, 8, 64},
       .out_channels = 64,
       .kernel_height = 3,
       .kernel_width = 3,
       .padding = 1},
      // Far more padding than the kernel reaches over.
      {.input = {1, 7, 7, 64},
       .out_channels = 64,
       .kernel_height = 1,
       .kernel_width = 1,
       .padding = 33},
      // AlexNet's first layer, of a smaller image.
      {.input = {1, 35, 35, 3},
       .out_channels = 96,
       .kernel_height = 11,
       .kernel_width = 11,
       .stride = 4,
       .bias = true}};
  shapes.insert(shapes.end(), std::begin(special), std::end(special));
  return shapes;
}

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_CONVOLUTION_SHAPES_TESTING_H_
