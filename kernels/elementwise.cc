#include "kernels/elementwise.h"

#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/bfloat16_conversion.h"
#include "kernels/relu.h"
#include "kernels/vector_loops.h"

namespace tritlab {
namespace {

// 64 elements are whole cache lines in both types. Below 16 Ki elements, waking
// threads costs more than the loop.
constexpr int64_t kGrain = 64;
constexpr int64_t kSerialBelow = 1 << 14;

// The loops, of floats. Outputs may be inputs: each element is read before it
// is written, and no other one depends on it, which is what `simd` promises the
// compiler.

TRITLAB_VECTOR_CLONES
void ReluPart(const float* input, float* output, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) output[i] = Relu(input[i]);
}

TRITLAB_VECTOR_CLONES
void MaskPart(const float* output, const float* grad_output, float* grad_input,
              int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float gradient = grad_output[i];
    grad_input[i] = ValueIf(output[i] > 0, gradient);
  }
}

TRITLAB_VECTOR_CLONES
void MaskSumPart(const float* output, const float* grad_output,
                 const float* grad_output_2, float* grad_sum, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float gradient = grad_output[i] + grad_output_2[i];
    grad_sum[i] = ValueIf(output[i] > 0, gradient);
  }
}

TRITLAB_VECTOR_CLONES
void AddPart(const float* a, const float* b, float* sum, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = a[i] + b[i];
}

TRITLAB_VECTOR_CLONES
void AddReluPart(const float* a, const float* b, float* sum, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = Relu(a[i] + b[i]);
}

// The same of bf16.

void ReluPart(const BFloat16* input, BFloat16* output, int64_t count) {
  InFloats<1>({input}, output, count,
              [](const auto& read, float* written, int64_t n) {
                ReluPart(read[0], written, n);
              });
}

void MaskPart(const BFloat16* output, const BFloat16* grad_output,
              BFloat16* grad_input, int64_t count) {
  InFloats<2>({output, grad_output}, grad_input, count,
              [](const auto& read, float* written, int64_t n) {
                MaskPart(read[0], read[1], written, n);
              });
}

void MaskSumPart(const BFloat16* output, const BFloat16* grad_output,
                 const BFloat16* grad_output_2, BFloat16* grad_sum,
                 int64_t count) {
  InFloats<3>({output, grad_output, grad_output_2}, grad_sum, count,
              [](const auto& read, float* written, int64_t n) {
                MaskSumPart(read[0], read[1], read[2], written, n);
              });
}

void AddPart(const BFloat16* a, const BFloat16* b, BFloat16* sum,
             int64_t count) {
  InFloats<2>({a, b}, sum, count,
              [](const auto& read, float* written, int64_t n) {
                AddPart(read[0], read[1], written, n);
              });
}

void AddReluPart(const BFloat16* a, const BFloat16* b, BFloat16* sum,
                 int64_t count) {
  InFloats<2>({a, b}, sum, count,
              [](const auto& read, float* written, int64_t n) {
                AddReluPart(read[0], read[1], written, n);
              });
}

// Calls function(T{}, begin, end) in parallel, T being the element of `type`.
template <typename Function>
void ForElements(DataType type, int64_t count, Function function) {
  ParallelFor(count, kGrain, kSerialBelow, [&](int64_t begin, int64_t end) {
    if (type == DataType::kF32) {
      function(float{}, begin, end);
    } else {
      function(BFloat16{}, begin, end);
    }
  });
}

template <typename T>
const T* As(const void* memory, int64_t offset) {
  return static_cast<const T*>(memory) + offset;
}
template <typename T>
T* As(void* memory, int64_t offset) {
  return static_cast<T*>(memory) + offset;
}

int64_t PixelsWorthThreads(int64_t channels) {
  return kSerialBelow / channels + 1;
}

}  // namespace

void ReluForward(DataType type, int64_t count, const void* input,
                 void* output) {
  ForElements(type, count, [&](auto element, int64_t begin, int64_t end) {
    using T = decltype(element);
    ReluPart(As<T>(input, begin), As<T>(output, begin), end - begin);
  });
}

void ReluBackward(DataType type, int64_t count, const void* output,
                  const void* grad_output, void* grad_input) {
  ForElements(type, count, [&](auto element, int64_t begin, int64_t end) {
    using T = decltype(element);
    MaskPart(As<T>(output, begin), As<T>(grad_output, begin),
             As<T>(grad_input, begin), end - begin);
  });
}

void AddForward(DataType type, int64_t count, const void* a, const void* b,
                bool relu, void* sum) {
  ForElements(type, count, [&](auto element, int64_t begin, int64_t end) {
    using T = decltype(element);
    if (relu) {
      AddReluPart(As<T>(a, begin), As<T>(b, begin), As<T>(sum, begin),
                  end - begin);
    } else {
      AddPart(As<T>(a, begin), As<T>(b, begin), As<T>(sum, begin), end - begin);
    }
  });
}

void AddReluBackward(DataType type, int64_t count, const void* output,
                     const void* grad_output, const void* grad_output_2,
                     void* grad_sum) {
  ForElements(type, count, [&](auto element, int64_t begin, int64_t end) {
    using T = decltype(element);
    if (grad_output_2 != nullptr) {
      MaskSumPart(As<T>(output, begin), As<T>(grad_output, begin),
                  As<T>(grad_output_2, begin), As<T>(grad_sum, begin),
                  end - begin);
    } else {
      MaskPart(As<T>(output, begin), As<T>(grad_output, begin),
               As<T>(grad_sum, begin), end - begin);
    }
  });
}

void ChannelPadForward(DataType type, int64_t pixels, int64_t in_channels,
                       int64_t before, int64_t out_channels, const void* input,
                       void* output) {
  const size_t in_bytes = in_channels * SizeOf(type);
  const size_t before_bytes = before * SizeOf(type);
  const size_t out_bytes = out_channels * SizeOf(type);
  const size_t after_bytes = out_bytes - before_bytes - in_bytes;
  ParallelFor(pixels, 1, PixelsWorthThreads(out_channels),
              [&](int64_t begin, int64_t end) {
                const char* from = As<char>(input, begin * in_bytes);
                char* to = As<char>(output, begin * out_bytes);
                for (int64_t pixel = begin; pixel < end; ++pixel) {
                  std::memset(to, 0, before_bytes);
                  std::memcpy(to + before_bytes, from, in_bytes);
                  std::memset(to + before_bytes + in_bytes, 0, after_bytes);
                  from += in_bytes;
                  to += out_bytes;
                }
              });
}

void ChannelPadBackward(DataType type, int64_t pixels, int64_t in_channels,
                        int64_t before, int64_t out_channels,
                        const void* grad_output, void* grad_input) {
  const size_t in_bytes = in_channels * SizeOf(type);
  const size_t out_bytes = out_channels * SizeOf(type);
  ParallelFor(pixels, 1, PixelsWorthThreads(out_channels),
              [&](int64_t begin, int64_t end) {
                const char* from = As<char>(grad_output, begin * out_bytes) +
                                   before * SizeOf(type);
                char* to = As<char>(grad_input, begin * in_bytes);
                for (int64_t pixel = begin; pixel < end; ++pixel) {
                  std::memcpy(to, from, in_bytes);
                  from += out_bytes;
                  to += in_bytes;
                }
              });
}

}  // namespace tritlab
