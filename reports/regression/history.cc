#include "reports/regression/history.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "reports/regression/regression_page.h"

namespace tritlab {
namespace {

constexpr int64_t kLargestFile = 256 << 20;  // bytes

absl::StatusOr<std::string> ReadIfThere(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kLargestFile);
  if (absl::IsNotFound(text.status())) return std::string();
  return text;
}

// `path` is for errors alone.
absl::StatusOr<std::vector<HistoryRecord>> ParseHistory(
    const std::string& text, const std::string& path) {
  std::vector<HistoryRecord> records;
  int line = 0;
  for (const absl::string_view json : absl::StrSplit(text, '\n')) {
    ++line;
    if (json.empty()) continue;
    HistoryRecord record;
    if (!google::protobuf::util::JsonStringToMessage(std::string(json), &record)
             .ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", line,
                       ": not a line of a history; remove it, or name another "
                       "file with --history"));
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

HistoryRecord RecordOf(const Comparison& comparison, const std::string& time,
                       const std::string& commit) {
  HistoryRecord record;
  record.set_time(time);
  record.set_commit(commit);
  record.set_regressed(comparison.regressed());
  for (const ComparedNumber& compared : comparison.numbers) {
    HistoryRecord::Number& number = *record.add_numbers();
    number.set_what(WhatOf(compared));
    number.set_verdict(std::string(NameOf(compared.verdict)));
    if (!std::isnan(compared.now)) number.set_now(compared.now);
    if (!std::isnan(compared.baseline)) number.set_baseline(compared.baseline);
    if (!std::isnan(compared.allowed)) number.set_allowed(compared.allowed);
  }
  return record;
}

absl::StatusOr<std::vector<HistoryRecord>> ReadHistory(
    const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadIfThere(path));
  return ParseHistory(text, path);
}

absl::Status AppendToHistory(const HistoryRecord& record,
                             const std::string& path) {
  // Who appends at the same time must read what this one has written.
  ASSIGN_OR_RETURN(const auto lock,
                   FileLock::Wait(absl::StrCat(path, ".lock")));
  ASSIGN_OR_RETURN(std::string text, ReadIfThere(path));
  // A file that is something else stays what it is.
  RETURN_IF_ERROR(ParseHistory(text, path).status());
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(record, &json, options).ok())
    return absl::InternalError(absl::StrCat(path, ": cannot be written"));
  if (!text.empty() && text.back() != '\n') text += '\n';
  return WriteFileAtomically(path, absl::StrCat(text, json, "\n"));
}

}  // namespace tritlab
