#include "experiments/runner.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "datasets/dataset.h"
#include "experiments/experiment_inputs.h"
#include "experiments/packing/model_file.h"
#include "experiments/phase_result.h"
#include "experiments/provenance.h"
#include "experiments/reference_networks.h"
#include "experiments/run_folder.h"
#include "experiments/shared_phases.h"
#include "experiments/spec_file.h"
#include "kernels/calibration.h"
#include "kernels/onednn_info.h"
#include "kernels/threads.h"
#include "models/cost.h"
#include "models/network_file.h"
#include "models/newest_checkpoint.h"
#include "reports/find_phase.h"
#include "reports/report_json.h"
#include "reports/write_report.h"
#include "training/checkpoint_broadcast.h"
#include "training/communicator.h"
#include "training/metrics.h"
#include "training/trainer.h"
#include "training/weight_pictures.h"

namespace tritlab {
namespace {

// A phase's trouble, by its name.
absl::Status InPhase(const PhaseSpec& phase, const absl::Status& status) {
  return WithPrefix(absl::StrCat("phase ", phase.name()), status);
}

// One experiment's way through its phases; what they share.
class Run {
 public:
  Run(const ExperimentSpec& spec, const RunOptions& options)
      : spec_(spec),
        options_(options),
        ranks_(options.ranks == nullptr ? SingleRank() : *options.ranks) {}

  absl::StatusOr<Report> Execute() {
    RETURN_IF_ERROR(Agree(ranks_, Prepare()));
    RETURN_IF_ERROR(CheckRanksAgree());
    RETURN_IF_ERROR(Agree(ranks_, OnFirst([this] { return OpenFolder(); })));
    for (const PhaseSpec& phase : spec_.phases()) {
      RETURN_IF_ERROR(InPhase(phase, RunPhase(phase)));
    }
    return report_;
  }

 private:
  // Everything that may turn out to be wrong is looked at before the folder is
  // made and the first phase has taken its hours.
  absl::Status Prepare() {
    ASSIGN_OR_RETURN(ExperimentInputs inputs,
                     OpenExperimentInputs(spec_, options_.data_root,
                                          {.strict = options_.strict}));
    train_ = std::move(inputs.train);
    test_ = std::move(inputs.test);
    graph_ = std::move(inputs.graph);
    cost_ = inputs.cost;
    type_ = DataTypeOf(spec_);
    for (const PhaseSpec& phase : spec_.phases()) {
      absl::Status status = ValidateAugmentationSpec(
          phase.augmentation(), train_->shape(), train_->info().shorter_side);
      status.Update(MakeTrainer(phase, {}).status());
      RETURN_IF_ERROR(InPhase(phase, status));
    }
    return absl::OkStatus();
  }

  absl::Status OpenFolder() {
    ASSIGN_OR_RETURN(folder_, RunFolder::Open(options_.folder, SpecOfThisRun(),
                                              options_.resume));
    ASSIGN_OR_RETURN(const Provenance now,
                     MakeProvenance(spec_, options_.seed, type_, *train_,
                                    *test_, ranks_.size()));
    ASSIGN_OR_RETURN(*report_.mutable_provenance(),
                     KeepProvenance(folder_->path(), now));
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
    // What all phases have measured so far, before anything is written anew.
    std::vector<MetricsRow> rows;
    for (const PhaseSpec& phase : spec_.phases()) {
      ASSIGN_OR_RETURN(const std::optional<Checkpoint> checkpoint,
                       Stopped(phase));
      TrainingPosition position;
      if (!checkpoint.has_value() ||
          !position.ParseFromString(checkpoint->position))
        continue;
      for (const EpochRecord& record : position.epochs()) {
        rows.push_back({.phase = phase.name(), .epoch = record});
      }
    }
    ASSIGN_OR_RETURN(metrics_, MetricsWriter::Open(folder_->path(), rows));
    return absl::OkStatus();
  }

