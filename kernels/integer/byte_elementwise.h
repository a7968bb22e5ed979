// What an integer network does to bytes beside convolutions, in plain loops
// that the compiler vectorizes over channels. Arrays are NHWC and of `type`,
// and may not overlap. Values are rounded to nearest, ties to even, and
// saturated.
#ifndef TRITLAB_KERNELS_INTEGER_BYTE_ELEMENTWISE_H_
#define TRITLAB_KERNELS_INTEGER_BYTE_ELEMENTWISE_H_

#include <cstdint>
#include <span>

#include "kernels/integer/s8_convolution.h"
#include "kernels/pooling.h"
#include "kernels/tensor.h"

namespace tritlab {

// output = values / step
void QuantizeBytes(const float* values, int64_t count, float step,
                   ByteType type, void* output);

// output = tables[c][input], of `pixels` pixels. tables: [channels][256].
void LookUpBytes(int64_t pixels, int64_t channels, const uint8_t* tables,
                 const uint8_t* input, uint8_t* output);

// output = scales[c] * input + biases[c], each operation rounded to f32; u8,
// so negative values become 0. Of `pixels` pixels, one scale and bias for each
// channel.
void ScaleBytes(int64_t pixels, ByteType input_type,
                std::span<const float> scales, std::span<const float> biases,
                const void* input, uint8_t* output);

// output = values + residual_scale * residual, each operation rounded to f32,
// or the values alone where residual_scale is 0; not below 0 with relu.
// residual: may be the output.
void RoundToBytes(const float* values, int64_t count, float residual_scale,
                  ByteType residual_type, const void* residual, bool relu,
                  ByteType type, void* output);

// A linear layer's sums to values: scales[c] * sums + more_scales[c] *
// more_sums
// + biases[c], from left to right, each operation rounded to f32. Where
// more_scales is empty there is no second term. Arrays: [batch][channels].
void ScaleSums(int64_t batch, std::span<const float> scales,
               const int32_t* sums, std::span<const float> more_scales,
               const int32_t* more_sums, std::span<const float> biases,
               float* values);
// The same rounded to bytes; not below 0 with relu.
void RoundSums(int64_t batch, std::span<const float> scales,
               const int32_t* sums, std::span<const float> more_scales,
               const int32_t* more_sums, std::span<const float> biases,
               bool relu, ByteType type, void* output);

// Max pooling; or average pooling, with output = scale * the window's sum.
// Padding is left out of both. shape must be valid.
void PoolBytes(const PoolingShape& shape, ByteType type, float scale,
               const void* input, void* output);

// output[p][before + c] = table[input[p][c]] for each of `pixels`, other
// channels left alone. table: 256 bytes, or empty for the input as it is.
void InsertChannelsOfBytes(int64_t pixels, int64_t in_channels, int64_t before,
                           int64_t out_channels, std::span<const uint8_t> table,
                           const uint8_t* input, uint8_t* output);

// output[p][before + c] = input[p][c], all other channels 0, for each of
// `pixels`.
void PadChannelsOfBytes(int64_t pixels, int64_t in_channels, int64_t before,
                        int64_t out_channels, const void* input, void* output);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_INTEGER_BYTE_ELEMENTWISE_H_
