#include "training/trainer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/crc32c.h"
#include "base/monotonic_clock.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "models/newest_checkpoint.h"
#include "models/shape_inference.h"
#include "quant/policy.h"
#include "training/activation_counter.h"
#include "training/nonfinite.h"
#include "training/optimizer.h"
#include "training/schedule.h"
#include "training/stored_position.h"
#include "training/weight_dynamics.h"

namespace tritlab {
namespace {

constexpr uint64_t kDataOrder = 0x6f72646572;  // the random stream of this file

// Of steps; after so many the network is beyond help.
constexpr uint32_t kMostSkippedInARow = 10;

// Of the epoch under way: the images that were not skipped, at least 1 to
// divide by, and their mean loss.
uint64_t LearnedImages(const TrainingPosition& position) {
  return std::max<uint64_t>(1, position.images() - position.skipped_images());
}
double MeanLoss(const TrainingPosition& position) {
  return position.loss_sum() / LearnedImages(position);
}

// Over one value a channel, batch normalization gives the channel's shift,
// whatever it reads: nothing that comes before it could learn.
absl::Status CheckBatchNormalization(const Graph& graph, int64_t batch) {
  ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, batch));
  for (int i = 0; i < graph.nodes_size(); ++i) {
    const Shape& shape = shaped.shapes[i];
    if (!graph.nodes(i).has_batch_normalization() ||
        shape.size() > shape.channels)
      continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "node \"", graph.nodes(i).name(),
        "\" normalizes one value a channel; give a batch_size of at least 2 a "
        "rank, or on several ranks set synchronized_batch_normalization"));
  }
  return absl::OkStatus();
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
  return ValidateSchedule(phase.schedule(), phase.epochs());
}

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(
    const Graph& graph, const PhaseSpec& phase, const Dataset& train,
    const Dataset& test, const Options& options) {
  RETURN_IF_ERROR(ValidatePhase(phase));
  std::unique_ptr<Trainer> trainer(new Trainer(phase, options));
  Communicator& ranks = trainer->ranks_;
  if (phase.batch_size() % ranks.size() != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "batch_size is %d; it is that of all ranks together and must be a "
        "multiple of their number, %d",
        phase.batch_size(), ranks.size()));
  }
  const int64_t share = phase.batch_size() / ranks.size();
  ASSIGN_OR_RETURN(trainer->network_,
                   TrainedNetwork::Create(graph, phase.policy(),
                                          phase.optimizer(), options.seed));
  // Each phase sees the images in an order of its own.
  const uint64_t order_seed =
      RandomStream(options.seed, kDataOrder, Crc32c(phase.name())).Bits(0);
  ASSIGN_OR_RETURN(
      trainer->train_loader_,
      Loader::Create(train, {.batch_size = phase.batch_size(),
                             .rank = ranks.rank(),
                             .ranks = ranks.size(),
                             .shuffle = true,
                             .drop_last = true,
                             .seed = order_seed,
                             .augmentation = phase.augmentation()}));
  ASSIGN_OR_RETURN(trainer->test_loader_,
                   Loader::Create(test, {.batch_size = phase.batch_size(),
                                         .rank = ranks.rank(),
                                         .ranks = ranks.size(),
                                         .ten_crop = test.info().ten_crop}));
  const std::vector<NodeValues> values =
      trainer->network_->Values(/*training=*/true);
  const bool synchronized =
      ranks.size() > 1 && phase.synchronized_batch_normalization();
  if (phase.epochs() > 0 && !synchronized) {
    RETURN_IF_ERROR(
        CheckBatchNormalization(trainer->network_->whole_graph(), share));
  }
  ASSIGN_OR_RETURN(
      trainer->program_,
      Program::Compile(graph, values,
                       {.batch = share,
                        .type = options.type,
                        .training = true,
                        .synchronized = synchronized ? &ranks : nullptr}));
  if (ranks.size() > 1) {
    trainer->average_ = std::make_unique<GradientAverage>(values, ranks);
    trainer->program_->ObserveOperators(
        [&average = *trainer->average_](const OperatorRun& run) {
          average.OperatorDone(run);
        });
  }
  ASSIGN_OR_RETURN(
      trainer->evaluation_program_,
      Program::Compile(graph, trainer->network_->Values(/*training=*/false),
                       {.batch = share,
                        .type = options.type,
                        .training = false,
                        .lender = trainer->program_.get()}));
  if (trainer->program_->classes() != train.classes()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the network has %d outputs; the images have %d classes",
        trainer->program_->classes(), train.classes()));
  }
  trainer->loss_ = std::make_unique<TrainingLoss>(*trainer->program_);
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
  ASSIGN_OR_RETURN(
      position_,
      ParseStoredPosition(
          checkpoint.position,
          {.phase = phase_.name(),
           .data_checksum = position_.data_checksum(),
           .steps = static_cast<uint64_t>(steps()),
           .steps_per_epoch = static_cast<uint64_t>(steps_per_epoch()),
           .batch_size = static_cast<uint64_t>(phase_.batch_size())},
          options_.checkpoint));
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
  last_checkpoint_ = MonotonicSeconds();
  while (!position_.finished()) {
    std::optional<Progress> progress;
    if (ranks_.rank() == 0) {
      progress.emplace(ProgressName(position_.epochs_size()),
                       steps_per_epoch * phase_.batch_size(),
                       Progress::Options{.already_done = static_cast<int64_t>(
                                             position_.images())});
    }
    while (!epoch_is_trained()) {
      RETURN_IF_ERROR(Pause());
      RETURN_IF_ERROR(Step());
      if (progress.has_value()) {
        progress->Update(static_cast<int64_t>(position_.images()),
                         absl::StrFormat("loss %.3f", MeanLoss(position_)));
      }
      // A skipped step's gradients are nobody's.
      if (!epoch_is_trained() || position_.skipped_in_a_row() > 0) continue;
      for (auto& [layer, gradients] : GradientsBySet(*network_))
        (*position_.mutable_gradients())[layer] = gradients;
    }
    // An evaluation may take longer than whoever stops the run will wait.
    RETURN_IF_ERROR(Pause());
    const absl::Status finished = FinishEpoch();
    if (absl::IsCancelled(finished)) RETURN_IF_ERROR(WriteCheckpointNow());
    RETURN_IF_ERROR(finished);
    const EpochRecord& record = position_.epochs(position_.epochs_size() - 1);
    if (progress.has_value()) {
      progress->Finish(absl::StrFormat("loss %.3f, test top-1 %.2f %%",
                                       record.train_loss(),
                                       record.test_top1()));
    }
    position_.set_finished(static_cast<int64_t>(position_.step()) == steps);
    if (position_.finished()) position_.clear_weight_sets();
    RETURN_IF_ERROR(WriteCheckpointNow());
  }
  return absl::OkStatus();
}

