// Trains one phase: batches in, checkpoints and measurements out.
#ifndef TRITLAB_TRAINING_TRAINER_H_
#define TRITLAB_TRAINING_TRAINER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/dataset.h"
#include "datasets/loader.h"
#include "kernels/tensor.h"
#include "models/checkpoint.h"
#include "models/graph.pb.h"
#include "training/evaluation.h"
#include "training/phase.pb.h"
#include "training/position.pb.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {

// InvalidArgument, naming the field, when a setting of the phase is impossible.
// Whether its policy fits the network is seen when a trainer is created.
absl::Status ValidatePhase(const PhaseSpec& phase);

class Trainer {
 public:
  struct Options {
    DataType type = DataType::kF32;
    uint64_t seed = 1;
    std::string checkpoint = {};  // the file that Run writes to as it goes
    double checkpoint_seconds =
        60;  // at most so long between two of them; 0: after every step
    // Called after each epoch's evaluation, before its checkpoint; the
    // network's computed weights are those that were evaluated.
    std::function<absl::Status(const EpochRecord&, const TrainedNetwork&)>
        on_epoch = {};
    // Asked before every step; true writes a checkpoint and ends Run with
    // Cancelled.
    std::function<bool()> stop_requested = {};
  };

  // The datasets must outlive the trainer.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(
      const Graph& graph, const PhaseSpec& phase, const Dataset& train,
      const Dataset& test, const Options& options);

  // One of these, before Run. Begin: with the weights of an earlier phase's
  // checkpoint, or (nullptr) with drawn ones. BeginLearned: from one of the
  // same policy, with all that its quantizers have learned and frozen as well.
  // Resume: where the checkpoint of this phase stands; FailedPrecondition when
  // the images have changed since.
  absl::Status Begin(const Checkpoint* start);
  absl::Status BeginLearned(const Checkpoint& start);
  absl::Status Resume(const Checkpoint& checkpoint);

  // Trains what is left. Cancelled when asked to stop, Aborted when the loss is
  // no longer finite.
  absl::Status Run();

  // One step on the next batch; what Run is made of. For benchmarks.
  absl::Status Step();

  const TrainingPosition& position() const { return position_; }
  const TrainedNetwork& network() const { return *network_; }
  // Computes with the network's weights of when LoadWeights was called last,
  // and with running statistics.
  Program& evaluation_program() { return *evaluation_program_; }
  int64_t steps_per_epoch() const { return train_loader_->batches_per_epoch(); }
  // Of the whole phase, all its stages.
  int64_t steps() const {
    return steps_per_epoch() * phase_.epochs() * network_->stages();
  }

 private:
  Trainer(const PhaseSpec& phase, const Options& options)
      : phase_(phase), options_(options) {}
  // What the progress line calls an epoch of the phase, counted from 0.
  std::string ProgressName(int64_t epoch) const;
  absl::Status EvaluateStart();
  absl::Status FinishEpoch();
  // With the network quantized anew. The evaluation that ends the phase counts
  // activations.
  absl::StatusOr<Evaluation> EvaluateNow();
  absl::Status WriteCheckpointNow();

  const PhaseSpec phase_;
  const Options options_;
  std::unique_ptr<TrainedNetwork> network_;
  std::unique_ptr<Program> program_;  // batch statistics and gradients
  std::unique_ptr<Program> evaluation_program_;  // running statistics
  std::unique_ptr<Loader> train_loader_;
  std::unique_ptr<Loader> test_loader_;
  Buffer grad_logits_;
  TrainingPosition position_;
  double learning_rate_ = 0;
};

// The checkpoint that a stopped phase goes on from: the one at `path`, or, with
// a warning on stderr, the one before it when that one cannot be read. NotFound
// when there is neither.
absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& path,
                                                const Graph& graph);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_TRAINER_H_
