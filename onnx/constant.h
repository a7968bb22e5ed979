// Values that an ONNX model states instead of computing them from the image:
// weights, and the shapes and limits that operators take as inputs.
#ifndef TRITLAB_ONNX_CONSTANT_H_
#define TRITLAB_ONNX_CONSTANT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "onnx/onnx.pb.h"

namespace tritlab {

// "2x3x4"; "a single value" where there are no extents.
std::string ExtentsToString(const std::vector<int64_t>& extents);

// The product of extents of at least 0; InvalidArgument when one is negative or
// the product is not below 2^40.
absl::StatusOr<int64_t> CountOf(const std::vector<int64_t>& extents);

// Floating-point values stay in the model until they are asked for, so that
// nothing is taken for a weight that no layer uses. The model must outlive it.
class Constant {
 public:
  // InvalidArgument when the tensor's extents and values differ in number, its
  // values lie in another file, or it is of a type that no network's weights or
  // shapes are of. Integers are read at once; at most 2^16 of them.
  static absl::StatusOr<Constant> FromTensor(const onnx::TensorProto& tensor);
  // InvalidArgument when there are more than 2^16 values.
  static absl::StatusOr<Constant> OfIntegers(std::vector<int64_t> extents,
                                             std::vector<int64_t> values);
  // `value` everywhere, without taking memory for it.
  static absl::StatusOr<Constant> Filled(std::vector<int64_t> extents,
                                         float value);

  const std::vector<int64_t>& extents() const { return extents_; }
  int64_t count() const { return count_; }
  bool is_integer() const { return is_integer_; }
  const std::vector<int64_t>& integers() const { return integers_; }

  // All values, row by row; integers are converted.
  std::vector<float> Floats() const;

  // The same values with other extents. InvalidArgument when their number
  // differs.
  absl::StatusOr<Constant> Reshaped(std::vector<int64_t> extents) const;
  // InvalidArgument when there are not two extents.
  absl::StatusOr<Constant> Transposed() const;

 private:
  std::vector<int64_t> extents_;
  int64_t count_ = 0;
  bool is_integer_ = false;
  std::vector<int64_t> integers_;
  const onnx::TensorProto* tensor_ = nullptr;  // nullptr: `fill_`
  float fill_ = 0;
  // The tensor's own second extent where rows and columns are exchanged; 0
  // where they are not.
  int64_t transposed_columns_ = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_ONNX_CONSTANT_H_
