// What training measures, by epoch, in two files of a run's folder that grow
// with it: metrics.csv, and an event file for TensorBoard.
#ifndef TRITLAB_TRAINING_METRICS_H_
#define TRITLAB_TRAINING_METRICS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/record_file.h"
#include "training/position.pb.h"
#include "training/tensorboard.h"

namespace tritlab {

struct MetricsRow {
  std::string phase;
  EpochRecord epoch;
};

// The rows of metrics.csv are
//
//   phase,epoch,step,learning_rate,train_loss,train_top1,test_loss,test_top1,
//   weight_sparsity,seconds
//
// (one line), numbers in the fewest digits that give the same double again,
// "nan" and "inf" where they are none. TensorBoard's tags are
// PHASE/top1/test, PHASE/top1/train, PHASE/loss/test, PHASE/loss/train,
// PHASE/learning_rate, PHASE/weight_sparsity, and PHASE/LAYER/w_p and so on for
// the values of the record, and for its weight sets PHASE/LAYER/positive, zero,
// negative, changed, gradient_norm/positive and so on, gradient/w_p and so on;
// pictures follow in a record of their own. Its wall
// time counts from the run's beginning,
// stops not included, so that the same rows give the same bytes.
class MetricsWriter {
 public:
  // The event file's name is fixed (TensorBoard reads "seconds since 1970"
  // before the second dot), so that a resumed run goes on in the same one.
  static constexpr char kCsvName[] = "metrics.csv";
  static constexpr char kEventsName[] =
      "events.out.tfevents.0000000000.tritlab";

  // Makes both files say what `history` says (the epochs that a checkpoint
  // remembers, oldest first) and nothing else, each whole or as it was before.
  // What a killed run wrote beyond its last checkpoint is gone with that. The
  // pictures of these epochs, which no checkpoint remembers, are kept from the
  // event file that is there.
  static absl::StatusOr<std::unique_ptr<MetricsWriter>> Open(
      const std::string& directory, std::span<const MetricsRow> history);
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;

  // Adds a row to both files; it has reached the operating system on return.
  // On an error (a full disk) neither file keeps a torn row.
  absl::Status Append(const MetricsRow& row,
                      const TensorBoardPictures& pictures = {});

 private:
  MetricsWriter(std::string csv_path, int csv_descriptor, int64_t csv_bytes)
      : csv_path_(std::move(csv_path)),
        csv_descriptor_(csv_descriptor),
        csv_bytes_(csv_bytes) {}
  absl::Status AppendCsv(const std::string& line);

  // The time of a row's event; rows in order.
  class Clock {
   public:
    double TimeOf(const MetricsRow& row);

   private:
    std::string phase_;
    double phase_start_ = 0;
    double last_ = 0;
  };

  const std::string csv_path_;
  const int csv_descriptor_;
  int64_t csv_bytes_;
  std::unique_ptr<RecordAppender> events_;
  Clock clock_;
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_METRICS_H_
