#include "experiments/filters/remove_filters.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "datasets/dataset.h"
#include "datasets/loader.h"
#include "experiments/filters/smaller_network.h"
#include "experiments/finished_phase.h"
#include "experiments/packing/model_file.h"
#include "experiments/phase_result.h"
#include "experiments/provenance.h"
#include "experiments/reference_networks.h"
#include "experiments/run_folder.h"
#include "experiments/spec_file.h"
#include "models/checkpoint.h"
#include "models/cost.h"
#include "models/newest_checkpoint.h"
#include "models/remove_filters.h"
#include "reports/write_report.h"
#include "training/activation_counter.h"
#include "training/evaluation.h"
#include "training/metrics.h"
#include "training/program.h"
#include "training/trained_network.h"
#include "training/trainer.h"
#include "training/weight_pictures.h"

namespace tritlab {
namespace {

constexpr char kGraphFile[] = "graph.textproto";
constexpr char kRetrainingFile[] = "retraining.textproto";

absl::Status CheckFolder(const std::string& folder, bool resume) {
  const absl::Status taken = absl::FailedPreconditionError(absl::StrCat(
      "--output_dir: ", folder, " is there already and holds something",
      resume ? " that is no removal of filters; name its folder"
             : "; name a new folder, or give --resume to go on with it"));
  if (!FileExists(folder)) return absl::OkStatus();
  if (!IsDirectory(folder)) return taken;
  if (resume && FileExists(JoinPath(folder, kGraphFile)))
    return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::string> names, ListDirectory(folder));
  // What a removal leaves that was killed before its first file was whole.
  std::erase(names, kLockFile);
  std::erase(names, absl::StrCat(kGraphFile, ".partial"));
  return names.empty() ? absl::OkStatus() : taken;
}

absl::Status OfAnotherRemoval(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      path,
      ": the folder is of a removal with another --run, --phase or --epochs; "
      "give the same, or name another --output_dir"));
}

// Whether the file, if it is there, says what this removal would.
absl::Status CheckSame(const std::string& path, const std::string& text) {
  if (!FileExists(path)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string kept, ReadFile(path));
  return kept == text ? absl::OkStatus() : OfAnotherRemoval(path);
}

// The phase's recipe, with fewer epochs.
PhaseSpec Shortened(PhaseSpec phase, int epochs) {
  if (phase.epochs() > 0 && phase.schedule().has_step()) {
    for (float& at :
         *phase.mutable_schedule()->mutable_step()->mutable_epochs())
      at = at * static_cast<float>(epochs) / static_cast<float>(phase.epochs());
  }
  phase.set_epochs(epochs);
  return phase;
}

class FilterRemovalRun {
 public:
  explicit FilterRemovalRun(const FilterRemovalOptions& options)
      : options_(options) {}

  absl::StatusOr<Report> Execute() {
    RETURN_IF_ERROR(CheckFolder(options_.folder, options_.resume));
    RETURN_IF_ERROR(ReadNetwork());
    RETURN_IF_ERROR(PlanPhases());
    ASSIGN_OR_RETURN(smaller_,
                     RemoveFilters(*network_, phase_, spec_.seeds(0)));
    smaller_.requantized->WriteTo(start_);
    RETURN_IF_ERROR(CheckSameRemoval());
    RETURN_IF_ERROR(BeginReport());
    RETURN_IF_ERROR(ReportOriginal());
    RETURN_IF_ERROR(ReportSmaller());
    if (options_.epochs > 0) RETURN_IF_ERROR(Retrain());
    return report_;
  }

 private:
  // A network that has been evaluated: the program that did, and its figures.
  struct Measured {
    std::unique_ptr<Program> program;
    Evaluation evaluation;
    ActivationStatistics activations;
  };

  std::string InFolder(const char* file) const {
    return JoinPath(options_.folder, file);
  }

  // Whether what is in the folder is of this removal: the same network, with
  // the same weights, to be trained alike.
  absl::Status CheckSameRemoval() const {
    RETURN_IF_ERROR(CheckSame(InFolder(kGraphFile), ToText(smaller_.graph)));
    RETURN_IF_ERROR(CheckSame(InFolder(kRetrainingFile), ToText(retraining_)));
    const std::string path =
        CheckpointIn(options_.folder, removed_phase_.name());
    if (!FileExists(path)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Checkpoint kept,
                     ReadCheckpoint(path, smaller_.graph));
    return kept.tensors == start_.tensors ? absl::OkStatus()
                                          : OfAnotherRemoval(path);
  }

  absl::Status EnterFolder() {
    RETURN_IF_ERROR(MakeDirectories(options_.folder));
    ASSIGN_OR_RETURN(lock_, LockFolder(options_.folder));
    // What was seen before the lock may have been another one's beginning.
    RETURN_IF_ERROR(CheckSameRemoval());
    // First: the folder is then known to be of this removal.
    RETURN_IF_ERROR(
        WriteFileAtomically(InFolder(kGraphFile), ToText(smaller_.graph)));
    ASSIGN_OR_RETURN(*report_.mutable_provenance(),
                     KeepProvenance(options_.folder, report_.provenance()));
    return absl::OkStatus();
  }

