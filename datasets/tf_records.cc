#include "datasets/tf_records.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/open_files.h"
#include "base/record_access.h"
#include "base/status_macros.h"
#include "datasets/class_list.h"
#include "datasets/tf_example.pb.h"

namespace tritlab {
namespace {

constexpr char kEncoded[] = "image/encoded";
constexpr char kLabel[] = "image/class/label";

class TfRecordImages : public EncodedImages {
 public:
  struct Record {
    int32_t file;
    RecordPlace place;
  };

  TfRecordImages(std::string source, std::vector<std::string> class_names,
                 int first_label,
                 std::vector<std::unique_ptr<RandomAccessFile>> files,
                 std::vector<Record> records, uint32_t checksum)
      : EncodedImages(std::move(source), std::move(class_names)),
        first_label_(first_label),
        files_(std::move(files)),
        records_(std::move(records)),
        checksum_(checksum) {}

  int64_t size() const override {
    return static_cast<int64_t>(records_.size());
  }
  std::string Name(int64_t index) const override {
    const Record& record = records_[index];
    return absl::StrCat(files_[record.file]->path(), ": the record at byte ",
                        record.place.offset);
  }
  absl::StatusOr<uint32_t> Checksum() const override { return checksum_; }

  absl::Status Read(int64_t index, std::string* bytes,
                    int32_t* label) const override {
    const Record& record = records_[index];
    if (record.place.length > kMaxEncodedBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(Name(index), ": is larger than an image of ",
                       kMaxEncodedBytes >> 20, " MB"));
    }
    std::string data;
    RETURN_IF_ERROR(ReadRecordAt(*files_[record.file], record.place, &data));
    tf::Example example;
    if (!example.ParseFromString(data)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Name(index), ": is no tf.Example"));
    }
    auto& features = *example.mutable_features()->mutable_feature();
    const auto encoded = features.find(kEncoded);
    if (encoded == features.end() ||
        encoded->second.bytes_list().value_size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          Name(index), ": has no ", kEncoded, " of one byte string"));
    }
    const auto class_label = features.find(kLabel);
    if (class_label == features.end() ||
        class_label->second.int64_list().value_size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(Name(index), ": has no ", kLabel, " of one integer"));
    }
    const int64_t stored = class_label->second.int64_list().value(0);
    const auto classes = static_cast<int64_t>(class_names().size());
    if (stored < first_label_ || stored >= first_label_ + classes) {
      // Another layout, and so of all images: no mistake of this one.
      return absl::FailedPreconditionError(absl::StrCat(
          Name(index), ": has label ", stored, " where ", first_label_, " to ",
          first_label_ + classes - 1,
          " are possible; correct dataset.first_label or dataset.classes"));
    }
    *label = static_cast<int32_t>(stored - first_label_);
    *bytes = std::move(*encoded->second.mutable_bytes_list()->mutable_value(0));
    return absl::OkStatus();
  }

 private:
  const int first_label_;
  const std::vector<std::unique_ptr<RandomAccessFile>> files_;
  const std::vector<Record> records_;
  const uint32_t checksum_;
};

// Of NAME-00003-of-00128: 128; 0 for other names.
int ShardCount(const std::string& name) {
  const size_t of = name.rfind("-of-");
  int count = 0;
  if (of == std::string::npos ||
      !absl::SimpleAtoi(absl::string_view(name).substr(of + 4), &count)) {
    return 0;
  }
  return std::max(count, 0);
}

// The names of a split's files in the folder.
absl::StatusOr<std::vector<std::string>> SplitFiles(absl::string_view folder,
                                                    Split split) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  const std::vector<std::string> prefixes =
      split == Split::kTrain
          ? std::vector<std::string>{"train-"}
          : std::vector<std::string>{"validation-", "val-", "test-"};
  std::vector<std::string> files;
  std::string prefix;
  for (size_t i = 0; i < prefixes.size() && files.empty(); ++i) {
    prefix = prefixes[i];
    for (const std::string& name : names) {
      if (absl::StartsWith(name, prefix) &&
          !IsDirectory(JoinPath(folder, name))) {
        files.push_back(name);
      }
    }
  }
  if (files.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder, ": has no TFRecord files ",
        split == Split::kTrain ? "train-*" : "validation-*, val-* or test-*"));
  }
  const int count = ShardCount(files[0]);
  if (count == 0) return files;
  for (int i = 0; i < count; ++i) {
    const std::string name =
        absl::StrFormat("%s%05d-of-%05d", prefix, i, count);
    if (i >= static_cast<int>(files.size()) || files[i] != name) {
      return absl::InvalidArgumentError(
          absl::StrCat(JoinPath(folder, name),
                       ": is missing, where others of its split are there; get "
                       "it again"));
    }
  }
  return files;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenTfRecords(
    absl::string_view folder, Split split, const TfRecordOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   SplitFiles(folder, split));
  ASSIGN_OR_RETURN(const std::string class_list, ReadClassList(folder));
  std::vector<std::string> class_names = ClassListLines(class_list);
  if (class_names.empty()) {
    for (int i = 0; i < options.classes; ++i)
      class_names.push_back(absl::StrCat("class ", i + options.first_label));
  }

  // ImageNet comes in 1,152 of them, more than most shells allow.
  RETURN_IF_ERROR(AllowOpenFiles(folder, static_cast<int64_t>(names.size())));
  std::vector<std::unique_ptr<RandomAccessFile>> files;
  std::vector<TfRecordImages::Record> records;
  uint32_t checksum = 0;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(files.emplace_back(),
                     RandomAccessFile::Open(JoinPath(folder, name)));
    const auto file = static_cast<int32_t>(files.size()) - 1;
    RETURN_IF_ERROR(ForEachRecord(
        *files.back(), [&](const RecordPlace& place, uint32_t masked_crc) {
          checksum = ExtendCrc32c(checksum, &masked_crc, sizeof(masked_crc));
          records.push_back({file, place});
        }));
  }
  return std::make_unique<TfRecordImages>(
      std::string(folder), std::move(class_names), options.first_label,
      std::move(files), std::move(records), checksum);
}

}  // namespace tritlab
