#include "inference/packed_model.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/all_finite.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "google/protobuf/stubs/common.h"
#include "inference/packed_model_archive.h"
#include "inference/packed_model_header.h"
#include "quant/packing.h"

namespace tritlab {
namespace {

namespace header = packed_model_header;

constexpr size_t kSectionAlignment = 64;
constexpr size_t kTensorAlignment = 16;
// Messages of a few bytes become objects of a hundred.
constexpr uint64_t kMostDescriptionBytes = uint64_t{16} << 20;

size_t AlignUp(size_t value, size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

PackedTensor& AppendTensor(const std::string& name, size_t count,
                           absl::string_view bytes, PackedModel& model) {
  std::string& all = model.tensors.Own();
  all.resize(AlignUp(all.size(), kTensorAlignment), '\0');
  PackedTensor& tensor = *model.description.add_tensors();
  tensor.set_name(name);
  tensor.set_count(count);
  tensor.set_offset(all.size());
  tensor.set_bytes(bytes.size());
  all.append(bytes.data(), bytes.size());
  return tensor;
}

absl::StatusOr<absl::string_view> BytesOf(const PackedModel& model,
                                          const PackedTensor& tensor) {
  RETURN_IF_ERROR(model.tensors.CheckSize());
  return model.tensors.view().substr(tensor.offset(), tensor.bytes());
}

// Whether there is the memory for each of a tensor's values to take so many
// bytes: a bit of the file may be one.
absl::Status CheckMemoryFor(const PackedTensor& tensor, size_t bytes) {
  return CheckMemory(
      absl::StrCat("tensor ", tensor.name()),
      static_cast<double>(tensor.count()) * static_cast<double>(bytes),
      "use a smaller model");
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
    case PackedTensor::BYTES:
      return tensor.bits() >= 1 && tensor.bits() <= 8 ? count : -1;
    default:
      return -1;
  }
}

// begin: where it may lie at the earliest.
absl::Status CheckTensor(const PackedTensor& tensor, uint64_t begin,
                         uint64_t available) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor.name(), " ", what, "; pack it anew"));
  };
  if (tensor.offset() > available ||
      tensor.bytes() > available - tensor.offset()) {
    return error("lies beyond the file's end");
  }
  if (tensor.offset() < begin || tensor.offset() % kTensorAlignment != 0)
    return error("lies within another one, or at an offset that cannot be");
  // No packing takes less than a bit a value.
  if (tensor.count() > 8 * tensor.bytes() ||
      ExpectedBytes(tensor) != static_cast<int64_t>(tensor.bytes())) {
    return error(absl::StrFormat("has %d values in %d bytes, which cannot be",
                                 tensor.count(), tensor.bytes()));
  }
  const bool coded = tensor.packing() != PackedTensor::F32;
  // Of floats, `bits` may say anything.
  if (coded) {
    const int largest =
        tensor.packing() == PackedTensor::TRITS ? 3 : 1 << tensor.bits();
    if (tensor.codebook().empty() || tensor.codebook_size() > largest)
      return error("has a codebook of an impossible size");
  }
  if (!AllFinite(tensor.codebook()))
    return error("has a codebook with a value that is no finite number");
  if (!AllFinite(tensor.channel_scales()))
    return error("has a channel scale that is no finite number");
  if (!tensor.channel_scales().empty() &&
      (!coded || tensor.count() % tensor.channel_scales_size() != 0)) {
    return error("has channel scales that do not divide its values");
  }
  return absl::OkStatus();
}

// Appends a tensor of codes packed as it says; TRITS for ternary ones only.
absl::Status AppendCodes(const std::string& name, const CodedWeights& codes,
                         PackedTensor::Packing packing, PackedModel& model) {
  std::string bytes;
  if (packing == PackedTensor::TRITS) {
    ASSIGN_OR_RETURN(bytes, PackTrits(codes.codes));
  } else if (packing == PackedTensor::BITS) {
    ASSIGN_OR_RETURN(bytes, PackCodes(codes.codes, codes.bits));
  } else {
    bytes.assign(codes.codes.begin(), codes.codes.end());
  }
  PackedTensor& tensor = AppendTensor(name, codes.codes.size(), bytes, model);
  tensor.set_packing(packing);
  if (packing != PackedTensor::TRITS) tensor.set_bits(codes.bits);
  tensor.mutable_codebook()->Add(codes.codebook.begin(), codes.codebook.end());
  tensor.mutable_channel_scales()->Add(codes.channel_scales.begin(),
                                       codes.channel_scales.end());
  return absl::OkStatus();
}

// packed_model_archive.h has the figures.
PackedTensor::Packing PackingForArchive(const CodedWeights& codes) {
  if (IsTernary(codes)) return PackedTensor::TRITS;
  return 8 % codes.bits == 0 ? PackedTensor::BITS : PackedTensor::BYTES;
}