bool Trainer::epoch_is_trained() const {
  return static_cast<int64_t>(position_.step()) ==
         (position_.epochs_size() + 1) * steps_per_epoch();
}

absl::Status Trainer::Pause() {
  const bool due =
      MonotonicSeconds() - last_checkpoint_ > options_.checkpoint_seconds;
  // Any rank's wish, and rank 0's clock.
  std::array<double, 2> wishes = {
      options_.stop_requested && options_.stop_requested() ? 1.0 : 0.0,
      due && ranks_.rank() == 0 ? 1.0 : 0.0};
  ranks_.AllReduceSum(std::span<double>(wishes));
  const bool stop = wishes[0] > 0;
  if (stop || wishes[1] > 0) RETURN_IF_ERROR(WriteCheckpointNow());
  return stop ? absl::CancelledError("stopped as asked to") : absl::OkStatus();
}

double Trainer::LearningRateOf(int64_t step) const {
  return LearningRate(phase_.schedule(),
                      step % (steps_per_epoch() * phase_.epochs()),
                      steps_per_epoch(), phase_.epochs());
}

absl::Status Trainer::Nonfinite(absl::string_view what, const Batch& batch) {
  const int64_t step = static_cast<int64_t>(position_.step());
  const uint32_t skipped = position_.skipped_in_a_row();
  return absl::AbortedError(absl::StrFormat(
      "%s no longer finite at step %d (epoch %d)%s: %s; lower "
      "schedule.learning_rate",
      what, step, step / steps_per_epoch() + 1,
      skipped == 0 ? ""
                   : absl::StrFormat(", after %d skipped in a row", skipped),
      WhereNonfinite(*network_, *program_, batch.images.data())));
}

