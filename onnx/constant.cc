#include "onnx/constant.h"

#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"

namespace tritlab {
namespace {

using onnx::TensorProto;

constexpr int64_t kMostIntegers = 1 << 16;
constexpr int64_t kMostValues = int64_t{1} << 40;

// Bytes of a value in raw_data; 0 for types that are not read.
int64_t BytesOfType(int32_t type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::INT32:
      return 4;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
      return 8;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 2;
    case TensorProto::BOOL:
      return 1;
    default:
      return 0;
  }
}

bool IsInteger(int32_t type) {
  return type == TensorProto::INT32 || type == TensorProto::INT64 ||
         type == TensorProto::BOOL;
}

// How many values the field of the tensor's type holds.
int64_t ValuesInField(const TensorProto& tensor) {
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return tensor.float_data_size();
    case TensorProto::DOUBLE:
      return tensor.double_data_size();
    case TensorProto::INT64:
      return tensor.int64_data_size();
    default:
      return tensor.int32_data_size();
  }
}

float FromFloat16(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 31;
  const uint32_t fraction = bits & 0x3ffu;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent > 0)
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float subnormal = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -subnormal : subnormal;
}

float FromBits16(int32_t type, uint16_t bits) {
  return type == TensorProto::FLOAT16
             ? FromFloat16(bits)
             : std::bit_cast<float>(uint32_t{bits} << 16);
}

template <typename T>
T RawValue(const TensorProto& tensor, int64_t i) {
  T value;
  std::memcpy(&value, tensor.raw_data().data() + i * sizeof(T), sizeof(T));
  return value;
}

float FloatAt(const TensorProto& tensor, int64_t i) {
  const bool raw = tensor.has_raw_data();
  const int index = static_cast<int>(i);
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return raw ? RawValue<float>(tensor, i) : tensor.float_data(index);
    case TensorProto::DOUBLE:
      return static_cast<float>(raw ? RawValue<double>(tensor, i)
                                    : tensor.double_data(index));
    default:
      return FromBits16(tensor.data_type(),
                        raw ? RawValue<uint16_t>(tensor, i)
                            : static_cast<uint16_t>(tensor.int32_data(index)));
  }
}

int64_t IntegerAt(const TensorProto& tensor, int64_t i) {
  const bool raw = tensor.has_raw_data();
  const int index = static_cast<int>(i);
  switch (tensor.data_type()) {
    case TensorProto::INT64:
      return raw ? RawValue<int64_t>(tensor, i) : tensor.int64_data(index);
    case TensorProto::INT32:
      return raw ? RawValue<int32_t>(tensor, i) : tensor.int32_data(index);
    default:
      return (raw ? RawValue<uint8_t>(tensor, i) : tensor.int32_data(index)) !=
             0;
  }
}

}  // namespace

std::string ExtentsToString(const std::vector<int64_t>& extents) {
  return extents.empty() ? "a single value" : absl::StrJoin(extents, "x");
}

absl::StatusOr<int64_t> CountOf(const std::vector<int64_t>& extents) {
  int64_t count = 1;
  bool empty = false;
  for (const int64_t extent : extents) {
    if (extent < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("an extent of ", extent, " is not possible"));
    }
    empty |= extent == 0;
  }
  if (empty) return 0;
  for (const int64_t extent : extents) {
    if (__builtin_mul_overflow(count, extent, &count) || count >= kMostValues) {
      return absl::InvalidArgumentError(absl::StrCat(
          ExtentsToString(extents), " values are more than a network has"));
    }
  }
  return count;
}

