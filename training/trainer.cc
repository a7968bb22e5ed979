#include "training/trainer.h"

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "kernels/softmax_cross_entropy.h"
#include "quant/policy.h"
#include "training/activation_counter.h"
#include "training/optimizer.h"
#include "training/schedule.h"
#include "training/weight_dynamics.h"

namespace tritlab {
namespace {

constexpr uint64_t kDataOrder = 0x6f72646572;  // the random stream of this file

double Now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string Previous(const std::string& checkpoint) {
  return checkpoint + ".previous";
}

std::string ChecksumOf(const Dataset& dataset) {
  return absl::StrFormat("%08x", dataset.checksum());
}

}  // namespace

absl::Status ValidatePhase(const PhaseSpec& phase) {
  const auto error = [](absl::string_view what) {
    return absl::InvalidArgumentError(what);
  };
  if (!phase.has_epochs())
    return error("epochs is not set; it must be at least 0");
  if (phase.epochs() < 0)
    return error(
        absl::StrFormat("epochs is %d; it must be at least 0", phase.epochs()));
  if (phase.batch_size() < 1 || phase.batch_size() > 65536) {
    return error(absl::StrFormat("batch_size is %d; it must be 1 to 65536",
                                 phase.batch_size()));
  }
  if (!(phase.label_smoothing() >= 0 && phase.label_smoothing() < 1)) {
    return error(absl::StrFormat(
        "label_smoothing is %g; it must be at least 0 and below 1",
        phase.label_smoothing()));
  }
  RETURN_IF_ERROR(ValidatePolicy(phase.policy()));
  if (phase.epochs() == 0) {
    for (const PolicyRule& rule : phase.policy().rules()) {
      if (rule.quantizer().has_prune()) {
        return error(
            "epochs is 0, but pruned weights become 0 when training begins; "
            "give prune at least 1 epoch");
      }
    }
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(ValidateOptimizer(phase.optimizer()));
  return ValidateSchedule(phase.schedule());
}

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(
    const Graph& graph, const PhaseSpec& phase, const Dataset& train,
    const Dataset& test, const Options& options) {
  RETURN_IF_ERROR(ValidatePhase(phase));
  std::unique_ptr<Trainer> trainer(new Trainer(phase, options));
  ASSIGN_OR_RETURN(trainer->network_,
                   TrainedNetwork::Create(graph, phase.policy(),
                                          phase.optimizer(), options.seed));
  // Each phase sees the images in an order of its own.
  const uint64_t order_seed =
      RandomStream(options.seed, kDataOrder, Crc32c(phase.name())).Bits(0);
  ASSIGN_OR_RETURN(
      trainer->train_loader_,
      Loader::Create(train, {.batch_size = phase.batch_size(),
                             .shuffle = true,
                             .drop_last = true,
                             .seed = order_seed,
                             .augmentation = phase.augmentation()}));
  ASSIGN_OR_RETURN(trainer->test_loader_,
                   Loader::Create(test, {.batch_size = phase.batch_size(),
                                         .ten_crop = test.info().ten_crop}));
  ASSIGN_OR_RETURN(
      trainer->program_,
      Program::Compile(graph, trainer->network_->Values(/*training=*/true),
                       {.batch = phase.batch_size(),
                        .type = options.type,
                        .training = true}));
  ASSIGN_OR_RETURN(
      trainer->evaluation_program_,
      Program::Compile(graph, trainer->network_->Values(/*training=*/false),
                       {.batch = phase.batch_size(),
                        .type = options.type,
                        .training = false}));
  if (trainer->program_->classes() != train.classes()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the network has %d outputs; the images have %d classes",
        trainer->program_->classes(), train.classes()));
  }
  trainer->grad_logits_ = Buffer(
      phase.batch_size() * trainer->program_->classes() * SizeOf(options.type));
  trainer->position_.set_phase(phase.name());
  trainer->position_.set_data_checksum(ChecksumOf(train));
  return trainer;
}

absl::Status Trainer::Begin(const Checkpoint* start) {
  RETURN_IF_ERROR(
      WithPrefix("the weights to begin with", network_->Initialize(start)));
  return EvaluateStart();
}

absl::Status Trainer::BeginLearned(const Checkpoint& start) {
  RETURN_IF_ERROR(
      WithPrefix("the weights to begin with", network_->Restore(start)));
  return EvaluateStart();
}

absl::Status Trainer::EvaluateStart() {
  ASSIGN_OR_RETURN(const Evaluation evaluation, EvaluateNow());
  position_.set_initial_top1(evaluation.top1);
  position_.set_initial_loss(evaluation.loss);
  if (steps() == 0) return absl::OkStatus();
  return UpdateWeightSets(*network_, position_).status();
}

