#include "inference/packed_model.h"

#include <cstddef>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "quant/packing.h"

namespace tritlab {
namespace {

constexpr char kMagic[] = {'\x89', 'T', 'R', 'I', 'T', '\r', '\n', '\x1a'};
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kHeaderBytes = 64;
constexpr size_t kChecksumEnd = 16;  // what the checksum covers begins here
constexpr size_t kSectionAlignment = 64;
constexpr size_t kTensorAlignment = 16;

size_t AlignUp(size_t value, size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

template <typename T>
void Put(T value, size_t at, std::string& file) {
  std::memcpy(file.data() + at, &value, sizeof(value));
}
template <typename T>
T Get(const std::string& file, size_t at) {
  T value;
  std::memcpy(&value, file.data() + at, sizeof(value));
  return value;
}

PackedTensor& AppendTensor(const std::string& name, size_t count,
                           absl::string_view bytes, PackedModel& model) {
  model.tensors.resize(AlignUp(model.tensors.size(), kTensorAlignment), '\0');
  PackedTensor& tensor = *model.description.add_tensors();
  tensor.set_name(name);
  tensor.set_count(count);
  tensor.set_offset(model.tensors.size());
  tensor.set_bytes(bytes.size());
  model.tensors.append(bytes.data(), bytes.size());
  return tensor;
}

std::string BytesOf(const PackedModel& model, const PackedTensor& tensor) {
  return model.tensors.substr(tensor.offset(), tensor.bytes());
}

// The bytes that the tensor's values must take; -1 when it says what cannot be.
int64_t ExpectedBytes(const PackedTensor& tensor) {
  const auto count = static_cast<int64_t>(tensor.count());
  switch (tensor.packing()) {
    case PackedTensor::F32:
      return tensor.codebook().empty() ? count * int64_t{sizeof(float)} : -1;
    case PackedTensor::BITS:
      return tensor.bits() >= 1 && tensor.bits() <= 8
                 ? PackedBytes(count, static_cast<int>(tensor.bits()))
                 : -1;
    case PackedTensor::TRITS:
      return PackedTritBytes(count);
    default:
      return -1;
  }
}

absl::Status CheckTensor(const PackedTensor& tensor, uint64_t available) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor.name(), " ", what));
  };
  if (tensor.offset() > available ||
      tensor.bytes() > available - tensor.offset()) {
    return error("lies beyond the file's end");
  }
  // No packing takes less than a bit a value.
  if (tensor.count() > 8 * tensor.bytes() ||
      ExpectedBytes(tensor) != static_cast<int64_t>(tensor.bytes())) {
    return error(absl::StrFormat("has %d values in %d bytes, which cannot be",
                                 tensor.count(), tensor.bytes()));
  }
  const bool coded = tensor.packing() != PackedTensor::F32;
  if (coded && (tensor.codebook().empty() || tensor.codebook_size() > 256))
    return error("has a codebook of an impossible size");
  if (!tensor.channel_scales().empty() &&
      (!coded || tensor.count() % tensor.channel_scales_size() != 0)) {
    return error("has channel scales that do not divide its values");
  }
  return absl::OkStatus();
}

}  // namespace

void AddTensor(const std::string& name, const std::vector<float>& values,
               PackedModel& model) {
  AppendTensor(name, values.size(),
               absl::string_view(reinterpret_cast<const char*>(values.data()),
                                 values.size() * sizeof(float)),
               model);
}

absl::Status AddTensor(const std::string& name, const CodedWeights& codes,
                       TernaryPacking packing, PackedModel& model) {
  const bool trits = packing == TernaryPacking::kTrits && IsTernary(codes);
  ASSIGN_OR_RETURN(
      const std::string bytes,
      trits ? PackTrits(codes.codes) : PackCodes(codes.codes, codes.bits));
  PackedTensor& tensor = AppendTensor(name, codes.codes.size(), bytes, model);
  tensor.set_packing(trits ? PackedTensor::TRITS : PackedTensor::BITS);
  if (!trits) tensor.set_bits(codes.bits);
  tensor.mutable_codebook()->Add(codes.codebook.begin(), codes.codebook.end());
  tensor.mutable_channel_scales()->Add(codes.channel_scales.begin(),
                                       codes.channel_scales.end());
  return absl::OkStatus();
}

absl::StatusOr<CodedWeights> CodesOf(const PackedModel& model,
                                     const PackedTensor& tensor) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor.name(), ": ", what));
  };
  if (tensor.packing() == PackedTensor::F32)
    return error("it is stored in full precision and has no codes");
  const bool trits = tensor.packing() == PackedTensor::TRITS;
  const auto count = static_cast<int64_t>(tensor.count());
  const int bits = trits ? 2 : static_cast<int>(tensor.bits());
  auto codes = trits ? UnpackTrits(BytesOf(model, tensor), count)
                     : UnpackCodes(BytesOf(model, tensor), count, bits);
  if (!codes.ok()) return error(codes.status().message());
  for (const uint8_t code : *codes) {
    if (code >= tensor.codebook_size()) {
      return error(absl::StrFormat("code %d is beyond a codebook of %d", code,
                                   tensor.codebook_size()));
    }
  }
  return CodedWeights{
      .codes = *std::move(codes),
      .codebook = {tensor.codebook().begin(), tensor.codebook().end()},
      .bits = bits,
      .channel_scales = {tensor.channel_scales().begin(),
                         tensor.channel_scales().end()}};
}

