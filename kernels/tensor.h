// The data that kernels work on: element types, and memory that suits vector
// instructions.
//
// Layouts, everywhere in this project unless a header says otherwise:
//   activations  NHWC, dense: [batch][height][width][channels]
//   weights      OHWI, dense, f32: [out_channels][kernel_height][kernel_width]
//                [in_channels / groups]; of linear layers: [out_features]
//                [in_features]
// A kernel object is created once for its shapes and then only executed; it
// owns its primitives and its copies of weights, never the tensors it is given.
// One object is used by one thread at a time, not always the same.
//
// bf16 is a format to store activations in; sums are f32. A processor whose
// products of bf16 are not the faster ones (HasFastBF16Products) computes with
// the same values in f32, which gives the same results up to the order of sums,
// and saves memory but hardly time.
#ifndef TRITLAB_KERNELS_TENSOR_H_
#define TRITLAB_KERNELS_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace tritlab {

// What activations are stored as. Parameters and statistics are always f32.
enum class DataType { kF32, kBF16 };

// Bytes of one value.
inline size_t SizeOf(DataType type) { return type == DataType::kF32 ? 4 : 2; }

// "f32", "bf16".
const char* Name(DataType type);

// The extents of one activation tensor. A linear layer's tensor has height =
// width = 1.
struct Shape {
  int64_t batch = 0;
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 0;

  int64_t size() const { return batch * height * width * channels; }
  // Elements of one image.
  int64_t image_size() const { return height * width * channels; }
  bool operator==(const Shape&) const = default;
};

// "128x32x32x16".
std::string ToString(const Shape& shape);

// Zero-initialised memory, aligned to 64 bytes (a cache line and a vector
// register).
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes);

  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }
  float* floats() { return static_cast<float*>(data_.get()); }
  const float* floats() const { return static_cast<const float*>(data_.get()); }
  size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> data_;
  size_t bytes_ = 0;
};

// Conversion between f32 and `type` (round to nearest even), in parallel.
void FromFloat(const float* source, int64_t count, DataType type, void* target);
void ToFloat(DataType type, const void* source, int64_t count, float* target);

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_TENSOR_H_