  // The folder remembers the one seed that it was run with.
  ExperimentSpec SpecOfThisRun() const {
    ExperimentSpec spec = spec_;
    spec.clear_seeds();
    spec.add_seeds(options_.seed);
    return spec;
  }

  absl::StatusOr<std::unique_ptr<Trainer>> MakeTrainer(
      const PhaseSpec& phase, const std::string& checkpoint) {
    return Trainer::Create(
        graph_, phase, *train_, *test_,
        {.type = type_,
         .seed = options_.seed,
         .checkpoint = checkpoint,
         .checkpoint_seconds = options_.checkpoint_seconds,
         .on_epoch =
             [this, name = phase.name()](const EpochRecord& record,
                                         const TrainedNetwork& network) {
               return metrics_->Append({name, record},
                                       PicturesOfWeights(name, network));
             },
         .stop_requested = options_.stop_requested,
         .ranks = &ranks_});
  }

  // Where a phase stands that was begun before; nothing when it was not.
  absl::StatusOr<std::optional<Checkpoint>> Stopped(const PhaseSpec& phase) {
    auto checkpoint =
        ReadNewestCheckpoint(folder_->CheckpointOf(phase.name()), graph_);
    if (absl::IsNotFound(checkpoint.status())) return std::nullopt;
    return checkpoint;
  }

  absl::Status RunPhase(const PhaseSpec& phase) {
    absl::StatusOr<std::unique_ptr<Trainer>> made = MakeTrainer(
        phase, folder_ == nullptr ? "" : folder_->CheckpointOf(phase.name()));
    RETURN_IF_ERROR(Agree(ranks_, made.status()));
    const std::unique_ptr<Trainer> trainer = *std::move(made);
    ASSIGN_OR_RETURN(const std::optional<Checkpoint> stopped,
                     FromFirst([&] { return StoppedOrShared(phase); }));
    if (stopped.has_value()) {
      RETURN_IF_ERROR(trainer->Resume(*stopped));
    } else {
      RETURN_IF_ERROR(Begin(phase, *trainer));
    }
    const bool was_finished = trainer->position().finished();
    if (!was_finished) changed_ = true;
    // What a machine's speed is held against is timed where it trains; of a
    // phase that went on from a stop, only a part was.
    const bool at_once = !stopped.has_value();
    const double speed_before = at_once ? CalibrationSpeed() : 0;
    RETURN_IF_ERROR(Train(*trainer));
    const double calibration =
        at_once ? (speed_before + CalibrationSpeed()) / 2 : 0;
    return Agree(ranks_, OnFirst([&] {
                   return ReportPhase(phase, *trainer, was_finished,
                                      calibration);
                 }));
  }

  // calibration: the machine's speed while the phase was trained; 0 where it is
  // not known.
  absl::Status ReportPhase(const PhaseSpec& phase, Trainer& trainer,
                           bool was_finished, double calibration) {
    Provenance& provenance = *report_.mutable_provenance();
    provenance.set_resumed(provenance.resumed() + trainer.position().resumed());
    ASSIGN_OR_RETURN(
        *report_.add_results(),
        MakePhaseResult(phase, trainer.position(), trainer.network()));
    PhaseResult& result = *report_.mutable_results(report_.results_size() - 1);
    if (was_finished) calibration = CalibrationBefore(phase.name());
    if (calibration > 0 && phase.epochs() > 0)
      result.set_calibration(calibration);
    ASSIGN_OR_RETURN(const std::optional<Provenance> trained_by,
                     TrainedBy(phase));
    if (trained_by.has_value()) *result.mutable_trained_by() = *trained_by;
    RETURN_IF_ERROR(AddReferenceNetworks(report_));
    // After each phase, so that what a long run has found can be read while it
    // goes on; but a resumed run must not take back what it has reported.
    const bool last = report_.results_size() == spec_.phases_size();
    if (was_finished && !last) return absl::OkStatus();
    if (!changed_) {
      // Nor what `render` has added to it since the run was over.
      absl::StatusOr<Report> before = ReportBefore();
      if (before.ok() && IsWhole(*before)) {
        report_ = *std::move(before);
        return absl::OkStatus();
      }
    }
    if (last) {
      RETURN_IF_ERROR(WriteModelFile(
          trainer.network(), trainer.evaluation_program(), *train_, *test_,
          {.experiment = spec_.name(),
           .phase = phase.name(),
           .seed = options_.seed},
          folder_->path(), report_));
    }
    return WriteReport(report_, folder_->path());
  }

