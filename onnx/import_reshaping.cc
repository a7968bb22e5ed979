#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "models/shape_inference.h"
#include "onnx/import_operators.h"
#include "onnx/node_attributes.h"

namespace tritlab {
namespace {

using Extents = std::vector<int64_t>;

// What a value's extents may become without moving anything: it is flattened,
// or an image of one pixel gets its height and width back.
absl::Status GiveExtents(const ImportedNode& node, const Extents& extents) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
  const bool flattened = extents.size() == 2 &&
                         extents[0] == input->extents[0] &&
                         extents[1] == input->shape.image_size();
  const Extents pixel = {input->extents[0], input->shape.channels, 1, 1};
  const bool one_pixel = input->shape.image_size() == input->shape.channels;
  if (!flattened && extents != input->extents &&
      !(one_pixel && extents == pixel)) {
    return absl::UnimplementedError(
        absl::StrCat("it makes ", ExtentsToString(extents), " of ",
                     ExtentsToString(input->extents),
                     "; only flattening an image is possible"));
  }
  node.GiveView(0, extents);
  return absl::OkStatus();
}

// Whether the first input is stated by the model.
absl::StatusOr<const Constant*> FirstConstant(const ImportedNode& node) {
  if (!node.has_input(0)) return absl::InvalidArgumentError("it lacks input 0");
  const ImportedValue* value = node.context().Find(node.proto().input(0));
  return value != nullptr && value->kind == ImportedValue::Kind::kConstant
             ? &value->constant
             : nullptr;
}

absl::StatusOr<Extents> ExtentsOfFirst(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Constant* constant, FirstConstant(node));
  if (constant != nullptr) return constant->extents();
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Activation(0));
  return input->extents;
}

absl::Status GiveReshaped(const ImportedNode& node, const Extents& extents) {
  ASSIGN_OR_RETURN(const Constant* constant, FirstConstant(node));
  if (constant == nullptr) return GiveExtents(node, extents);
  ASSIGN_OR_RETURN(Constant reshaped, constant->Reshaped(extents));
  return node.Give(std::move(reshaped));
}

absl::Status ImportIdentity(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Extents extents, ExtentsOfFirst(node));
  return GiveReshaped(node, extents);
}

// Values stay the numbers they are.
absl::Status ImportCast(const ImportedNode& node) {
  const int64_t type = IntegerAttribute(node.proto(), "to", 0);
  ASSIGN_OR_RETURN(const Constant* constant, FirstConstant(node));
  const bool to_integer =
      type == onnx::TensorProto::INT64 || type == onnx::TensorProto::INT32;
  if (to_integer ? constant == nullptr || !constant->is_integer()
                 : type != onnx::TensorProto::FLOAT) {
    return absl::UnimplementedError(
        absl::StrCat("it casts to ONNX's data type ", type));
  }
  return ImportIdentity(node);
}

absl::Status ImportFlatten(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Extents extents, ExtentsOfFirst(node));
  const auto rank = static_cast<int64_t>(extents.size());
  int64_t axis = IntegerAttribute(node.proto(), "axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank)
    return absl::InvalidArgumentError(absl::StrCat("its axis is ", axis));
  const Extents first(extents.begin(), extents.begin() + axis);
  const Extents rest(extents.begin() + axis, extents.end());
  ASSIGN_OR_RETURN(const int64_t rows, CountOf(first));
  ASSIGN_OR_RETURN(const int64_t columns, CountOf(rest));
  return GiveReshaped(node, {rows, columns});
}

absl::Status ImportReshape(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Extents from, ExtentsOfFirst(node));
  ASSIGN_OR_RETURN(Extents to, node.Integers(1, "shape"));
  ASSIGN_OR_RETURN(const int64_t count, CountOf(from));
  const bool keeps_zero = IntegerAttribute(node.proto(), "allowzero", 0) != 0;
  Extents known;
  size_t open = to.size();
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && !keeps_zero) {
      if (i >= from.size()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "extent ", i, " is copied from one that is not there"));
      }
      to[i] = from[i];
    }
    if (to[i] == -1) {
      if (open != to.size())
        return absl::InvalidArgumentError("more than one extent is -1");
      open = i;
    } else {
      known.push_back(to[i]);
    }
  }
  ASSIGN_OR_RETURN(const int64_t others, CountOf(known));
  if (open != to.size()) to[open] = others == 0 ? 0 : count / others;
  return GiveReshaped(node, to);
}

// Axes of a value with `rank` of them, sorted.
absl::StatusOr<Extents> Axes(const ImportedNode& node, int64_t rank) {
  ASSIGN_OR_RETURN(Extents axes, node.Integers(1, "axes"));
  for (int64_t& axis : axes) {
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank)
      return absl::InvalidArgumentError("an axis is not there");
  }
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    return absl::InvalidArgumentError("an axis occurs twice");
  return axes;
}

