#include "experiments/runner.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/dataset.h"
#include "datasets/open_dataset.h"
#include "experiments/phase_result.h"
#include "experiments/provenance.h"
#include "experiments/run_folder.h"
#include "kernels/onednn_info.h"
#include "models/build.h"
#include "models/cost.h"
#include "reports/write_report.h"
#include "training/metrics.h"
#include "training/trainer.h"

namespace tritlab {
namespace {

DataType ChooseType(const ExperimentSpec& spec) {
  switch (spec.data_type()) {
    case ExperimentSpec::F32:
      return DataType::kF32;
    case ExperimentSpec::BF16:
      return DataType::kBF16;
    default:
      return HasNativeBF16() ? DataType::kBF16 : DataType::kF32;
  }
}

std::vector<MetricsRow> RowsOf(const TrainingPosition& position) {
  std::vector<MetricsRow> rows;
  for (const EpochRecord& record : position.epochs())
    rows.push_back({.phase = position.phase(), .epoch = record});
  return rows;
}

// One experiment's way through its phases; what they share.
class Run {
 public:
  Run(const ExperimentSpec& spec, const RunOptions& options)
      : spec_(spec), options_(options) {}

  absl::StatusOr<Report> Execute() {
    RETURN_IF_ERROR(Prepare());
    for (const PhaseSpec& phase : spec_.phases()) {
      if (absl::Status status = RunPhase(phase); !status.ok()) {
        return absl::Status(
            status.code(),
            absl::StrCat("phase ", phase.name(), ": ", status.message()));
      }
      // After each phase, so that what a long run has found can be read while
      // it goes on.
      RETURN_IF_ERROR(WriteReport(report_, folder_->path()));
    }
    return report_;
  }

 private:
  // Everything that may turn out to be wrong is looked at before the folder is
  // made.
  absl::Status Prepare() {
    ASSIGN_OR_RETURN(train_, OpenDataset(spec_.dataset(), options_.data_root,
                                         Split::kTrain));
    ASSIGN_OR_RETURN(
        test_, OpenDataset(spec_.dataset(), options_.data_root, Split::kTest));
    if (!(train_->shape() == test_->shape()) ||
        train_->class_names() != test_->class_names()) {
      return absl::InvalidArgumentError(absl::StrCat(
          train_->source(),
          ": training and test images differ in shape or classes"));
    }
    InputOperator image;
    image.set_height(train_->shape().height);
    image.set_width(train_->shape().width);
    image.set_channels(train_->shape().channels);
    ASSIGN_OR_RETURN(graph_,
                     BuildGraph(spec_.model(), image, train_->classes()));
    ASSIGN_OR_RETURN(cost_, CountCost(graph_));
    type_ = ChooseType(spec_);
    for (const PhaseSpec& phase : spec_.phases()) {
      RETURN_IF_ERROR(
          ValidateAugmentationSpec(phase.augmentation(), train_->shape()));
      RETURN_IF_ERROR(TrainedNetwork::Create(graph_, phase.policy(),
                                             phase.optimizer(), options_.seed)
                          .status());
    }

    ASSIGN_OR_RETURN(folder_, RunFolder::Open(options_.folder, SpecOfThisRun(),
                                              options_.resume));
    *report_.mutable_provenance() =
        MakeProvenance(spec_, options_.seed, type_, *train_, *test_);
    NetworkSummary& network = *report_.mutable_network();
    network.set_name(graph_.name());
    network.set_description(graph_.description());
    network.set_parameters(static_cast<uint32_t>(cost_.parameters));
    network.set_multiply_adds(static_cast<double>(cost_.multiply_adds));
    for (const PaperFigure& figure : spec_.paper()) {
      PaperResult& result = *report_.add_paper();
      result.set_phase(figure.phase());
      result.set_top1(figure.top1());
      result.set_source(figure.source());
    }
    return absl::OkStatus();
  }

  // The folder remembers the one seed that it was run with.
  ExperimentSpec SpecOfThisRun() const {
    ExperimentSpec spec = spec_;
    spec.clear_seeds();
    spec.add_seeds(options_.seed);
    return spec;
  }

  absl::Status RunPhase(const PhaseSpec& phase) {
    std::unique_ptr<MetricsWriter> metrics;
    ASSIGN_OR_RETURN(
        auto trainer,
        Trainer::Create(graph_, phase, *train_, *test_,
                        {.type = type_,
                         .seed = options_.seed,
                         .checkpoint = folder_->CheckpointOf(phase.name()),
                         .checkpoint_seconds = options_.checkpoint_seconds,
                         .on_epoch =
                             [&](const EpochRecord& record) {
                               return metrics->Append({phase.name(), record});
                             },
                         .stop_requested = options_.stop_requested}));
    absl::StatusOr<Checkpoint> checkpoint =
        ReadNewestCheckpoint(folder_->CheckpointOf(phase.name()), graph_);
    if (checkpoint.ok()) {
      RETURN_IF_ERROR(trainer->Resume(*checkpoint));
    } else if (absl::IsNotFound(checkpoint.status())) {
      RETURN_IF_ERROR(Begin(phase, *trainer));
    } else {
      return checkpoint.status();
    }
    std::vector<MetricsRow> rows = rows_;
    for (MetricsRow& row : RowsOf(trainer->position()))
      rows.push_back(std::move(row));
    ASSIGN_OR_RETURN(metrics, MetricsWriter::Open(folder_->path(), rows));
    RETURN_IF_ERROR(trainer->Run());

    for (MetricsRow& row : RowsOf(trainer->position()))
      rows_.push_back(std::move(row));
    Provenance& provenance = *report_.mutable_provenance();
    provenance.set_resumed(provenance.resumed() +
                           trainer->position().resumed());
    ASSIGN_OR_RETURN(
        *report_.add_results(),
        MakePhaseResult(phase, trainer->position(), trainer->network(), cost_));
    return absl::OkStatus();
  }

  absl::Status Begin(const PhaseSpec& phase, Trainer& trainer) {
    if (phase.starts_from().empty()) return trainer.Begin(nullptr);
    ASSIGN_OR_RETURN(const Checkpoint start,
                     ReadNewestCheckpoint(
                         folder_->CheckpointOf(phase.starts_from()), graph_));
    return trainer.Begin(&start);
  }

  const ExperimentSpec& spec_;
  const RunOptions& options_;
  std::unique_ptr<Dataset> train_, test_;
  Graph graph_;
  Cost cost_;
  DataType type_ = DataType::kF32;
  std::unique_ptr<RunFolder> folder_;
  std::vector<MetricsRow> rows_;  // of the phases that are done
  Report report_;
};

}  // namespace

absl::StatusOr<Report> RunExperiment(const ExperimentSpec& spec,
                                     const RunOptions& options) {
  return Run(spec, options).Execute();
}

}  // namespace tritlab