  // What an earlier start of this run has reported.
  absl::StatusOr<Report> ReportBefore() const {
    return ReadReport(JoinPath(folder_->path(), "report.json"));
  }

  // Whether it is of all phases and of the model file, and that and the pages
  // are still there.
  bool IsWhole(const Report& report) const {
    const int phases = spec_.phases_size();
    bool whole = report.results_size() == phases &&
                 report.model_file().phase() == spec_.phases(phases - 1).name();
    for (const char* file : {"model.trit", "report.md", "report.html"})
      whole = whole && FileExists(JoinPath(folder_->path(), file));
    return whole;
  }

  // Of a phase; 0 where it is not known.
  double CalibrationBefore(const std::string& phase) const {
    const absl::StatusOr<Report> before = ReportBefore();
    if (!before.ok()) return 0;
    const PhaseResult* const result = FindPhase(*before, phase);
    return result == nullptr ? 0 : result->calibration();
  }

  absl::Status Train(Trainer& trainer) {
    if (options_.on_stoppable) options_.on_stoppable(false);
    const absl::Status status = trainer.Run();
    if (options_.on_stoppable) options_.on_stoppable(true);
    RETURN_IF_ERROR(status);
    // A wish that came after the last step.
    return Agree(ranks_, options_.stop_requested && options_.stop_requested()
                             ? absl::CancelledError("stopped as asked to")
                             : absl::OkStatus());
  }

  absl::StatusOr<std::optional<Checkpoint>> StoppedOrShared(
      const PhaseSpec& phase) {
    ASSIGN_OR_RETURN(std::optional<Checkpoint> stopped, Stopped(phase));
    if (stopped.has_value()) return stopped;
    return TakeShared(phase);
  }

  // A phase that was trained elsewhere, as if it had been trained here; nothing
  // when there is none.
  absl::StatusOr<std::optional<Checkpoint>> TakeShared(const PhaseSpec& phase) {
    if (options_.shared_phases.empty()) return std::nullopt;
    ASSIGN_OR_RETURN(
        const bool copied,
        CopySharedPhase(
            options_.shared_phases,
            {.spec = spec_,
             .phase = phase.name(),
             .seed = options_.seed,
             .type = type_,
             .graph = graph_,
             .data_checksum = report_.provenance().data_checksum(),
             .network_checksum = report_.provenance().network_checksum()},
            folder_->path()));
    if (!copied) return std::nullopt;
    changed_ = true;
    ASSIGN_OR_RETURN(const std::optional<Provenance> trained_by,
                     TrainedBy(phase));
    const std::string difference =
        trained_by.has_value() ? DifferenceOf(*trained_by, report_.provenance())
                               : "";
    if (!difference.empty()) {
      std::fprintf(stderr,
                   "warning: phase %s is taken from %s, where it was trained "
                   "otherwise than this run would have (%s)\n",
                   phase.name().c_str(), options_.shared_phases.c_str(),
                   difference.c_str());
    }
    ASSIGN_OR_RETURN(std::optional<Checkpoint> checkpoint, Stopped(phase));
    TrainingPosition position;
    if (checkpoint.has_value() &&
        position.ParseFromString(checkpoint->position)) {
      for (const EpochRecord& record : position.epochs()) {
        RETURN_IF_ERROR(metrics_->Append({phase.name(), record}));
      }
    }
    return checkpoint;
  }

