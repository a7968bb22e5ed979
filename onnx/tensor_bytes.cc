#include "onnx/tensor_bytes.h"

#include <algorithm>
#include <iterator>

#include "google/protobuf/io/coded_stream.h"
#include "onnx/onnx.pb.h"

namespace tritlab {
namespace {

// The messages that lead to tensors' values, and these.
enum class Part {
  kModel,
  kGraph,
  kNode,
  kAttribute,
  kTensor,
  kNumbers,
  kIntegers,
};

struct Field {
  Part of;
  int number;
  Part holds;
};

constexpr Field kFields[] = {
    {Part::kModel, onnx::ModelProto::kGraphFieldNumber, Part::kGraph},
    {Part::kGraph, onnx::GraphProto::kNodeFieldNumber, Part::kNode},
    {Part::kGraph, onnx::GraphProto::kInitializerFieldNumber, Part::kTensor},
    {Part::kNode, onnx::NodeProto::kAttributeFieldNumber, Part::kAttribute},
    {Part::kAttribute, onnx::AttributeProto::kTFieldNumber, Part::kTensor},
    {Part::kTensor, onnx::TensorProto::kRawDataFieldNumber, Part::kNumbers},
    {Part::kTensor, onnx::TensorProto::kFloatDataFieldNumber, Part::kNumbers},
    {Part::kTensor, onnx::TensorProto::kDoubleDataFieldNumber, Part::kNumbers},
    {Part::kTensor, onnx::TensorProto::kInt32DataFieldNumber, Part::kIntegers},
    {Part::kTensor, onnx::TensorProto::kInt64DataFieldNumber, Part::kIntegers},
    {Part::kTensor, onnx::TensorProto::kUint64DataFieldNumber, Part::kIntegers},
};

// How a field lies in the file: the lower three bits of its tag.
enum WireType { kVarint = 0, k64Bits = 1, kBytes = 2, k32Bits = 5 };

bool Add(absl::string_view bytes, Part part, TensorBytes& sum) {
  google::protobuf::io::CodedInputStream input(
      reinterpret_cast<const uint8_t*>(bytes.data()),
      static_cast<int>(bytes.size()));
  while (const uint32_t tag = input.ReadTag()) {
    uint64_t number;
    int length = 0;
    bool ok = false;  // as it stays for groups, of which ONNX has none
    switch (tag & 7) {
      case kVarint:
        ok = input.ReadVarint64(&number);
        break;
      case k64Bits:
        ok = input.Skip(8);
        break;
      case kBytes:
        ok = input.ReadVarintSizeAsInt(&length) && input.Skip(length);
        break;
      case k32Bits:
        ok = input.Skip(4);
        break;
    }
    if (!ok) return false;
    const auto* const field = std::find_if(
        std::begin(kFields), std::end(kFields), [&](const Field& known) {
          return known.of == part &&
                 static_cast<uint32_t>(known.number << 3 | kBytes) == tag;
        });
    if (field == std::end(kFields)) continue;
    if (field->holds == Part::kNumbers) {
      sum.numbers += length;
    } else if (field->holds == Part::kIntegers) {
      sum.integers += length;
    } else if (!Add(bytes.substr(input.CurrentPosition() - length, length),
                    field->holds, sum)) {
      return false;
    }
  }
  return input.ConsumedEntireMessage();
}

}  // namespace

bool AddTensorBytes(absl::string_view model, TensorBytes& sum) {
  return Add(model, Part::kModel, sum);
}

}  // namespace tritlab