absl::Status ImportSqueeze(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Extents extents, ExtentsOfFirst(node));
  ASSIGN_OR_RETURN(const Extents axes,
                   Axes(node, static_cast<int64_t>(extents.size())));
  const bool all = axes.empty();
  Extents left;
  for (size_t i = 0; i < extents.size(); ++i) {
    const bool named =
        std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    if (named && extents[i] != 1)
      return absl::InvalidArgumentError(
          absl::StrCat("axis ", i, " has an extent of ", extents[i]));
    if (!named && !(all && extents[i] == 1)) left.push_back(extents[i]);
  }
  return GiveReshaped(node, left);
}

absl::Status ImportUnsqueeze(const ImportedNode& node) {
  ASSIGN_OR_RETURN(Extents extents, ExtentsOfFirst(node));
  ASSIGN_OR_RETURN(const Extents added, node.Integers(1, "axes"));
  if (added.size() > 8)
    return absl::UnimplementedError("it adds more than 8 axes");
  ASSIGN_OR_RETURN(
      const Extents axes,
      Axes(node, static_cast<int64_t>(extents.size() + added.size())));
  for (const int64_t axis : axes) extents.insert(extents.begin() + axis, 1);
  return GiveReshaped(node, extents);
}

absl::Status ImportTranspose(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Constant* constant, FirstConstant(node));
  const Extents order = IntegersAttribute(node.proto(), "perm", {1, 0});
  if (constant == nullptr || order != Extents{1, 0}) {
    return absl::UnimplementedError(
        absl::StrCat("it puts axes in the order ", absl::StrJoin(order, ", "),
                     "; only matrices of weights are transposed"));
  }
  ASSIGN_OR_RETURN(Constant transposed, constant->Transposed());
  return node.Give(std::move(transposed));
}

// What a Pad adds, as ONNX orders it: before each axis, then behind each.
absl::StatusOr<std::array<int64_t, 8>> PadsOfImage(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const Extents stated, node.Integers(1, "pads"));
  Extents axes = {0, 1, 2, 3};
  if (node.has_input(3)) {
    ASSIGN_OR_RETURN(axes, node.Integers(3, "axes"));
  }
  if (stated.size() != 2 * axes.size())
    return absl::InvalidArgumentError("pads must be two for each axis");
  std::array<int64_t, 8> pads = {};
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + 4 : axes[i];
    if (axis < 0 || axis > 3)
      return absl::InvalidArgumentError("an axis is not there");
    pads[axis] = stated[i];
    pads[axis + 4] = stated[i + axes.size()];
  }
  for (const int64_t pad : pads) {
    if (pad < 0 || pad > std::numeric_limits<int16_t>::max()) {
      return absl::UnimplementedError(
          absl::StrCat("it pads with ", pad, " values"));
    }
  }
  return pads;
}

// Zeros around an image, which the next convolution adds; or channels of zeros.
absl::Status ImportPad(const ImportedNode& node) {
  ASSIGN_OR_RETURN(const ImportedValue* input, node.Image(0));
  const std::string mode = StringAttribute(node.proto(), "mode", "constant");
  float value = FloatAttribute(node.proto(), "value", 0);
  if (node.has_input(2)) {
    ASSIGN_OR_RETURN(const Constant* stated, node.ConstantInput(2));
    if (stated->count() != 1)
      return absl::InvalidArgumentError("it pads with more than one value");
    value = stated->Floats()[0];
  }
  if (mode != "constant" || value != 0) {
    return absl::UnimplementedError(absl::StrCat(
        "it pads with ", mode == "constant" ? absl::StrCat(value) : mode,
        "; only zeros are possible"));
  }
  ASSIGN_OR_RETURN(const auto pads, PadsOfImage(node));
  if (pads[0] != 0 || pads[4] != 0)
    return absl::UnimplementedError("it pads the batch");
  const Border border = {pads[2], pads[3], pads[6], pads[7]};
  const int64_t before = pads[1], behind = pads[5];
  Extents extents = input->extents;
  extents[1] += before + behind;
  extents[2] += border.top + border.bottom;
  extents[3] += border.left + border.right;
  if (before == 0 && behind == 0) {
    node.GiveView(0, extents, border);
    return absl::OkStatus();
  }
  if (!border.empty())
    return absl::UnimplementedError("it pads channels as well as pixels");
  ChannelPadOperator pad;
  pad.set_before(before);
  pad.set_behind(behind);
  Shape shape = input->shape;
  shape.channels = extents[1];
  Node* made = node.context().Append(node.Name(), {input->node});
  *made->mutable_channel_pad() = pad;
  node.Give(*made, shape, extents);
  return absl::OkStatus();
}

}  // namespace

OperatorImporters ReshapingImporters() {
  return {{"Identity", ImportIdentity},   {"Flatten", ImportFlatten},
          {"Reshape", ImportReshape},     {"Squeeze", ImportSqueeze},
          {"Unsqueeze", ImportUnsqueeze}, {"Pad", ImportPad},
          {"Cast", ImportCast},           {"Transpose", ImportTranspose}};
}

}  // namespace tritlab