  absl::Status ReadNetwork() {
    ASSIGN_OR_RETURN(
        FinishedPhase finished,
        ReadFinishedPhase(options_.run, options_.phase, options_.data_root));
    spec_ = std::move(finished.spec);
    phase_ = std::move(finished.phase);
    train_ = std::move(finished.inputs.train);
    test_ = std::move(finished.inputs.test);
    graph_ = std::move(finished.inputs.graph);
    type_ = finished.type;
    position_ = std::move(finished.position);
    network_ = std::move(finished.network);
    return absl::OkStatus();
  }

  absl::Status PlanPhases() {
    removed_phase_ = phase_;
    removed_phase_.set_name(absl::StrCat(phase_.name(), "_filters_removed"));
    removed_phase_.set_starts_from(phase_.name());
    removed_phase_.set_epochs(0);
    if (options_.epochs == 0) return absl::OkStatus();
    retraining_ = Shortened(phase_, options_.epochs);
    retraining_.set_name(absl::StrCat(phase_.name(), "_retrained"));
    retraining_.set_starts_from(removed_phase_.name());
    return WithPrefix(
        absl::StrCat("--epochs: phase ", phase_.name(), " cannot be trained"),
        ValidatePhase(retraining_));
  }

  absl::StatusOr<Measured> Measure(TrainedNetwork& network) const {
    Measured measured;
    ASSIGN_OR_RETURN(
        measured.program,
        Program::Compile(network.graph(), network.Values(/*training=*/false),
                         {.batch = phase_.batch_size(), .type = type_}));
    ASSIGN_OR_RETURN(
        const auto images,
        Loader::Create(*test_, {.batch_size = phase_.batch_size(),
                                .ten_crop = test_->info().ten_crop}));
    ASSIGN_OR_RETURN(const auto counter,
                     ActivationCounter::Create(network.graph()));
    ASSIGN_OR_RETURN(measured.evaluation,
                     Evaluate(*measured.program, *images, counter.get()));
    measured.activations = counter->Statistics(network);
    return measured;
  }

  absl::Status BeginReport() {
    Provenance& provenance = *report_.mutable_provenance();
    ASSIGN_OR_RETURN(provenance, MakeProvenance(spec_, spec_.seeds(0), type_,
                                                *train_, *test_));
    provenance.set_experiment(absl::StrCat(spec_.name(), ", filters removed"));
    for (const PaperFigure& figure : spec_.paper()) {
      if (figure.phase() != phase_.name()) continue;
      PaperResult& result = *report_.add_paper();
      result.set_phase(figure.phase());
      result.set_top1(figure.top1());
      result.set_source(figure.source());
    }
    return absl::OkStatus();
  }

  absl::Status ReportOriginal() {
    ASSIGN_OR_RETURN(const Measured measured, Measure(*network_));
    *position_.mutable_activations() = measured.activations;
    ASSIGN_OR_RETURN(PhaseResult result,
                     MakePhaseResult(phase_, position_, *network_));
    // On this machine, as what follows is.
    result.set_top1(measured.evaluation.top1);
    result.set_loss(measured.evaluation.loss);
    *report_.add_results() = std::move(result);
    return absl::OkStatus();
  }

  absl::Status ReportSmaller() {
    ASSIGN_OR_RETURN(const Measured measured, Measure(*smaller_.carried));
    TrainingPosition position;
    position.set_phase(removed_phase_.name());
    position.set_data_checksum(position_.data_checksum());
    position.set_finished(true);
    position.set_initial_top1(measured.evaluation.top1);
    position.set_initial_loss(measured.evaluation.loss);
    *position.mutable_activations() = measured.activations;
    ASSIGN_OR_RETURN(const Cost cost, CountCost(smaller_.graph));
    ASSIGN_OR_RETURN(
        PhaseResult result,
        MakePhaseResult(removed_phase_, position, *smaller_.carried));
    *result.mutable_filter_removal() = DescribeRemoval();
    *report_.add_results() = std::move(result);
    NetworkSummary& network = *report_.mutable_network();
    network.set_name(smaller_.graph.name());
    network.set_description(smaller_.graph.description());
    network.set_parameters(static_cast<uint32_t>(cost.parameters));
    network.set_multiply_adds(static_cast<double>(cost.multiply_adds));
    RETURN_IF_ERROR(AddReferenceNetworks(report_));

    start_.position = position.SerializeAsString();
    RETURN_IF_ERROR(EnterFolder());
    RETURN_IF_ERROR(MakeDirectories(InFolder("checkpoints")));
    RETURN_IF_ERROR(WriteCheckpoint(
        start_, CheckpointIn(options_.folder, removed_phase_.name())));
    RETURN_IF_ERROR(ReadStopped());
    // What a re-training that is over made of it stays.
    if (stopped_.has_value() && stopped_position_.finished())
      return absl::OkStatus();
    RETURN_IF_ERROR(WriteModel(*smaller_.carried, *measured.program,
                               removed_phase_.name()));
    return WriteReport(report_, options_.folder);
  }

