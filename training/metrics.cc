#include "training/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/record_file.h"
#include "base/status_macros.h"
#include "quant/weight_sets.pb.h"
#include "training/position.pb.h"
#include "training/tensorboard.h"
#include "training/tensorboard.pb.h"

namespace tritlab {
namespace {

constexpr absl::string_view kHeader =
    "phase,epoch,step,learning_rate,train_loss,train_top1,test_loss,test_top1,"
    "weight_sparsity,seconds\n";

std::string LineOf(const MetricsRow& row) {
  const EpochRecord& epoch = row.epoch;
  // One row, one line.
  std::vector<std::string> fields = {
      absl::StrReplaceAll(row.phase, {{"\n", " "}, {"\r", " "}}),
      absl::StrCat(epoch.epoch()), absl::StrCat(epoch.step())};
  for (const double value :
       {epoch.learning_rate(), epoch.train_loss(), epoch.train_top1(),
        epoch.test_loss(), epoch.test_top1(), epoch.weight_sparsity(),
        epoch.seconds()}) {
    fields.push_back(CsvNumber(value));
  }
  return CsvLine(fields);
}

void AddWeightSets(const std::string& prefix, const WeightSets& sets,
                   std::vector<TensorBoardScalar>& scalars) {
  const auto add = [&](absl::string_view name, double value) {
    scalars.push_back({absl::StrCat(prefix, "/", name), value});
  };
  add("positive", sets.positive());
  add("zero", sets.zero());
  add("negative", sets.negative());
  if (sets.has_changed()) add("changed", sets.changed());
  if (!sets.has_gradients()) return;
  const SetGradients& gradients = sets.gradients();
  add("gradient_norm/positive", gradients.positive());
  add("gradient_norm/zero", gradients.zero());
  add("gradient_norm/negative", gradients.negative());
  const std::map<std::string, double> learned(gradients.learned().begin(),
                                              gradients.learned().end());
  for (const auto& [name, gradient] : learned)
    add(absl::StrCat("gradient/", name), gradient);
}

std::string EventOf(const MetricsRow& row, double wall_time) {
  const EpochRecord& epoch = row.epoch;
  std::vector<TensorBoardScalar> scalars = {
      {row.phase + "/top1/test", epoch.test_top1()},
      {row.phase + "/top1/train", epoch.train_top1()},
      {row.phase + "/loss/test", epoch.test_loss()},
      {row.phase + "/loss/train", epoch.train_loss()},
      {row.phase + "/learning_rate", epoch.learning_rate()},
      {row.phase + "/weight_sparsity", epoch.weight_sparsity()}};
  // Sorted, for the same rows are to give the same bytes.
  const std::map<std::string, double> values(epoch.values().begin(),
                                             epoch.values().end());
  for (const auto& [name, value] : values) {
    scalars.push_back({absl::StrCat(row.phase, "/", name), value});
  }
  for (const WeightSets& sets : epoch.weight_sets())
    AddWeightSets(absl::StrCat(row.phase, "/", sets.layer()), sets, scalars);
  return TensorBoardScalars(wall_time, static_cast<int64_t>(epoch.step()),
                            scalars);
}

// Records of pictures, by phase (the first part of their tags) and step.
using PicturesByEpoch = std::map<std::pair<std::string, int64_t>, std::string>;

// Of an event file up to its first damage, which a kill may have left at its
// end; none when there is no file.
PicturesByEpoch ReadPictures(const std::string& path) {
  PicturesByEpoch pictures;
  const auto reader = RecordReader::Open(path);
  if (!reader.ok()) return pictures;
  std::string record;
  tensorboard::Event event;
  while ((*reader)->Next(&record).value_or(false)) {
    if (!event.ParseFromString(record)) break;
    if (event.summary().value().empty() ||
        event.summary().value(0).has_simple_value())
      continue;
    const std::string& tag = event.summary().value(0).tag();
    pictures[{tag.substr(0, tag.find('/')), event.step()}] = record;
  }
  return pictures;
}

}  // namespace

// `seconds` of a record begins anew with each phase.
double MetricsWriter::Clock::TimeOf(const MetricsRow& row) {
  if (row.phase != phase_) {
    phase_ = row.phase;
    phase_start_ = last_;
  }
  last_ = phase_start_ + row.epoch.seconds();
  return last_;
}

absl::StatusOr<std::unique_ptr<MetricsWriter>> MetricsWriter::Open(
    const std::string& directory, std::span<const MetricsRow> history) {
  const std::string csv_path = JoinPath(directory, kCsvName);
  const std::string events_path = JoinPath(directory, kEventsName);
  const PicturesByEpoch pictures = ReadPictures(events_path);
  std::string csv(kHeader);
  Clock clock;
  ASSIGN_OR_RETURN(std::unique_ptr<RecordWriter> events,
                   RecordWriter::Create(events_path));
  RETURN_IF_ERROR(events->Write(TensorBoardFileVersion(0)));
  for (const MetricsRow& row : history) {
    csv += LineOf(row);
    RETURN_IF_ERROR(events->Write(EventOf(row, clock.TimeOf(row))));
    const auto kept =
        pictures.find({row.phase, static_cast<int64_t>(row.epoch.step())});
    if (kept != pictures.end()) RETURN_IF_ERROR(events->Write(kept->second));
  }
  RETURN_IF_ERROR(WriteFileAtomically(csv_path, csv));
  RETURN_IF_ERROR(events->Commit());

  ASSIGN_OR_RETURN(const int descriptor,
                   OpenForWriting(csv_path, O_WRONLY | O_APPEND));
  std::unique_ptr<MetricsWriter> writer(new MetricsWriter(
      csv_path, descriptor, static_cast<int64_t>(csv.size())));
  writer->clock_ = clock;
  ASSIGN_OR_RETURN(writer->events_, RecordAppender::Open(events_path));
  return writer;
}

MetricsWriter::~MetricsWriter() { close(csv_descriptor_); }

absl::Status MetricsWriter::Append(const MetricsRow& row,
                                   const TensorBoardPictures& pictures) {
  RETURN_IF_ERROR(AppendCsv(LineOf(row)));
  const double time = clock_.TimeOf(row);
  RETURN_IF_ERROR(events_->Write(EventOf(row, time)));
  if (!pictures.histograms.empty() || !pictures.images.empty()) {
    RETURN_IF_ERROR(events_->Write(TensorBoardPicturesRecord(
        time, static_cast<int64_t>(row.epoch.step()), pictures)));
  }
  // Of all that is written here, no checkpoint remembers the pictures: they
  // have to be on the disk before the epoch's checkpoint is.
  return events_->Flush();
}

absl::Status MetricsWriter::AppendCsv(const std::string& line) {
  absl::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(csv_descriptor_, rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error_number = errno;
      // Should this fail too, the next Open repairs it.
      (void)!ftruncate(csv_descriptor_, csv_bytes_);
      return FileError(error_number, csv_path_, "cannot write");
    }
    rest.remove_prefix(written);
  }
  csv_bytes_ += static_cast<int64_t>(line.size());
  return absl::OkStatus();
}

}  // namespace tritlab