  // What the run was begun with that trained the phase, if it was another one.
  absl::StatusOr<std::optional<Provenance>> TrainedBy(const PhaseSpec& phase) {
    const std::string path = TrainedByIn(folder_->path(), phase.name());
    if (!FileExists(path)) return std::nullopt;
    Provenance provenance;
    RETURN_IF_ERROR(ReadTextProto(path, provenance));
    return provenance;
  }

  absl::Status Begin(const PhaseSpec& phase, Trainer& trainer) {
    // Left by a run that was killed before it had the phase it was to take.
    if (ranks_.rank() == 0)
      std::remove(TrainedByIn(folder_->path(), phase.name()).c_str());
    ASSIGN_OR_RETURN(const std::optional<Checkpoint> start,
                     FromFirst([&] { return StartOf(phase); }));
    return trainer.Begin(start.has_value() ? &*start : nullptr);
  }

  // The weights that a phase begins with; nothing when they are drawn.
  absl::StatusOr<std::optional<Checkpoint>> StartOf(const PhaseSpec& phase) {
    if (!phase.starts_from().empty()) {
      return ReadNewestCheckpoint(folder_->CheckpointOf(phase.starts_from()),
                                  graph_);
    }
    if (!spec_.model().has_network_file()) return std::nullopt;
    return WeightsFromFile(spec_.model().network_file(), graph_, options_.seed);
  }

  // What rank 0 alone does; the others wait for its status in Agree.
  template <typename Function>
  absl::Status OnFirst(const Function& function) {
    return ranks_.rank() == 0 ? function() : absl::OkStatus();
  }
  // What rank 0 alone finds, on all ranks.
  template <typename Function>
  absl::StatusOr<std::optional<Checkpoint>> FromFirst(
      const Function& function) {
    absl::StatusOr<std::optional<Checkpoint>> found = std::nullopt;
    if (ranks_.rank() == 0) found = function();
    return BroadcastCheckpoint(ranks_, std::move(found));
  }

  // FailedPrecondition when the ranks would not run the same experiment with
  // the same arithmetic.
  absl::Status CheckRanksAgree() {
    const std::string all =
        absl::StrCat(ToText(SpecOfThisRun()), Name(type_), " ",
                     InstructionSet(), " ", OneDnnVersion(), " ", Threads(),
                     " ", train_->checksum(), " ", test_->checksum());
    const uint32_t own = Crc32c(all);
    uint32_t of_first = own;
    ranks_.Broadcast(std::as_writable_bytes(std::span(&of_first, 1)));
    return Agree(ranks_,
                 own == of_first
                     ? absl::OkStatus()
                     : absl::FailedPreconditionError(
                           "its spec, --seed, --threads, data, processor's "
                           "instructions or oneDNN are not those of rank 0; "
                           "start all ranks alike, on machines of one kind"));
  }

  const ExperimentSpec& spec_;
  const RunOptions& options_;
  Communicator& ranks_;
  std::unique_ptr<Dataset> train_, test_;
  Graph graph_;
  Cost cost_;
  DataType type_ = DataType::kF32;
  // Rank 0's; the others have none.
  std::unique_ptr<RunFolder> folder_;
  std::unique_ptr<MetricsWriter> metrics_;
  Report report_;
  // Whether a phase was trained, or taken over, since this object was made.
  bool changed_ = false;
};

}  // namespace

DataType DataTypeOf(const ExperimentSpec& spec) {
  switch (spec.data_type()) {
    case ExperimentSpec::F32:
      return DataType::kF32;
    case ExperimentSpec::BF16:
      return DataType::kBF16;
    default:
      return DefaultDataType();
  }
}

absl::StatusOr<Report> RunExperiment(const ExperimentSpec& spec,
                                     const RunOptions& options) {
  return Run(spec, options).Execute();
}

}  // namespace tritlab