  // Where the re-training stands, if it was begun.
  absl::Status ReadStopped() {
    if (options_.epochs == 0) return absl::OkStatus();
    const std::string path = CheckpointIn(options_.folder, retraining_.name());
    auto stopped = ReadNewestCheckpoint(path, smaller_.graph);
    if (absl::IsNotFound(stopped.status())) return absl::OkStatus();
    RETURN_IF_ERROR(stopped.status());
    stopped_ = *std::move(stopped);
    if (stopped_position_.ParseFromString(stopped_->position))
      return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(path, ": it does not say where it stands"));
  }

  FilterRemoval DescribeRemoval() const {
    FilterRemoval removal;
    for (const TrainedNetwork::Layer& layer : network_->layers()) {
      RemovedFromLayer of_layer;
      for (const RemovedFilter& filter : smaller_.removed) {
        if (filter.layer != layer.node->name()) continue;
        switch (filter.reason) {
          case RemovedFilter::Reason::kZero:
            of_layer.set_zero(of_layer.zero() + 1);
            break;
          case RemovedFilter::Reason::kUnread:
            of_layer.set_unread(of_layer.unread() + 1);
            break;
          case RemovedFilter::Reason::kConstant:
            of_layer.set_constant(of_layer.constant() + 1);
            break;
          case RemovedFilter::Reason::kDuplicate:
            break;  // not asked for
        }
        of_layer.set_name(filter.layer);
      }
      if (of_layer.name().empty()) continue;
      of_layer.set_filters(static_cast<uint32_t>(
          layer.node->has_linear() ? layer.node->linear().out_features()
                                   : layer.node->convolution().out_channels()));
      *removal.add_layers() = std::move(of_layer);
    }
    removal.set_requantized_weights(
        static_cast<uint32_t>(smaller_.requantized_weights()));
    return removal;
  }

  absl::Status WriteModel(const TrainedNetwork& network, Program& program,
                          const std::string& phase) {
    return WriteModelFile(network, program, *train_, *test_,
                          {.experiment = report_.provenance().experiment(),
                           .phase = phase,
                           .seed = spec_.seeds(0)},
                          options_.folder, report_);
  }

  absl::Status Retrain() {
    RETURN_IF_ERROR(
        WriteFileAtomically(InFolder(kRetrainingFile), ToText(retraining_)));
    const std::string path = CheckpointIn(options_.folder, retraining_.name());
    std::vector<MetricsRow> rows;
    for (const EpochRecord& record : stopped_position_.epochs())
      rows.push_back({retraining_.name(), record});
    ASSIGN_OR_RETURN(const auto metrics,
                     MetricsWriter::Open(options_.folder, rows));
    ASSIGN_OR_RETURN(
        const auto trainer,
        Trainer::Create(
            smaller_.graph, retraining_, *train_, *test_,
            {.type = type_,
             .seed = spec_.seeds(0),
             .checkpoint = path,
             .on_epoch =
                 [&](const EpochRecord& record, const TrainedNetwork& network) {
                   return metrics->Append(
                       {retraining_.name(), record},
                       PicturesOfWeights(retraining_.name(), network));
                 },
             .stop_requested = options_.stop_requested}));
    // After INQ's last stage nothing is left to train.
    RETURN_IF_ERROR(stopped_.has_value() ? trainer->Resume(*stopped_)
                    : trainer->network().stages() > 1
                        ? trainer->Begin(&start_)
                        : trainer->BeginLearned(start_));
    if (options_.on_stoppable) options_.on_stoppable(false);
    RETURN_IF_ERROR(trainer->Run());
    if (options_.on_stoppable) options_.on_stoppable(true);
    ASSIGN_OR_RETURN(
        *report_.add_results(),
        MakePhaseResult(retraining_, trainer->position(), trainer->network()));
    RETURN_IF_ERROR(AddReferenceNetworks(report_));
    RETURN_IF_ERROR(WriteModel(
        trainer->network(), trainer->evaluation_program(), retraining_.name()));
    return WriteReport(report_, options_.folder);
  }

  const FilterRemovalOptions& options_;
  ExperimentSpec spec_;
  PhaseSpec phase_, removed_phase_, retraining_;
  std::unique_ptr<Dataset> train_, test_;
  DataType type_ = DataType::kF32;
  Graph graph_;
  TrainingPosition position_;                // of the phase's end
  std::unique_ptr<TrainedNetwork> network_;  // as the phase left it
  SmallerTrainedNetwork smaller_;
  Checkpoint start_;                   // of smaller_.requantized
  std::optional<Checkpoint> stopped_;  // of the re-training, if it was begun
  TrainingPosition stopped_position_;
  Report report_;
  std::unique_ptr<FileLock> lock_;  // of the folder
};

}  // namespace

absl::StatusOr<Report> RemoveFiltersOfRun(const FilterRemovalOptions& options) {
  return FilterRemovalRun(options).Execute();
}

}  // namespace tritlab