PackedTensor::Packing PackingOf(const CodedWeights& codes,
                                TernaryPacking ternary) {
  return ternary == TernaryPacking::kTrits && IsTernary(codes)
             ? PackedTensor::TRITS
             : PackedTensor::BITS;
}

// The same model with the codes of each tensor packed as `packing_of` them
// says.
template <typename PackingOfCodes>
absl::StatusOr<PackedModel> RepackAs(const PackedModel& model,
                                     PackingOfCodes packing_of) {
  PackedModel repacked;
  repacked.description = model.description;
  repacked.description.clear_tensors();
  for (const PackedTensor& tensor : model.description.tensors()) {
    if (tensor.packing() == PackedTensor::F32) {
      ASSIGN_OR_RETURN(const std::vector<float> values,
                       ValuesOf(model, tensor));
      AddTensor(tensor.name(), values, repacked);
      continue;
    }
    ASSIGN_OR_RETURN(const CodedWeights codes, CodesOf(model, tensor));
    RETURN_IF_ERROR(
        AppendCodes(tensor.name(), codes, packing_of(codes), repacked));
  }
  return repacked;
}

// What the library would print about a hostile message, beside what the caller
// is told. (Later releases have no such switch.)
bool ParseQuietly(absl::string_view bytes, PackedModelDescription& message) {
#if GOOGLE_PROTOBUF_VERSION < 4022000
  const google::protobuf::LogSilencer silence;
#endif
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// The oldest format version whose readers understand the model.
uint32_t VersionOf(const PackedModelDescription& description) {
  return description.first_and_last() == PackedModelDescription::INT8 ? 1 : 2;
}

// A model.trit's bytes; mapped: whose they are, if not the caller's.
absl::StatusOr<PackedModel> ParseFile(
    absl::string_view file, const std::string& name,
    std::shared_ptr<const MappedFile> mapped = nullptr) {
  const auto invalid = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", what));
  };
  const auto impossible = [&](absl::string_view what) {
    return invalid(absl::StrCat(what, "; pack it anew"));
  };
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat(name, ": ", what, "; get the file anew"));
  };
  if (!absl::StartsWith(file, header::kMagic))
    return invalid("this is not a packed model (model.trit)");
  if (file.size() < header::kBytes) return damaged("the file is cut off");
  const auto version = header::Get<uint32_t>(file, header::kVersionAt);
  if (version > header::kNewestVersion) {
    return invalid(absl::StrFormat(
        "format version %d is newer than this program's %d; update it", version,
        header::kNewestVersion));
  }
  if (const auto bytes = header::Get<uint64_t>(file, header::kFileBytesAt);
      bytes != file.size()) {
    return damaged(absl::StrFormat("it says that it has %d bytes, but has %d",
                                   bytes, file.size()));
  }
  if (Crc32c(file.data() + header::kChecksumEnd,
             file.size() - header::kChecksumEnd) !=
      header::Get<uint32_t>(file, header::kChecksumAt)) {
    return damaged("the checksum does not match");
  }
  const auto description_bytes =
      header::Get<uint64_t>(file, header::kDescriptionBytesAt);
  if (version == 0 || description_bytes > file.size() - header::kBytes ||
      description_bytes > kMostDescriptionBytes) {
    return impossible("its header says what cannot be");
  }
  PackedModel model;
  if (!ParseQuietly(file.substr(header::kBytes, description_bytes),
                    model.description)) {
    return impossible("its description cannot be read");
  }
  if (version < VersionOf(model.description) ||
      !PackedModelDescription::Arithmetic_IsValid(
          model.description.first_and_last())) {
    return impossible("its first_and_last says what cannot be");
  }
  const size_t tensors_at =
      AlignUp(header::kBytes + description_bytes, kSectionAlignment);
  if (tensors_at < file.size()) {
    model.tensors =
        mapped == nullptr
            ? PackedTensorBytes(std::string(file.substr(tensors_at)))
            : PackedTensorBytes(std::move(mapped), tensors_at);
  }
  std::set<std::string> names;
  uint64_t end = 0;  // of the tensors so far
  for (const PackedTensor& tensor : model.description.tensors()) {
    RETURN_IF_ERROR(
        WithPrefix(name, CheckTensor(tensor, end, model.tensors.size())));
    end = tensor.offset() + tensor.bytes();
    if (!names.insert(tensor.name()).second) {
      return impossible(
          absl::StrCat("tensor ", tensor.name(), " is there twice"));
    }
  }
  return model;
}

absl::StatusOr<PackedModel> ParseEitherForm(
    absl::string_view bytes, const std::string& name,
    std::shared_ptr<const MappedFile> mapped = nullptr) {
  if (!IsPackedModelArchive(bytes))
    return ParseFile(bytes, name, std::move(mapped));
  ASSIGN_OR_RETURN(const std::string file, DecompressPackedModel(bytes, name));
  ASSIGN_OR_RETURN(PackedModel model, ParseFile(file, name));
  model.archive_bytes = static_cast<int64_t>(bytes.size());
  return model;
}

}  // namespace

