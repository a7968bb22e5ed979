#include "inference/model_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/one_line.h"

namespace tritlab {
namespace {

// Longer names are not padded to; else one would lengthen every line.
constexpr size_t kWidest = 60;

std::string PackingOf(const PackedTensor& tensor) {
  switch (tensor.packing()) {
    case PackedTensor::BITS:
      return absl::StrFormat("%d bits", tensor.bits());
    case PackedTensor::TRITS:
      return "trits";
    case PackedTensor::BYTES:
      return "bytes";
    default:
      return "f32";
  }
}

}  // namespace

std::string ModelTable(const PackedModel& model) {
  size_t width = 0;
  for (const PackedTensor& tensor : model.description.tensors())
    width = std::max(width, std::min(tensor.name().size(), kWidest));
  std::string text =
      absl::StrFormat("%-*s  %7s  %9s  %9s  %s\n", width, "weights", "packing",
                      "values", "bytes", "bits/weight");
  uint64_t weights = 0;
  for (const PackedTensor& tensor : model.description.tensors()) {
    if (!absl::EndsWith(tensor.name(), "/weights")) continue;
    weights += tensor.count();
    absl::StrAppendFormat(
        &text, "%-*s  %7s  %9d  %9d  %11.2f\n", width, OneLine(tensor.name()),
        PackingOf(tensor), tensor.count(), tensor.bytes(),
        tensor.count() == 0 ? 0.0 : 8.0 * tensor.bytes() / tensor.count());
  }
  const PackedBytesByPart parts = CountBytes(model);
  absl::StrAppendFormat(
      &text,
      "\nquantized weights, their codebooks and scales  %9d bytes\n"
      "weights in full precision                      %9d\n"
      "biases                                         %9d\n"
      "batch normalization, folded                    %9d\n"
      "graph, names, header                           %9d\n"
      "the file%s%9d\n",
      parts.coded_weights, parts.full_weights, parts.biases,
      parts.normalization, parts.description,
      // Both as wide as the other lines' names.
      model.archive_bytes > 0 ? ", decompressed                         "
                              : "                                       ",
      parts.file());
  int64_t bytes = parts.file();
  if (model.archive_bytes > 0) {
    bytes = model.archive_bytes;
    absl::StrAppendFormat(&text,
                          "the archive that it was read from              "
                          "%9d\n",
                          bytes);
  }
  absl::StrAppendFormat(
      &text,
      "all weights at 4 bytes each take %d: the %s is %.1f times smaller\n",
      4 * weights, model.archive_bytes > 0 ? "archive" : "file",
      4.0 * static_cast<double>(weights) / static_cast<double>(bytes));
  absl::StrAppendFormat(
      &text, "first and last layer computed in %s\n",
      model.description.first_and_last() == PackedModelDescription::F32
          ? "f32"
          : "int8");
  return text;
}

}  // namespace tritlab