absl::Status Trainer::Resume(const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(
      WithPrefix(options_.checkpoint, network_->Restore(checkpoint)));
  const std::string checksum = position_.data_checksum();
  if (!position_.ParseFromString(checkpoint.position) ||
      position_.phase() != phase_.name()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options_.checkpoint,
                     ": the checkpoint is not one of phase ", phase_.name()));
  }
  if (position_.data_checksum() != checksum) {
    return absl::FailedPreconditionError(absl::StrCat(
        options_.checkpoint,
        ": the training images have changed since (checksum ", checksum,
        ", was ", position_.data_checksum(),
        "); give the data that the run began with, or begin a new run"));
  }
  const uint64_t steps_per_epoch = train_loader_->batches_per_epoch();
  const uint64_t steps = this->steps();
  const uint64_t batch = phase_.batch_size();
  if (position_.step() > steps ||
      position_.finished() != (position_.step() == steps) ||
      static_cast<uint64_t>(position_.epochs_size()) !=
          position_.step() / steps_per_epoch ||
      position_.images() != position_.step() % steps_per_epoch * batch) {
    return absl::DataLossError(
        absl::StrCat(options_.checkpoint,
                     ": it says that training stands where it cannot: step ",
                     position_.step(), " of ", steps,
                     "; remove it and begin the phase anew"));
  }
  if (!position_.finished()) position_.set_resumed(position_.resumed() + 1);
  network_->Quantize();
  return absl::OkStatus();
}

absl::Status Trainer::Run() {
  const int64_t steps_per_epoch = train_loader_->batches_per_epoch();
  const int64_t steps = this->steps();
  if (steps == 0 && !position_.finished()) {
    position_.set_finished(true);
    return WriteCheckpointNow();
  }
  double last_checkpoint = Now();
  while (!position_.finished()) {
    const int64_t epoch =
        static_cast<int64_t>(position_.step()) / steps_per_epoch;
    Progress progress(
        ProgressName(epoch), steps_per_epoch * phase_.batch_size(),
        {.already_done = static_cast<int64_t>(position_.images())});
    do {
      const bool stop = options_.stop_requested && options_.stop_requested();
      if (stop || Now() - last_checkpoint > options_.checkpoint_seconds) {
        RETURN_IF_ERROR(WriteCheckpointNow());
        last_checkpoint = Now();
      }
      if (stop)
        return absl::CancelledError(
            "stopped as asked to; --resume goes on from here");
      RETURN_IF_ERROR(Step());
      progress.Update(static_cast<int64_t>(position_.images()),
                      absl::StrFormat("loss %.3f", position_.loss_sum() /
                                                       position_.images()));
    } while (position_.step() % steps_per_epoch != 0);
    RETURN_IF_ERROR(FinishEpoch());
    const EpochRecord& record = position_.epochs(position_.epochs_size() - 1);
    progress.Finish(absl::StrFormat("loss %.3f, test top-1 %.2f %%",
                                    record.train_loss(), record.test_top1()));
    position_.set_finished(static_cast<int64_t>(position_.step()) == steps);
    if (position_.finished()) position_.clear_weight_sets();
    RETURN_IF_ERROR(WriteCheckpointNow());
    last_checkpoint = Now();
  }
  return absl::OkStatus();
}

absl::Status Trainer::Step() {
  const double start = Now();
  const int64_t steps_per_epoch = train_loader_->batches_per_epoch();
  const int64_t step = static_cast<int64_t>(position_.step());
  const int64_t step_of_stage = step % (steps_per_epoch * phase_.epochs());
  train_loader_->Start(step / steps_per_epoch, step % steps_per_epoch);
  ASSIGN_OR_RETURN(const Batch* batch, train_loader_->Next());

  if (step_of_stage == 0) {
    RETURN_IF_ERROR(network_->BeginStage(
        static_cast<int>(step / (steps_per_epoch * phase_.epochs()))));
  }
  network_->Quantize();
  network_->SetStep(step);
  program_->LoadWeights();
  const void* const logits = program_->Forward(batch->images.data());
  const LossResult loss = SoftmaxCrossEntropy(
      options_.type, program_->classes(), logits, batch->labels, batch->count,
      phase_.label_smoothing(), grad_logits_.data());
  if (!std::isfinite(loss.loss_sum)) {
    return absl::AbortedError(
        absl::StrFormat("the loss is no longer finite at step %d (epoch %d); "
                        "lower schedule.learning_rate",
                        step, step / steps_per_epoch + 1));
  }
  program_->Backward(grad_logits_.data());
  network_->Backpropagate();
  learning_rate_ = LearningRate(phase_.schedule(), step_of_stage,
                                steps_per_epoch, phase_.epochs());
  network_->Update(learning_rate_, step_of_stage + 1);

  position_.set_step(step + 1);
  position_.set_loss_sum(position_.loss_sum() + loss.loss_sum);
  position_.set_correct(position_.correct() + loss.correct);
  position_.set_images(position_.images() + batch->count);
  position_.set_trained_images(position_.trained_images() + batch->count);
  const double seconds = Now() - start;
  position_.set_training_seconds(position_.training_seconds() + seconds);
  position_.set_seconds(position_.seconds() + seconds);
  return absl::OkStatus();
}

