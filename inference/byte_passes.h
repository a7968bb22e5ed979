// Internal to inference/integer_program: the steps that are no layers. Each
// reads one tensor, or the image, and writes another one; both have their
// buffers.
#ifndef TRITLAB_INFERENCE_BYTE_PASSES_H_
#define TRITLAB_INFERENCE_BYTE_PASSES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/byte_memory.h"
#include "inference/byte_tensor.h"
#include "inference/packed_model.h"
#include "kernels/local_response_normalization.h"
#include "kernels/pooling.h"

namespace tritlab {

// What each of a pixel's 256 values is in each channel, normalized as the model
// says: [channel][256]. InvalidArgument when the model does not say, or
// nonsense.
absl::StatusOr<std::vector<float>> NormalizedPixels(
    const PackedModelDescription& description, int64_t channels);

// The step of signed bytes that cover all of them.
float StepOfPixels(const std::vector<float>& normalized);

// The image in bytes, or in floats into a buffer.
ByteStep ImageAsBytes(const std::vector<float>& normalized,
                      const ByteTensor& to);
ByteStep ImageAsFloats(std::vector<float> normalized, const Shape& shape,
                       int to_buffer);

// A tensor's bytes as floats: whole numbers, of its steps.
ByteStep BytesAsFloats(const ByteTensor& from, int to_buffer);

// scale * value + shift of each channel, not below 0.
ByteStep ScaleChannels(const ByteTensor& from, std::vector<float> scale,
                       std::vector<float> shift, const ByteTensor& to);

// The largest byte of each window, or the mean value rounded to `to`'s step;
// `from` and `to` are of one type and, for the largest, of one step.
ByteStep Pool(const PoolingShape& shape, const ByteTensor& from,
              const ByteTensor& to);

// `from` with `before` channels of 0 before its own and as many behind as `to`
// has more; both have one step and type.
ByteStep PadChannels(const ByteTensor& from, int64_t before,
                     const ByteTensor& to);

// `from` becomes the channels of `to` that begin at `before`, rounded to its
// step. Both unsigned.
ByteStep InsertChannels(const ByteTensor& from, int64_t before,
                        const ByteTensor& to);

// Local response normalization in floats, of `from`'s values, rounded to `to`'s
// step. Both unsigned and of one shape.
ByteStep NormalizeLocalResponse(const LocalResponseNormalizationShape& shape,
                                const ByteTensor& from, const ByteTensor& to);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_PASSES_H_
