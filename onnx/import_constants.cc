#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "onnx/import_operators.h"
#include "onnx/node_attributes.h"

namespace tritlab {
namespace {

absl::Status GiveIntegers(const ImportedNode& node,
                          std::vector<int64_t> extents,
                          std::vector<int64_t> values) {
  ASSIGN_OR_RETURN(Constant constant,
                   Constant::OfIntegers(std::move(extents), std::move(values)));
  return node.Give(std::move(constant));
}

absl::Status ImportConstant(const ImportedNode& node) {
  const onnx::NodeProto& proto = node.proto();
  if (const auto* tensor = FindAttribute(proto, "value")) {
    ASSIGN_OR_RETURN(Constant constant, Constant::FromTensor(tensor->t()));
    return node.Give(std::move(constant));
  }
  if (const auto* number = FindAttribute(proto, "value_int"))
    return GiveIntegers(node, {}, {number->i()});
  if (const auto* numbers = FindAttribute(proto, "value_ints")) {
    return GiveIntegers(node, {numbers->ints_size()},
                        {numbers->ints().begin(), numbers->ints().end()});
  }
  if (const auto* number = FindAttribute(proto, "value_float")) {
    ASSIGN_OR_RETURN(Constant constant, Constant::Filled({}, number->f()));
    return node.Give(std::move(constant));
  }
  return absl::UnimplementedError("its value is neither a tensor nor a number");
}

absl::Status ImportConstantOfShape(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Constant* extents, node.ConstantInput(0));
  if (!extents->is_integer() || extents->extents().size() != 1)
    return absl::InvalidArgumentError("its input must be a shape");
  float fill = 0;
  if (const auto* value = FindAttribute(node.proto(), "value")) {
    ASSIGN_OR_RETURN(const Constant stated, Constant::FromTensor(value->t()));
    if (stated.count() != 1)
      return absl::InvalidArgumentError("its value must be one number");
    if (stated.is_integer()) {
      ASSIGN_OR_RETURN(const int64_t count, CountOf(extents->integers()));
      if (count > 1024)
        return absl::UnimplementedError("more than 1024 integers");
      return GiveIntegers(node, extents->integers(),
                          std::vector<int64_t>(count, stated.integers()[0]));
    }
    fill = stated.Floats()[0];
  }
  ASSIGN_OR_RETURN(Constant constant,
                   Constant::Filled(extents->integers(), fill));
  return node.Give(std::move(constant));
}

absl::Status ImportShape(const ImportedNode& node) {
  if (!node.has_input(0)) return absl::InvalidArgumentError("it lacks input 0");
  std::vector<int64_t> extents;
  if (node.has_only_constants()) {
    ASSIGN_OR_RETURN(const Constant* constant, node.ConstantInput(0));
    extents = constant->extents();
  } else {
    ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
    extents = input->extents;
  }
  const auto rank = static_cast<int64_t>(extents.size());
  const auto place = [&](const char* name, int64_t otherwise) {
    const int64_t axis = IntegerAttribute(node.proto(), name, otherwise);
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const int64_t start = place("start", 0);
  const int64_t end = std::max(start, place("end", rank));
  return GiveIntegers(
      node, {end - start},
      std::vector<int64_t>(extents.begin() + start, extents.begin() + end));
}

// One extent, or some, of a shape.
absl::Status ImportGather(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Constant* values, node.ConstantInput(0));
  ASSIGN_OR_RETURN(const Constant* indices, node.ConstantInput(1));
  if (!values->is_integer() || values->extents().size() != 1 ||
      !indices->is_integer() || IntegerAttribute(node.proto(), "axis", 0) != 0)
    return absl::UnimplementedError("it does not gather from a shape");
  std::vector<int64_t> gathered;
  for (int64_t index : indices->integers()) {
    if (index < 0) index += values->count();
    if (index < 0 || index >= values->count())
      return absl::InvalidArgumentError("an index is outside of its input");
    gathered.push_back(values->integers()[index]);
  }
  return GiveIntegers(node, indices->extents(), std::move(gathered));
}

// A part of a shape.
absl::Status ImportSlice(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Constant* values, node.ConstantInput(0));
  ASSIGN_OR_RETURN(const auto starts, node.Integers(1, "starts"));
  ASSIGN_OR_RETURN(const auto ends, node.Integers(2, "ends"));
  ASSIGN_OR_RETURN(const auto axes, node.Integers(3, "axes", {0}));
  ASSIGN_OR_RETURN(const auto steps, node.Integers(4, "steps", {1}));
  const std::vector<int64_t> zero = {0}, one = {1};
  if (!values->is_integer() || values->extents().size() != 1 ||
      starts.size() != 1 || ends.size() != 1 || axes != zero || steps != one)
    return absl::UnimplementedError("it is no part of a shape");
  const int64_t count = values->count();
  const auto place = [&](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + count : index, 0, count);
  };
  const int64_t start = place(starts[0]);
  const int64_t end = std::max(start, place(ends[0]));
  const auto& all = values->integers();
  return GiveIntegers(
      node, {end - start},
      std::vector<int64_t>(all.begin() + start, all.begin() + end));
}

}  // namespace

OperatorImporters ConstantImporters() {
  return {{"Constant", ImportConstant},
          {"ConstantOfShape", ImportConstantOfShape},
          {"Shape", ImportShape},
          {"Gather", ImportGather},
          {"Slice", ImportSlice}};
}

}  // namespace tritlab
