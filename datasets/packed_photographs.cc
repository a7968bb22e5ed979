#include "datasets/packed_photographs.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/record_access.h"
#include "base/record_file.h"
#include "base/record_frame.h"
#include "base/status_macros.h"
#include "datasets/jpeg.h"
#include "datasets/packed.pb.h"
#include "datasets/packed_errors.h"
#include "datasets/photographs.h"

namespace tritlab {
namespace {

constexpr char kFormat[] = "tritlab packed photographs";
constexpr int kVersion = 1;
constexpr int kSplits = 2;
// Images that are read and looked at at a time.
constexpr int64_t kGroup = 32;

absl::Status Damaged(absl::string_view path, int64_t offset) {
  return PackedDamage(path, "index", offset);
}

// An end record of any two offsets is that long.
PackedPhotographsEnd End(int64_t train, int64_t test) {
  PackedPhotographsEnd end;
  end.add_index_offsets(train);
  end.add_index_offsets(test);
  return end;
}

// The image's name without where all of them are.
std::string NameWithin(const EncodedImages& images, int64_t index) {
  const std::string name = images.Name(index);
  for (const char* between : {"/", ": "}) {
    const std::string prefix = absl::StrCat(images.source(), between);
    if (absl::StartsWith(name, prefix)) return name.substr(prefix.size());
  }
  return name;
}

class Writer {
 public:
  Writer(RecordWriter& records, bool strict)
      : records_(records), strict_(strict) {}

  int64_t left_out() const { return left_out_; }

  absl::Status Write(const std::string& record) {
    RETURN_IF_ERROR(records_.Write(record));
    offset_ += static_cast<int64_t>(record.size()) + kRecordFrameBytes;
    return absl::OkStatus();
  }

  // Where the split's index begins, and how many images it has.
  absl::Status WriteSplit(const EncodedImages& images, Split split,
                          int64_t* index_offset, int64_t* count) {
    PackedPhotographsIndex index;
    index.set_split(SplitName(split));
    index.set_source(images.source());
    ImageIndex kept;
    std::vector<uint32_t> crcs;  // of what was kept
    Progress progress(absl::StrCat("packing ", SplitName(split)),
                      images.size());
    for (int64_t begin = 0; begin < images.size(); begin += kGroup) {
      const int64_t group = std::min(kGroup, images.size() - begin);
      std::vector<std::string> files(group);
      std::vector<int32_t> labels(group);
      std::vector<absl::Status> statuses(group);
#pragma omp parallel for schedule(dynamic)
      for (int64_t i = 0; i < group; ++i)
        statuses[i] = WithinMemory(images.source(), [&] {
          return ReadWhole(images, begin + i, &files[i], &labels[i]);
        });
      for (int64_t i = 0; i < group; ++i) {
        if (!statuses[i].ok()) {
          if (strict_ || !IsOfOneImage(statuses[i])) return statuses[i];
          WarnOfImageLeftOut(statuses[i], left_out_++);
          continue;
        }
        const std::string name = NameWithin(images, begin + i);
        const auto length = static_cast<int64_t>(files[i].size());
        kept.Add(name, labels[i], 0, length);
        crcs.push_back(Crc32c(files[i]));
        index.add_labels(labels[i]);
        index.add_offsets(offset_);
        index.add_lengths(length);
        index.add_name_lengths(static_cast<int32_t>(name.size()));
        index.mutable_names()->append(name);
        RETURN_IF_ERROR(Write(files[i]));
      }
      progress.Update(begin + group);
    }
    progress.Finish();
    if (kept.size() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(images.source(), ": has no images that can be decoded"));
    }
    ASSIGN_OR_RETURN(
        const uint32_t checksum,
        ContentsChecksum(kept, [&](int64_t i) { return crcs[i]; }));
    index.set_checksum(checksum);
    *index_offset = offset_;
    *count = kept.size();
    return Write(index.SerializeAsString());
  }

 private:
  // At an eighth of its size an image takes the least time, and all of its
  // file is read.
  static absl::Status ReadWhole(const EncodedImages& images, int64_t index,
                                std::string* file, int32_t* label) {
    RETURN_IF_ERROR(images.Read(index, file, label));
    return DecodeJpegPart(
               *file, images.Name(index),
               [](const ImageSize& full) { return WholeJpeg(full, 8); })
        .status();
  }

  RecordWriter& records_;
  const bool strict_;
  int64_t offset_ = 0;  // where the next record begins
  int64_t left_out_ = 0;
};

class PackedImages : public EncodedImages {
 public:
  PackedImages(std::unique_ptr<RandomAccessFile> file,
               std::vector<std::string> class_names, ImageIndex index,
               uint32_t checksum)
      : EncodedImages(file->path(), std::move(class_names)),
        file_(std::move(file)),
        index_(std::move(index)),
        checksum_(checksum) {}