absl::Status Trainer::NonfiniteOnTestSet() {
  const auto because = [&](absl::string_view where) {
    return absl::AbortedError(absl::StrFormat(
        "the loss on the test set is not finite after step %d: %s; lower "
        "schedule.learning_rate",
        static_cast<int64_t>(position_.step()), where));
  };
  if (const std::string value = network_->FirstNonfiniteValue(); !value.empty())
    return because(absl::StrCat(value, " is not finite"));
  // Of this rank's images, none may be it.
  absl::Status found;
  test_loader_->Start(/*epoch=*/0, /*first_batch=*/0);
  for (int64_t i = 0; found.ok() && i < test_loader_->batches_per_epoch();
       ++i) {
    const absl::StatusOr<const Batch*> batch = test_loader_->Next();
    if (!batch.ok()) {
      found = batch.status();
      break;
    }
    const std::string where = FirstNonfiniteOutput(
        *network_, *evaluation_program_, (*batch)->images.data());
    if (!where.empty()) found = because(where);
  }
  RETURN_IF_ERROR(Agree(ranks_, found));
  return because("the outputs of all layers are finite, their sum is not");
}

void Trainer::ObserveSteps(StepPartObserver parts, OperatorObserver operators) {
  assert(average_ == nullptr);  // it observes the program's operators itself
  observer_ = std::move(parts);
  program_->ObserveOperators(std::move(operators));
}

template <typename Function>
auto Trainer::Timed(absl::string_view part, const Function& function) const {
  const double start = MonotonicSeconds();
  // Tells the observer when the function's result is on its way out.
  struct Told {
    ~Told() {
      if (trainer.observer_)
        trainer.observer_({part, start, MonotonicSeconds() - start});
    }
    const Trainer& trainer;
    const absl::string_view part;
    const double start;
  } told{*this, part, start};
  return function();
}

absl::Status Trainer::Step() {
  const double start = MonotonicSeconds();
  const int64_t steps_per_epoch = train_loader_->batches_per_epoch();
  const int64_t step = static_cast<int64_t>(position_.step());
  const int64_t step_of_stage = step % (steps_per_epoch * phase_.epochs());
  train_loader_->Start(step / steps_per_epoch, step % steps_per_epoch);
  const absl::StatusOr<const Batch*> next =
      Timed("data_wait", [&] { return train_loader_->Next(); });
  RETURN_IF_ERROR(Agree(ranks_, next.status()));
  const Batch* const batch = *next;

  if (step_of_stage == 0) {
    RETURN_IF_ERROR(network_->BeginStage(
        static_cast<int>(step / (steps_per_epoch * phase_.epochs()))));
    position_.set_skipped_in_stage(0);
  }
  Timed("quantizer", [&] { network_->Quantize(); });
  // Each rank draws other noise.
  network_->SetStep(step * ranks_.size() + ranks_.rank());
  program_->LoadWeights();
  const bool skips = phase_.on_nonfinite_loss() == PhaseSpec::SKIP;
  std::vector<std::vector<float>> statistics;
  if (skips) statistics = network_->Statistics();
  const void* const logits = program_->Forward(batch->images.data());
  const TrainingLoss::Result of_share = Timed("loss", [&] {
    return loss_->Compute(logits, batch->labels, batch->count,
                          phase_.label_smoothing());
  });
  std::array<double, 4> sums = {
      of_share.network.loss_sum, static_cast<double>(of_share.network.correct),
      static_cast<double>(batch->count), of_share.lowered_sum};
  ranks_.AllReduceSum(std::span<double>(sums));
  const double loss = sums[0];
  const uint64_t correct = static_cast<uint64_t>(sums[1]);
  const uint64_t images = static_cast<uint64_t>(sums[2]);
  const bool finite = std::isfinite(sums[3]);
  if (!finite && !skips) {
    // All look for it, for a forward pass may need them all; but only those
    // whose loss it is are asked.
    const absl::Status found = Nonfinite("the loss is", *batch);
    return Agree(
        ranks_, std::isfinite(of_share.lowered_sum) ? absl::OkStatus() : found);
  }
  loss_->Backward();
  if (average_ != nullptr) average_->Finish();
  Timed("quantizer_backward", [&] { network_->Backpropagate(); });
  if (!finite || !network_->FirstNonfiniteGradient().empty()) {
    if (!skips || position_.skipped_in_a_row() == kMostSkippedInARow)
      return Agree(ranks_,
                   Nonfinite(finite ? "a gradient is" : "the loss is", *batch));
    network_->SetStatistics(statistics);
    position_.set_skipped_steps(position_.skipped_steps() + 1);
    position_.set_skipped_in_a_row(position_.skipped_in_a_row() + 1);
    position_.set_skipped_in_stage(position_.skipped_in_stage() + 1);
    position_.set_skipped_images(position_.skipped_images() + images);
  } else {
    const auto skipped = static_cast<int64_t>(position_.skipped_in_stage());
    Timed("optimizer", [&] {
      network_->Update(LearningRateOf(step), step_of_stage + 1 - skipped);
    });
    position_.set_skipped_in_a_row(0);
    position_.set_loss_sum(position_.loss_sum() + loss);
    position_.set_correct(position_.correct() + correct);
  }

  position_.set_step(step + 1);
  position_.set_images(position_.images() + images);
  position_.set_trained_images(position_.trained_images() + images);
  const double seconds = MonotonicSeconds() - start;
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
  RETURN_IF_ERROR(CheckRanksAgree());
  ASSIGN_OR_RETURN(const Evaluation evaluation, EvaluateNow());
  // The last step of an epoch may break what its own loss does not show yet.
  // (A start may overflow: TTQ's scales of 1 under the statistics of weights
  // far below 1.)
  if (!std::isfinite(evaluation.loss)) return NonfiniteOnTestSet();
  ASSIGN_OR_RETURN(const std::vector<WeightSets> sets,
                   UpdateWeightSets(*network_, position_));
  EpochRecord& record = *position_.add_epochs();
  record.set_epoch(position_.epochs_size());
  record.set_step(position_.step());
  record.set_learning_rate(
      LearningRateOf(static_cast<int64_t>(position_.step()) - 1));
  record.set_train_loss(MeanLoss(position_));
  record.set_train_top1(100.0 * position_.correct() / LearnedImages(position_));
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
    if (const auto at = position_.gradients().find(added.layer());
        at != position_.gradients().end())
      *added.mutable_gradients() = at->second;
  }
  position_.clear_gradients();
  position_.set_loss_sum(0);
  position_.set_correct(0);
  position_.set_images(0);
  position_.set_skipped_images(0);
  absl::Status told;
  if (options_.on_epoch && ranks_.rank() == 0)
    told = options_.on_epoch(record, *network_);
  return Agree(ranks_, told);
}