std::string Trainer::ProgressName(int64_t epoch) const {
  const int stages = network_->stages();
  const std::string stage =
      stages == 1 ? ""
                  : absl::StrFormat(" stage %d/%d", epoch / phase_.epochs() + 1,
                                    stages);
  return absl::StrFormat("%s%s epoch %d/%d", phase_.name(), stage,
                         epoch % phase_.epochs() + 1, phase_.epochs());
}

absl::Status Trainer::FinishEpoch() {
  const auto gradients = GradientsBySet(*network_);
  ASSIGN_OR_RETURN(const Evaluation evaluation, EvaluateNow());
  // The last step of an epoch may break what its own loss does not show yet.
  if (!std::isfinite(evaluation.loss)) {
    return absl::AbortedError(absl::StrFormat(
        "the loss on the test set is not finite after epoch %d; lower "
        "schedule.learning_rate",
        position_.epochs_size() + 1));
  }
  ASSIGN_OR_RETURN(const std::vector<WeightSets> sets,
                   UpdateWeightSets(*network_, position_));
  EpochRecord& record = *position_.add_epochs();
  record.set_epoch(position_.epochs_size());
  record.set_step(position_.step());
  record.set_learning_rate(learning_rate_);
  record.set_train_loss(position_.loss_sum() / position_.images());
  record.set_train_top1(100.0 * position_.correct() / position_.images());
  record.set_test_loss(evaluation.loss);
  record.set_test_top1(evaluation.top1);
  record.set_seconds(position_.seconds());
  record.set_weight_sparsity(network_->WeightSparsity());
  for (const TrainedNetwork::Layer& layer : network_->layers()) {
    for (const auto& [name, value] : network_->Describe(layer)) {
      (*record.mutable_values())[absl::StrCat(layer.node->name(), "/", name)] =
          value;
    }
  }
  for (const WeightSets& of_layer : sets) {
    WeightSets& added = *record.add_weight_sets();
    added = of_layer;
    if (const auto at = gradients.find(added.layer()); at != gradients.end())
      *added.mutable_gradients() = at->second;
  }
  position_.set_loss_sum(0);
  position_.set_correct(0);
  position_.set_images(0);
  return options_.on_epoch ? options_.on_epoch(record, *network_)
                           : absl::OkStatus();
}

absl::StatusOr<Evaluation> Trainer::EvaluateNow() {
  const double start = Now();
  network_->Quantize();
  std::unique_ptr<ActivationCounter> counter;
  if (static_cast<int64_t>(position_.step()) == steps()) {
    ASSIGN_OR_RETURN(counter, ActivationCounter::Create(network_->graph()));
  }
  ASSIGN_OR_RETURN(
      const Evaluation evaluation,
      Evaluate(*evaluation_program_, *test_loader_, counter.get()));
  if (counter != nullptr)
    *position_.mutable_activations() = counter->Statistics(*network_);
  position_.set_seconds(position_.seconds() + Now() - start);
  return evaluation;
}

absl::Status Trainer::WriteCheckpointNow() {
  Checkpoint checkpoint;
  network_->WriteTo(checkpoint);
  checkpoint.position = position_.SerializeAsString();
  // The one before is kept until the new one is whole: if the disk lies about
  // what it holds, one of them can be read.
  if (FileExists(options_.checkpoint) &&
      std::rename(options_.checkpoint.c_str(),
                  Previous(options_.checkpoint).c_str()) != 0) {
    return FileError(errno, options_.checkpoint, "cannot rename");
  }
  return WriteCheckpoint(checkpoint, options_.checkpoint);
}

absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& path,
                                                const Graph& graph) {
  if (!FileExists(path) && !FileExists(Previous(path))) {
    return absl::NotFoundError(absl::StrCat(path, ": no checkpoint there"));
  }
  absl::StatusOr<Checkpoint> newest = ReadCheckpoint(path, graph);
  if (newest.ok() || !FileExists(Previous(path))) return newest;
  absl::StatusOr<Checkpoint> previous = ReadCheckpoint(Previous(path), graph);
  if (!FileExists(path)) return previous;
  if (!previous.ok()) return newest;
  std::fprintf(stderr, "warning: %s; going on from the checkpoint before it\n",
               std::string(newest.status().message()).c_str());
  // Out of the way: the next checkpoint must not push out the good one.
  const std::string aside = path + ".damaged";
  if (std::rename(path.c_str(), aside.c_str()) != 0) {
    return FileError(errno, path, "cannot rename");
  }
  return previous;
}

}  // namespace tritlab
