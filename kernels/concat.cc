#include "kernels/concat.h"

#include <cstddef>
#include <cstring>
#include <numeric>

#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// Below so many bytes, waking threads costs more than copying.
constexpr int64_t kSerialBelow = 1 << 16;

// Calls copy(i, byte of input i, byte of the output, bytes) for every pixel and
// input, spread over threads by pixels.
template <typename Copy>
void ForEachPart(DataType type, int64_t pixels,
                 std::span<const int64_t> channels, Copy copy) {
  const auto element = static_cast<int64_t>(SizeOf(type));
  const int64_t pixel_bytes =
      element * std::accumulate(channels.begin(), channels.end(), int64_t{0});
  ParallelFor(pixels, 1, kSerialBelow / pixel_bytes + 1,
              [&](int64_t begin, int64_t end) {
                int64_t before = 0;
                for (size_t i = 0; i < channels.size(); ++i) {
                  const int64_t bytes = element * channels[i];
                  for (int64_t p = begin; p < end; ++p)
                    copy(i, p * bytes, p * pixel_bytes + before, bytes);
                  before += bytes;
                }
              });
}

}  // namespace

void ConcatForward(DataType type, int64_t pixels,
                   std::span<const int64_t> channels,
                   std::span<const void* const> inputs, void* output) {
  ForEachPart(type, pixels, channels,
              [&](size_t i, int64_t from, int64_t to, int64_t bytes) {
                std::memcpy(static_cast<char*>(output) + to,
                            static_cast<const char*>(inputs[i]) + from, bytes);
              });
}

void ConcatBackward(DataType type, int64_t pixels,
                    std::span<const int64_t> channels, const void* grad_output,
                    std::span<void* const> grad_inputs) {
  ForEachPart(type, pixels, channels,
              [&](size_t i, int64_t to, int64_t from, int64_t bytes) {
                if (grad_inputs[i] == nullptr) return;
                std::memcpy(static_cast<char*>(grad_inputs[i]) + to,
                            static_cast<const char*>(grad_output) + from,
                            bytes);
              });
}

}  // namespace tritlab