  int64_t size() const override { return index_.size(); }
  std::string Name(int64_t index) const override {
    return absl::StrCat(source(), ": ", index_.name(index));
  }
  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override {
    *label = index_.label(index);
    return ReadRecordAt(*file_, {index_.offset(index), index_.bytes(index)},
                        bytes);
  }
  absl::StatusOr<uint32_t> Checksum() const override { return checksum_; }

 private:
  const std::unique_ptr<RandomAccessFile> file_;
  const ImageIndex index_;
  const uint32_t checksum_;
};

// The record at `offset`, parsed; its checksum is verified.
template <typename Message>
absl::Status ReadMessage(const RandomAccessFile& file, int64_t offset,
                         Message* message) {
  ASSIGN_OR_RETURN(const RecordPlace place, FindRecord(file, offset));
  std::string record;
  RETURN_IF_ERROR(ReadRecordAt(file, place, &record));
  return message->ParseFromString(record) ? absl::OkStatus()
                                          : Damaged(file.path(), offset);
}

bool ReadHeader(const RandomAccessFile& file, PackedPhotographsHeader* header) {
  return ReadMessage(file, 0, header).ok() && header->format() == kFormat;
}

}  // namespace

absl::StatusOr<PackedPhotographsCount> WritePackedPhotographs(
    absl::string_view path, absl::string_view dataset_name,
    const EncodedImages* train, const EncodedImages* test, bool strict) {
  const EncodedImages* const first = train != nullptr ? train : test;
  if (first == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": there are no images to write"));
  }
  if (test != nullptr && test->class_names() != first->class_names()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the splits differ in classes"));
  }
  PackedPhotographsHeader header;
  header.set_format(kFormat);
  header.set_version(kVersion);
  header.set_name(std::string(dataset_name));
  for (const std::string& name : first->class_names())
    header.add_class_names(name);
  ASSIGN_OR_RETURN(const std::unique_ptr<RecordWriter> records,
                   RecordWriter::Create(path));
  Writer writer(*records, strict);
  RETURN_IF_ERROR(writer.Write(header.SerializeAsString()));
  PackedPhotographsCount count;
  int64_t train_offset = 0, test_offset = 0;
  if (train != nullptr) {
    RETURN_IF_ERROR(
        writer.WriteSplit(*train, Split::kTrain, &train_offset, &count.train));
  }
  if (test != nullptr) {
    RETURN_IF_ERROR(
        writer.WriteSplit(*test, Split::kTest, &test_offset, &count.test));
  }
  RETURN_IF_ERROR(
      writer.Write(End(train_offset, test_offset).SerializeAsString()));
  RETURN_IF_ERROR(records->Commit());
  count.left_out = writer.left_out();
  return count;
}

bool IsPackedPhotographs(absl::string_view path) {
  const auto file = RandomAccessFile::Open(path);
  PackedPhotographsHeader header;
  return file.ok() && ReadHeader(**file, &header);
}

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenPackedPhotographs(
    absl::string_view path, Split split) {
  ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> file,
                   RandomAccessFile::Open(path));
  PackedPhotographsHeader header;
  if (!ReadHeader(*file, &header) || header.version() != kVersion)
    return NotPacked(path);
  const int64_t end_bytes =
      static_cast<int64_t>(End(0, 0).ByteSizeLong()) + kRecordFrameBytes;
  const int64_t end_offset = file->size() - end_bytes;
  PackedPhotographsEnd end;
  RETURN_IF_ERROR(ReadMessage(*file, end_offset, &end));
  if (end.index_offsets_size() != kSplits) return Damaged(path, end_offset);
  const auto index_offset =
      static_cast<int64_t>(end.index_offsets(split == Split::kTrain ? 0 : 1));
  if (index_offset == 0) return SplitNotPacked(path, split);
  PackedPhotographsIndex message;
  RETURN_IF_ERROR(ReadMessage(*file, index_offset, &message));
  const int count = message.labels_size();
  if (message.split() != SplitName(split) || message.offsets_size() != count ||
      message.lengths_size() != count || message.name_lengths_size() != count) {
    return Damaged(path, index_offset);
  }
  ImageIndex index;
  const absl::string_view names = message.names();
  size_t name_begin = 0;
  for (int i = 0; i < count; ++i) {
    const int64_t offset = message.offsets(i), length = message.lengths(i);
    const int32_t name_length = message.name_lengths(i);
    if (message.labels(i) < 0 ||
        message.labels(i) >= header.class_names_size() || offset < 0 ||
        offset > index_offset || length < 0 || length > kMaxEncodedBytes ||
        length > index_offset - offset || name_length < 0 ||
        static_cast<size_t>(name_length) > names.size() - name_begin) {
      return Damaged(path, index_offset);
    }
    index.Add(names.substr(name_begin, name_length), message.labels(i), offset,
              length);
    name_begin += name_length;
  }
  return std::make_unique<PackedImages>(
      std::move(file),
      std::vector<std::string>{header.class_names().begin(),
                               header.class_names().end()},
      std::move(index), message.checksum());
}

}  // namespace tritlab
