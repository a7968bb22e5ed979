// Trains one phase: batches in, checkpoints and measurements out.
#ifndef TRITLAB_TRAINING_TRAINER_H_
#define TRITLAB_TRAINING_TRAINER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"
#include "datasets/loader.h"
#include "kernels/tensor.h"
#include "models/checkpoint.h"
#include "models/graph.pb.h"
#include "training/communicator.h"
#include "training/evaluation.h"
#include "training/gradient_average.h"
#include "training/operator_run.h"
#include "training/phase.pb.h"
#include "training/position.pb.h"
#include "training/program.h"
#include "training/step_part.h"
#include "training/trained_network.h"
#include "training/training_loss.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting of the phase is impossible.
// Whether its policy fits the network is seen when a trainer is created.
absl::Status ValidatePhase(const PhaseSpec& phase);

class Trainer {
 public:
  struct Options {
    DataType type = DataType::kF32;
    uint64_t seed = 1;
    // The file that Run writes to as it goes; empty: none.
    std::string checkpoint = {};
    double checkpoint_seconds =
        60;  // at most so long between two of them; 0: after every step
    // Called after each epoch's evaluation, before its checkpoint; the
    // network's computed weights are those that were evaluated.
    std::function<absl::Status(const EpochRecord&, const TrainedNetwork&)>
        on_epoch = {};
    // Asked by Run before every step and every batch of its evaluations; true
    // writes a checkpoint and ends it with Cancelled. Begin and BeginLearned
    // evaluate to the end.
    std::function<bool()> stop_requested = {};
    // Trains together with these (training/communicator.h), each on its share
    // of every batch; nullptr: alone. Every rank makes the same calls with the
    // same arguments; rank 0 writes, shows progress and calls on_epoch, and the
    // others' clocks decide nothing. Not owned.
    Communicator* ranks = nullptr;
  };

  // The datasets must outlive the trainer. InvalidArgument when a setting of
  // the phase is impossible, or does not fit the network, the images or the
  // ranks; else what Loader::Create and Program::Compile say.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(
      const Graph& graph, const PhaseSpec& phase, const Dataset& train,
      const Dataset& test, const Options& options);

  // One of these, before Run. Begin: with the weights of an earlier phase's
  // checkpoint, or (nullptr) with drawn ones. BeginLearned: from one of the
  // same policy, with all that its quantizers have learned and frozen as well.
  // Resume: where the checkpoint of this phase stands; FailedPrecondition when
  // the images have changed since. InvalidArgument, naming the tensor, when a
  // checkpoint is not of this network and policy; DataLoss when it holds what
  // training cannot have come to. The first two end with an evaluation of all
  // test images.
  absl::Status Begin(const Checkpoint* start);
  absl::Status BeginLearned(const Checkpoint& start);
  absl::Status Resume(const Checkpoint& checkpoint);

  // Trains what is left. Cancelled when asked to stop; Aborted, naming the
  // layer, when the loss is no longer finite and the phase does not say to skip
  // such steps; Internal when ranks no longer have the same weights; else what
  // on_epoch or writing the checkpoint gives.
  absl::Status Run();

  // One step on the next batch; what Run is made of. For benchmarks.
  absl::Status Step();

  // From now on, Step calls these after each of its parts, and after every
  // operator of the training program. Of a trainer without other ranks.
  void ObserveSteps(StepPartObserver parts, OperatorObserver operators);

  const TrainingPosition& position() const { return position_; }
  const TrainedNetwork& network() const { return *network_; }
  // Computes with the network's weights of when LoadWeights was called last,
  // and with running statistics. Not within a step: it borrows the memory of
  // its gradients.
  Program& evaluation_program() { return *evaluation_program_; }
  // Of the training program.
  int64_t activation_bytes() const { return program_->activation_bytes(); }
  int64_t steps_per_epoch() const { return train_loader_->batches_per_epoch(); }
  // Of the whole phase, all its stages.
  int64_t steps() const {
    return steps_per_epoch() * phase_.epochs() * network_->stages();
  }

 private:
  Trainer(const PhaseSpec& phase, const Options& options)
      : phase_(phase),
        options_(options),
        ranks_(options.ranks == nullptr ? SingleRank() : *options.ranks) {}
  // What the progress line calls an epoch of the phase, counted from 0.
  std::string ProgressName(int64_t epoch) const;
  // What function() returns, its time told to the observer of steps.
  template <typename Function>
  auto Timed(absl::string_view part, const Function& function) const;
  absl::Status EvaluateStart();
  // Whether all steps of the epoch that is under way are done.
  bool epoch_is_trained() const;
  // Before each step and before an epoch's evaluation: writes a checkpoint when
  // one is due. Cancelled, with one written, when asked to stop.
  absl::Status Pause();
  // What the step that `step` counts, in the whole phase, has.
  double LearningRateOf(int64_t step) const;
  // Aborted, naming the layer where the batch's loss ceases to be finite.
  absl::Status Nonfinite(absl::string_view what, const Batch& batch);
  // The same of a test set whose loss is not finite: names where it begins.
  // Collective.
  absl::Status NonfiniteOnTestSet();
  absl::Status FinishEpoch();
  // With the network quantized anew. The evaluation that ends the phase counts
  // activations.
  absl::StatusOr<Evaluation> EvaluateNow();
  absl::Status WriteCheckpointNow();
  // Internal when the ranks' weights are not the same bits.
  absl::Status CheckRanksAgree();

  const PhaseSpec phase_;
  const Options options_;
  Communicator& ranks_;
  std::unique_ptr<TrainedNetwork> network_;
  std::unique_ptr<Program> program_;          // batch statistics and gradients
  std::unique_ptr<GradientAverage> average_;  // of several ranks
  std::unique_ptr<Program> evaluation_program_;  // running statistics
  std::unique_ptr<Loader> train_loader_;
  std::unique_ptr<Loader> test_loader_;
  StepPartObserver observer_;
  std::unique_ptr<TrainingLoss> loss_;  // of program_
  TrainingPosition position_;
  double last_checkpoint_ = 0;  // when it was written, or Run began
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_TRAINER_H_