std::string& PackedTensorBytes::Own() {
  if (file_ != nullptr) {
    own_ = std::string(view());
    file_ = nullptr;
  }
  return own_;
}

void AddTensor(const std::string& name, const std::vector<float>& values,
               PackedModel& model) {
  AppendTensor(name, values.size(),
               absl::string_view(reinterpret_cast<const char*>(values.data()),
                                 values.size() * sizeof(float)),
               model);
}

absl::Status AddTensor(const std::string& name, const CodedWeights& codes,
                       TernaryPacking packing, PackedModel& model) {
  return AppendCodes(name, codes, PackingOf(codes, packing), model);
}

absl::StatusOr<CodedWeights> CodesOf(const PackedModel& model,
                                     const PackedTensor& tensor) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor.name(), ": ", what));
  };
  if (tensor.packing() == PackedTensor::F32)
    return error("it is stored in full precision and has no codes");
  RETURN_IF_ERROR(CheckMemoryFor(tensor, sizeof(uint8_t)));
  const bool trits = tensor.packing() == PackedTensor::TRITS;
  const auto count = static_cast<int64_t>(tensor.count());
  const int bits = trits ? 2 : static_cast<int>(tensor.bits());
  // One code a byte is codes of 8 bits.
  const int stored_bits = tensor.packing() == PackedTensor::BYTES ? 8 : bits;
  ASSIGN_OR_RETURN(const absl::string_view bytes, BytesOf(model, tensor));
  auto codes = trits ? UnpackTrits(bytes, count)
                     : UnpackCodes(bytes, count, stored_bits);
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
  // With its codes, where it has any.
  RETURN_IF_ERROR(CheckMemoryFor(tensor, sizeof(float) + sizeof(uint8_t)));
  std::vector<float> values(tensor.count());
  if (tensor.packing() == PackedTensor::F32) {
    ASSIGN_OR_RETURN(const absl::string_view bytes, BytesOf(model, tensor));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      return absl::InvalidArgumentError(absl::StrFormat(
          "tensor %s: value %d is %g, no finite number; pack the network anew",
          tensor.name(), i, values[i]));
    }
    return values;
  }
  ASSIGN_OR_RETURN(const CodedWeights coded, CodesOf(model, tensor));
  for (size_t i = 0; i < values.size(); ++i) values[i] = coded.value(i);
  return values;
}

absl::StatusOr<PackedModel> Repack(const PackedModel& model,
                                   TernaryPacking packing) {
  return RepackAs(model, [=](const CodedWeights& codes) {
    return PackingOf(codes, packing);
  });
}

std::string SerializePackedModel(const PackedModel& model) {
  const std::string description = model.description.SerializeAsString();
  std::string file(header::kMagic);
  file.resize(header::kBytes, '\0');
  file += description;
  file.resize(AlignUp(file.size(), kSectionAlignment), '\0');
  const absl::string_view tensors = model.tensors.view();
  file.append(tensors.data(), tensors.size());
  header::Put<uint32_t>(VersionOf(model.description), header::kVersionAt, file);
  header::Put<uint64_t>(file.size(), header::kFileBytesAt, file);
  header::Put<uint64_t>(description.size(), header::kDescriptionBytesAt, file);
  header::Put<uint32_t>(Crc32c(file.data() + header::kChecksumEnd,
                               file.size() - header::kChecksumEnd),
                        header::kChecksumAt, file);
  return file;
}

absl::Status WritePackedModel(const PackedModel& model,
                              const std::string& path) {
  return WriteFileAtomically(path, SerializePackedModel(model));
}

absl::Status WritePackedArchive(const PackedModel& model,
                                const std::string& path) {
  const auto repacked = RepackAs(model, PackingForArchive);
  if (!repacked.ok()) return WithPrefix(path, repacked.status());
  const auto archive = CompressPackedModel(SerializePackedModel(*repacked));
  if (!archive.ok()) return WithPrefix(path, archive.status());
  return WriteFileAtomically(path, *archive);
}

absl::StatusOr<PackedModel> ParsePackedModel(absl::string_view bytes,
                                             const std::string& name) {
  return ParseEitherForm(bytes, name);
}

absl::StatusOr<PackedModel> ReadPackedModel(const std::string& path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file,
                   MappedFile::Open(path));
  return ParseEitherForm(file->bytes(), path, file);
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
      AlignUp(header::kBytes + model.description.ByteSizeLong(),
              kSectionAlignment) +
      model.tensors.size());
  parts.description = file - counted;
  return parts;
}

}  // namespace tritlab