absl::StatusOr<Constant> Constant::FromTensor(const TensorProto& tensor) {
  const auto read = [&]() -> absl::StatusOr<Constant> {
    if (tensor.data_location() == TensorProto::EXTERNAL ||
        tensor.external_data_size() > 0) {
      return absl::InvalidArgumentError(
          "its values lie in another file (external data), which is not read; "
          "save the model as one file");
    }
    const int64_t bytes = BytesOfType(tensor.data_type());
    if (bytes == 0 || tensor.has_segment()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "values of ONNX's data type ", tensor.data_type(),
          " are not read; save the model with weights as FLOAT, FLOAT16, "
          "BFLOAT16 or DOUBLE"));
    }
    Constant constant;
    constant.extents_.assign(tensor.dims().begin(), tensor.dims().end());
    ASSIGN_OR_RETURN(constant.count_, CountOf(constant.extents_));
    const bool raw = tensor.has_raw_data();
    const auto raw_bytes = static_cast<int64_t>(tensor.raw_data().size());
    if (raw ? raw_bytes != constant.count_ * bytes
            : ValuesInField(tensor) != constant.count_) {
      return absl::InvalidArgumentError(
          absl::StrCat("it should have ", ExtentsToString(constant.extents_),
                       " values and holds ",
                       raw ? absl::StrCat(raw_bytes, " bytes")
                           : absl::StrCat(ValuesInField(tensor), " values")));
    }
    if (!IsInteger(tensor.data_type())) {
      constant.tensor_ = &tensor;
      return constant;
    }
    if (constant.count_ > kMostIntegers) {
      return absl::InvalidArgumentError(absl::StrCat(
          ExtentsToString(constant.extents_),
          " integers are neither a shape nor weights that can be read"));
    }
    std::vector<int64_t> values(constant.count_);
    for (int64_t i = 0; i < constant.count_; ++i)
      values[i] = IntegerAt(tensor, i);
    return OfIntegers(std::move(constant.extents_), std::move(values));
  };
  auto constant = read();
  if (constant.ok()) return constant;
  return WithPrefix(absl::StrCat("tensor ", tensor.name()), constant.status());
}

absl::StatusOr<Constant> Constant::OfIntegers(std::vector<int64_t> extents,
                                              std::vector<int64_t> values) {
  Constant constant;
  ASSIGN_OR_RETURN(constant.count_, CountOf(extents));
  if (constant.count_ != static_cast<int64_t>(values.size()) ||
      constant.count_ > kMostIntegers) {
    return absl::InvalidArgumentError(absl::StrCat(
        values.size(), " integers are no shape of ", ExtentsToString(extents)));
  }
  constant.extents_ = std::move(extents);
  constant.is_integer_ = true;
  constant.integers_ = std::move(values);
  return constant;
}

absl::StatusOr<Constant> Constant::Filled(std::vector<int64_t> extents,
                                          float value) {
  Constant constant;
  ASSIGN_OR_RETURN(constant.count_, CountOf(extents));
  constant.extents_ = std::move(extents);
  constant.fill_ = value;
  return constant;
}

std::vector<float> Constant::Floats() const {
  if (is_integer_) return {integers_.begin(), integers_.end()};
  if (tensor_ == nullptr) return std::vector<float>(count_, fill_);
  std::vector<float> values(count_);
  if (transposed_columns_ == 0) {
    for (int64_t i = 0; i < count_; ++i) values[i] = FloatAt(*tensor_, i);
    return values;
  }
  const int64_t rows = count_ / transposed_columns_;
  for (int64_t i = 0; i < count_; ++i) {
    values[i] = FloatAt(*tensor_, i % rows * transposed_columns_ + i / rows);
  }
  return values;
}

absl::StatusOr<Constant> Constant::Reshaped(
    std::vector<int64_t> extents) const {
  ASSIGN_OR_RETURN(const int64_t count, CountOf(extents));
  if (count != count_) {
    return absl::InvalidArgumentError(absl::StrCat(ExtentsToString(extents_),
                                                   " values are not ",
                                                   ExtentsToString(extents)));
  }
  Constant constant = *this;
  constant.extents_ = std::move(extents);
  return constant;
}

absl::StatusOr<Constant> Constant::Transposed() const {
  if (extents_.size() != 2 || is_integer_) {
    return absl::InvalidArgumentError(
        absl::StrCat("only matrices of weights are transposed, not ",
                     ExtentsToString(extents_)));
  }
  Constant constant = *this;
  std::swap(constant.extents_[0], constant.extents_[1]);
  if (count_ > 0)
    constant.transposed_columns_ = transposed_columns_ == 0 ? extents_[1] : 0;
  return constant;
}

}  // namespace tritlab
