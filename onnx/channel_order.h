// Images and weights in this project's order, with the channels as the
// innermost axis (NHWC, OHWI), and in ONNX's, with a plane of pixels for each
// channel (NCHW, OIHW). `outer` is how many images there are, or the outputs
// that weights have; `channels` are those of each of them. The columns of a
// linear layer are the pixels and channels of the image that it reads.
#ifndef TRITLAB_ONNX_CHANNEL_ORDER_H_
#define TRITLAB_ONNX_CHANNEL_ORDER_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tritlab {

// To ONNX's order.
template <typename T>
std::vector<T> ChannelsFirst(std::span<const T> values, int64_t outer,
                             int64_t channels) {
  const int64_t n = static_cast<int64_t>(values.size()) / outer;
  const int64_t pixels = n / channels;
  std::vector<T> reordered(values.size());
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < pixels; ++p)
        reordered[o * n + c * pixels + p] = values[o * n + p * channels + c];
    }
  }
  return reordered;
}

// From ONNX's order: pixels are to channels as channels are to pixels.
template <typename T>
std::vector<T> ChannelsLast(std::span<const T> values, int64_t outer,
                            int64_t channels) {
  const int64_t n = static_cast<int64_t>(values.size()) / outer;
  return ChannelsFirst(values, outer, n / channels);
}

}  // namespace tritlab

#endif  // TRITLAB_ONNX_CHANNEL_ORDER_H_