absl::Status Trainer::CheckRanksAgree() {
  uint32_t own = 0;
  for (const ParameterTensor& tensor : network_->parameters().tensors) {
    own = ExtendCrc32c(own, tensor.values.data(),
                       tensor.values.size() * sizeof(float));
  }
  for (const TrainedNetwork::Layer& layer : network_->layers()) {
    for (const QuantizerParameter* learned : layer.learned())
      own = ExtendCrc32c(own, &learned->value, sizeof(learned->value));
  }
  uint32_t of_first = own;
  ranks_.Broadcast(std::as_writable_bytes(std::span(&of_first, 1)));
  return Agree(
      ranks_,
      own == of_first
          ? absl::OkStatus()
          : absl::InternalError(
                "the weights are no longer the same on all ranks; give all "
                "of them the same program and processors that compute alike"));
}

absl::StatusOr<Evaluation> Trainer::EvaluateNow() {
  const double start = MonotonicSeconds();
  network_->Quantize();
  std::unique_ptr<ActivationCounter> counter;
  if (static_cast<int64_t>(position_.step()) == steps()) {
    ASSIGN_OR_RETURN(counter, ActivationCounter::Create(network_->graph()));
  }
  ASSIGN_OR_RETURN(
      const Evaluation evaluation,
      Evaluate(*evaluation_program_, *test_loader_, counter.get(),
               epoch_is_trained() ? options_.stop_requested : nullptr, ranks_));
  if (counter != nullptr)
    *position_.mutable_activations() = counter->Statistics(*network_);
  position_.set_seconds(position_.seconds() + MonotonicSeconds() - start);
  return evaluation;
}

absl::Status Trainer::WriteCheckpointNow() {
  absl::Status written;
  if (ranks_.rank() == 0 && !options_.checkpoint.empty()) {
    Checkpoint checkpoint;
    network_->WriteTo(checkpoint);
    checkpoint.position = position_.SerializeAsString();
    written = WriteNewestCheckpoint(checkpoint, options_.checkpoint);
  }
  RETURN_IF_ERROR(Agree(ranks_, written));
  last_checkpoint_ = MonotonicSeconds();
  return absl::OkStatus();
}

}  // namespace tritlab