absl::StatusOr<std::vector<float>> ValuesOf(const PackedModel& model,
                                            const PackedTensor& tensor) {
  std::vector<float> values(tensor.count());
  if (tensor.packing() == PackedTensor::F32) {
    std::memcpy(values.data(), model.tensors.data() + tensor.offset(),
                tensor.bytes());
    return values;
  }
  ASSIGN_OR_RETURN(const CodedWeights coded, CodesOf(model, tensor));
  for (size_t i = 0; i < values.size(); ++i) values[i] = coded.value(i);
  return values;
}

absl::Status WritePackedModel(const PackedModel& model,
                              const std::string& path) {
  const std::string description = model.description.SerializeAsString();
  const size_t tensors_at =
      AlignUp(kHeaderBytes + description.size(), kSectionAlignment);
  std::string file(kHeaderBytes, '\0');
  file += description;
  file.resize(tensors_at, '\0');
  file += model.tensors;
  std::memcpy(file.data(), kMagic, sizeof(kMagic));
  Put<uint32_t>(kFormatVersion, 8, file);
  Put<uint64_t>(file.size(), 16, file);
  Put<uint64_t>(description.size(), 24, file);
  Put<uint32_t>(Crc32c(file.data() + kChecksumEnd, file.size() - kChecksumEnd),
                12, file);
  return WriteFileAtomically(path, file);
}

absl::StatusOr<PackedModel> ReadPackedModel(const std::string& path) {
  const auto invalid = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
  };
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", what, "; get the file anew"));
  };
  const absl::StatusOr<std::string> contents = ReadFile(path);
  if (!contents.ok()) return contents.status();
  const std::string& file = *contents;
  if (file.size() < sizeof(kMagic) ||
      std::memcmp(file.data(), kMagic, sizeof(kMagic)) != 0) {
    return invalid("this is not a packed model (model.trit)");
  }
  if (file.size() < kHeaderBytes) return damaged("the file is cut off");
  const auto version = Get<uint32_t>(file, 8);
  if (version > kFormatVersion) {
    return invalid(absl::StrFormat(
        "format version %d is newer than this program's %d; update it", version,
        kFormatVersion));
  }
  if (const auto bytes = Get<uint64_t>(file, 16); bytes != file.size()) {
    return damaged(absl::StrFormat("it says that it has %d bytes, but has %d",
                                   bytes, file.size()));
  }
  if (Crc32c(file.data() + kChecksumEnd, file.size() - kChecksumEnd) !=
      Get<uint32_t>(file, 12)) {
    return damaged("the checksum does not match");
  }
  const auto description_bytes = Get<uint64_t>(file, 24);
  if (version == 0 || description_bytes > file.size() - kHeaderBytes)
    return invalid("its header says what cannot be");
  PackedModel model;
  if (!model.description.ParseFromArray(file.data() + kHeaderBytes,
                                        static_cast<int>(description_bytes))) {
    return invalid("its description cannot be read");
  }
  const size_t tensors_at =
      AlignUp(kHeaderBytes + description_bytes, kSectionAlignment);
  if (tensors_at < file.size()) model.tensors = file.substr(tensors_at);
  std::set<std::string> names;
  for (const PackedTensor& tensor : model.description.tensors()) {
    RETURN_IF_ERROR(
        WithPrefix(path, CheckTensor(tensor, model.tensors.size())));
    if (!names.insert(tensor.name()).second)
      return invalid(absl::StrCat("tensor ", tensor.name(), " is there twice"));
  }
  return model;
}

PackedBytesByPart CountBytes(const PackedModel& model) {
  PackedBytesByPart parts;
  int64_t counted = 0;
  for (const PackedTensor& tensor : model.description.tensors()) {
    int64_t bytes = static_cast<int64_t>(tensor.bytes());
    if (tensor.packing() != PackedTensor::F32) {
      bytes += int64_t{sizeof(float)} *
               (tensor.codebook_size() + tensor.channel_scales_size());
      parts.coded_weights += bytes;
    } else if (absl::EndsWith(tensor.name(), "/weights")) {
      parts.full_weights += bytes;
    } else if (absl::EndsWith(tensor.name(), "/bias")) {
      parts.biases += bytes;
    } else {
      parts.normalization += bytes;
    }
    counted += bytes;
  }
  const auto file = static_cast<int64_t>(
      AlignUp(kHeaderBytes + model.description.ByteSizeLong(),
              kSectionAlignment) +
      model.tensors.size());
  parts.description = file - counted;
  return parts;
}

}  // namespace tritlab
