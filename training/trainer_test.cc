#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "datasets/dataset.h"
#include "datasets/open_dataset.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/graph_builder.h"
#include "models/newest_checkpoint.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

constexpr char kFullPrecision[] = R"(
  name: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 nesterov: true } weight_decay: 1e-3 }
  schedule { learning_rate: 0.05 one_cycle { warmup_share: 0.3 } }
  augmentation { pad_crop: 2 flip: true })";

constexpr char kTtq[] = R"(
  name: "ttq" starts_from: "full_precision" epochs: 2 batch_size: 16
  optimizer { adam { } weight_decay: 1e-3 }
  schedule { learning_rate: 0.001 }
  augmentation { pad_crop: 2 }
  policy { rules { layers: "*" quantizer { ttq { } } } })";

// Two stages, and everything that draws random numbers or learns on the way.
constexpr char kInq[] = R"(
  name: "inq" starts_from: "full_precision" epochs: 1 batch_size: 16
  optimizer { sgd { momentum: 0.9 } weight_decay: 1e-3 }
  schedule { learning_rate: 0.01 cosine { } }
  augmentation { pad_crop: 2 }
  policy { rules {
    layers: "*"
    quantizer { inq { bits: 3 portions: [0.5, 1] partition: RANDOM } }
    activations { pact { bits: 4 } }
    gradients { dorefa { bits: 6 } }
  } })";

PhaseSpec Phase(const std::string& text) {
  PhaseSpec phase;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &phase));
  return phase;
}

std::unique_ptr<Dataset> Images(Split split, uint64_t seed = 1) {
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_train_images(90);
  spec.mutable_synthetic()->set_test_images(40);
  spec.mutable_synthetic()->set_seed(seed);
  return *OpenDataset(spec, "", split);
}

const Graph& Network() {
  static const Graph& graph = *[] {
    ModelSpec model;
    model.mutable_cifar_resnet()->set_depth(8);
    model.mutable_cifar_resnet()->set_width(4);
    InputOperator image;
    image.set_height(32);
    image.set_width(32);
    image.set_channels(3);
    return new Graph(*BuildGraph(model, image, 10));
  }();
  return graph;
}

// It normalizes the outputs of a linear layer.
Graph VggSmall() {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(2);
  return *BuildGraph(model, Network().nodes(0).input(), 10);
}

// The same with a training head that has all that GoogLeNet's have.
Graph NetworkWithHead() {
  GraphBuilder net(Network());
  net.BeginTrainingHead(0.3f);
  std::string x = net.AveragePool("aux/pool", "stage2/block1/add", 5, 3);
  x = net.BatchNormalization("aux/bn", net.Convolution("aux/conv", x, 4, 1, 1));
  x = net.Linear("aux/fc1", net.Relu("aux/relu", x), 8);
  x = net.Dropout("aux/dropout", net.Relu("aux/relu_fc1", x), 0.7f);
  net.Linear("aux/fc2", x, 10);
  return net.graph();
}

class TrainerTest : public testing::Test {
 protected:
  // A trainer that writes to `file`, and stops as soon as it has done
  // `stop_after` steps, before the evaluation where one is due.
  std::unique_ptr<Trainer> Make(const PhaseSpec& phase, const std::string& file,
                                int64_t stop_after = -1,
                                DataType type = DataType::kF32) {
    // What is asked to stop is known only when it is made.
    struct Begun {
      const Trainer* trainer = nullptr;
      std::optional<uint64_t> step;
    };
    const auto begun = std::make_shared<Begun>();
    Trainer::Options options;
    options.type = type;
    options.checkpoint = Path(file);
    options.stop_requested = [begun, stop_after] {
      const uint64_t step = begun->trainer->position().step();
      if (!begun->step.has_value()) begun->step = step;
      return static_cast<int64_t>(step - *begun->step) == stop_after;
    };
    auto trainer = *Trainer::Create(graph_, phase, *train_, *test_, options);
    begun->trainer = trainer.get();
    return trainer;
  }
  static std::string Path(const std::string& file) {
    return testing::TempDir() + "/" + file;
  }

  // All that a finished phase is, times left out.
  Checkpoint Outcome(const std::string& file) const {
    Checkpoint checkpoint = *ReadNewestCheckpoint(Path(file), graph_);
    TrainingPosition position;
    EXPECT_TRUE(position.ParseFromString(checkpoint.position));
    position.clear_seconds();
    position.clear_training_seconds();
    position.clear_resumed();
    for (EpochRecord& record : *position.mutable_epochs())
      record.clear_seconds();
    checkpoint.position = position.DebugString();
    return checkpoint;
  }

  // Trains phase after phase, undisturbed and stopped after every so many
  // steps, and expects the same bits.
  void ExpectResumedEqualsUndisturbed(DataType type,
                                      const std::vector<const char*>& phases,
                                      const std::vector<int64_t>& stops) {
    std::string start;
    for (const char* text : phases) {
      const PhaseSpec phase = Phase(text);
      const auto begin = [&](Trainer& trainer) {
        if (start.empty()) return trainer.Begin(nullptr);
        const Checkpoint from = *ReadNewestCheckpoint(Path(start), graph_);
        return trainer.Begin(&from);
      };
      const std::string undisturbed_file = phase.name() + Name(type);
      {
        auto trainer = Make(phase, undisturbed_file, -1, type);
        ASSERT_TRUE(begin(*trainer).ok());
        ASSERT_TRUE(trainer->Run().ok());
      }
      const Checkpoint undisturbed = Outcome(undisturbed_file);
      for (const int64_t stop_every : stops) {
        const std::string file = phase.name() + "_stopped";
        auto trainer = Make(phase, file, stop_every, type);
        ASSERT_TRUE(begin(*trainer).ok());
        absl::Status status = trainer->Run();
        for (int stops = 0; absl::IsCancelled(status) && stops < 20; ++stops) {
          trainer = Make(phase, file, stop_every, type);
          ASSERT_TRUE(
              trainer->Resume(*ReadNewestCheckpoint(Path(file), graph_)).ok());
          status = trainer->Run();
        }
        ASSERT_TRUE(status.ok()) << status;
        EXPECT_GT(trainer->position().resumed(), 0u);
        const Checkpoint outcome = Outcome(file);
        EXPECT_EQ(outcome.tensors, undisturbed.tensors)
            << phase.name() << " stopped every " << stop_every;
        EXPECT_EQ(outcome.position, undisturbed.position);
        ASSERT_EQ(std::remove(Path(file).c_str()), 0);
        std::remove((Path(file) + ".previous").c_str());
      }
      start = undisturbed_file;
    }
  }

  Graph graph_ = Network();
  const std::unique_ptr<Dataset> train_ = Images(Split::kTrain);
  const std::unique_ptr<Dataset> test_ = Images(Split::kTest);
};

// The promise of --resume: the same bits as a run that was never stopped,
// wherever it stopped. 5 steps an epoch: stops at the first step, within an
// epoch, at its end, in the second one; and once after every single step.
TEST_F(TrainerTest, ResumedTrainingEqualsUndisturbedTraining) {
  for (const DataType type : {DataType::kF32, DataType::kBF16}) {
    ExpectResumedEqualsUndisturbed(type, {kFullPrecision, kTtq, kInq},
                                   {1, 3, 5, 7});
  }
}

// Their weights, optimizer state, running statistics and dropout as well.
TEST_F(TrainerTest, ResumedTrainingHeadsEqualUndisturbedOnes) {
  graph_ = NetworkWithHead();
  ExpectResumedEqualsUndisturbed(DataType::kF32, {kFullPrecision, kInq}, {3});
}

// Heads are trained in full precision, whatever the policy says of the network;
// what is evaluated and reported is the network.
TEST_F(TrainerTest, TrainingHeadsAreTrainedAndNotEvaluated) {
  auto without = Make(Phase(kInq), "no_heads.ckpt");
  ASSERT_TRUE(without->Begin(nullptr).ok());
  graph_ = NetworkWithHead();
  auto trainer = Make(Phase(kInq), "heads.ckpt");
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  EXPECT_EQ(trainer->position().initial_loss(),
            without->position().initial_loss());
  EXPECT_EQ(trainer->position().initial_top1(),
            without->position().initial_top1());
  EXPECT_EQ(trainer->network().layers().size(),
            without->network().layers().size());
  Checkpoint before, after;
  trainer->network().WriteTo(before);
  ASSERT_TRUE(trainer->Run().ok());
  trainer->network().WriteTo(after);
  EXPECT_EQ(after.graph.training_heads_size(), 1);
  for (const char* const name :
       {"aux/conv/weights", "aux/bn/scale", "aux/bn/mean", "aux/fc1/weights",
        "aux/fc1/bias", "aux/fc2/weights", "aux/fc2/weights#optimizer0"}) {
    EXPECT_NE(after.tensors.at(name), before.tensors.at(name)) << name;
  }
  ASSERT_EQ(trainer->position().activations().layers_size(), 8);
  for (const WeightSets& sets : trainer->position().epochs(0).weight_sets())
    EXPECT_EQ(sets.layer().find("aux"), std::string::npos);

  // The network alone goes on from what was trained, and evaluates alike.
  graph_ = Network();
  auto alone = Make(Phase(kInq), "heads_gone.ckpt");
  ASSERT_TRUE(alone->BeginLearned(after).ok());
  EXPECT_EQ(alone->position().initial_loss(),
            trainer->position().epochs(1).test_loss());
}

// Protects: a stop that comes anywhere, in the middle of an evaluation as well,
// is obeyed there and costs nothing.
TEST_F(TrainerTest, AStopAtAnyMomentIsObeyed) {
  const PhaseSpec phase = Phase(kTtq);
  // Stops at the stop_at-th question; -1: never.
  int64_t asked = 0;
  const auto make = [&](const std::string& file, int64_t stop_at) {
    asked = 0;
    Trainer::Options options;
    options.checkpoint = Path(file);
    options.stop_requested = [&asked, stop_at] { return asked++ == stop_at; };
    return *Trainer::Create(Network(), phase, *train_, *test_, options);
  };
  auto undisturbed = make("asked", -1);
  ASSERT_TRUE(undisturbed->Begin(nullptr).ok());
  ASSERT_TRUE(undisturbed->Run().ok());
  // 5 steps an epoch, 3 batches of an evaluation, and once between them.
  const int64_t questions = asked;
  EXPECT_EQ(questions, 2 * (5 + 1 + 3));
  const Checkpoint outcome = Outcome("asked");
  for (int64_t stop_at = 0; stop_at < questions; ++stop_at) {
    const std::string file = "asked" + std::to_string(stop_at);
    auto stopped = make(file, stop_at);
    ASSERT_TRUE(stopped->Begin(nullptr).ok());
    ASSERT_TRUE(absl::IsCancelled(stopped->Run()));
    EXPECT_EQ(asked, stop_at + 1);
    auto resumed = make(file, -1);
    ASSERT_TRUE(
        resumed->Resume(*ReadNewestCheckpoint(Path(file), Network())).ok());
    ASSERT_TRUE(resumed->Run().ok());
    EXPECT_EQ(Outcome(file).tensors, outcome.tensors) << stop_at;
    EXPECT_EQ(Outcome(file).position, outcome.position) << stop_at;
  }
}

TEST_F(TrainerTest, TrainingLearnsAndTtqComputesWithThreeValues) {
  auto full_precision = Make(Phase(kFullPrecision), "learn.ckpt");
  ASSERT_TRUE(full_precision->Begin(nullptr).ok());
  ASSERT_TRUE(full_precision->Run().ok());
  const TrainingPosition& position = full_precision->position();
  ASSERT_EQ(position.epochs_size(), 2);
  EXPECT_LT(position.epochs(1).train_loss(), position.epochs(0).train_loss());
  EXPECT_EQ(position.trained_images(), 2u * 5 * 16)
      << "the last images that fill no batch are left out";

  const Checkpoint start = *ReadNewestCheckpoint(Path("learn.ckpt"), Network());
  auto ttq = Make(Phase(kTtq), "learn_ttq.ckpt");
  ASSERT_TRUE(ttq->Begin(&start).ok());
  ASSERT_TRUE(ttq->Run().ok());
  int quantized = 0;
  for (const TrainedNetwork::Layer& layer : ttq->network().layers()) {
    if (layer.quantizer == nullptr) continue;
    ++quantized;
    const auto parameters = layer.quantizer->parameters();
    for (const float w : ttq->network().computed(layer)) {
      EXPECT_TRUE(w == 0 || w == parameters[0].value ||
                  w == -parameters[1].value);
    }
  }
  EXPECT_EQ(quantized, 6) << "all but the first and the last layer";
  EXPECT_GT(ttq->network().WeightSparsity(), 0);
}

// The report of training: which weight is in which set by epoch, what the last
// backward pass of each epoch left, and activations once, at the end.
TEST_F(TrainerTest, RecordsWeightSetsByEpochAndActivationsAtTheEnd) {
  // The signs of all quantized layers' weights, one after the other.
  const auto signs_of = [](const TrainedNetwork& network) {
    std::vector<std::vector<int>> signs;
    for (const TrainedNetwork::Layer& layer : network.layers()) {
      if (layer.quantizer == nullptr) continue;
      signs.emplace_back();
      for (const float w : network.computed(layer))
        signs.back().push_back((w > 0) - (w < 0));
    }
    return signs;
  };
  std::vector<std::vector<int>> before;
  int changes = 0;
  Trainer::Options options;
  options.checkpoint = Path("sets.ckpt");
  options.on_epoch = [&](const EpochRecord& record,
                         const TrainedNetwork& network) {
    const std::vector<std::vector<int>> now = signs_of(network);
    EXPECT_EQ(record.weight_sets_size(), 6);
    for (int l = 0; l < record.weight_sets_size(); ++l) {
      const WeightSets& sets = record.weight_sets(l);
      const auto size = static_cast<float>(now[l].size());
      const auto count = [&](int sign) {
        return static_cast<float>(
            std::count(now[l].begin(), now[l].end(), sign));
      };
      EXPECT_FLOAT_EQ(sets.positive(), count(1) / size);
      EXPECT_FLOAT_EQ(sets.zero(), count(0) / size);
      EXPECT_FLOAT_EQ(sets.negative(), count(-1) / size);
      int changed = 0;
      for (size_t i = 0; i < now[l].size(); ++i)
        changed += now[l][i] != before[l][i];
      EXPECT_TRUE(sets.has_changed()) << "from the first epoch on";
      EXPECT_FLOAT_EQ(sets.changed(), changed / size) << sets.layer();
      changes += changed;
      EXPECT_GT(sets.gradients().positive(), 0);
      EXPECT_GT(sets.gradients().zero(), 0);
      EXPECT_GT(sets.gradients().negative(), 0);
      EXPECT_NE(sets.gradients().learned().at("w_p"), 0);
      EXPECT_NE(sets.gradients().learned().at("w_n"), 0);
    }
    before = now;
    return absl::OkStatus();
  };
  const auto trainer =
      *Trainer::Create(Network(), Phase(kTtq), *train_, *test_, options);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  before = signs_of(trainer->network());
  EXPECT_FALSE(trainer->position().has_activations());
  ASSERT_TRUE(trainer->Run().ok());
  EXPECT_GT(changes, 0) << "nothing is compared";
  const TrainingPosition& position = trainer->position();
  EXPECT_EQ(position.epochs_size(), 2);
  EXPECT_EQ(position.weight_sets_size(), 0) << "nobody needs them any longer";
  EXPECT_EQ(position.activations().images(), 40u) << "all test images";
  ASSERT_EQ(position.activations().layers_size(), 8);
  EXPECT_GT(position.activations().layers(1).zeros(), 0.1);
  EXPECT_GT(position.activations().layers(1).both_nonzero(), 0.1);
}

// Full precision has no sets; INQ has them from the first stage on, and no
// learned scales.
TEST_F(TrainerTest, RecordsWeightSetsOfLayersWithCodes) {
  auto full_precision = Make(Phase(kFullPrecision), "no_sets.ckpt");
  ASSERT_TRUE(full_precision->Begin(nullptr).ok());
  ASSERT_TRUE(full_precision->Run().ok());
  EXPECT_EQ(full_precision->position().epochs(0).weight_sets_size(), 0);
  EXPECT_EQ(full_precision->position().activations().layers_size(), 8);
  auto inq = Make(Phase(kInq), "inq_sets.ckpt");
  ASSERT_TRUE(inq->Begin(nullptr).ok());
  ASSERT_TRUE(inq->Run().ok());
  ASSERT_EQ(inq->position().epochs(0).weight_sets_size(), 8);
  for (const WeightSets& sets : inq->position().epochs(0).weight_sets()) {
    EXPECT_FALSE(sets.has_gradients());
    EXPECT_GT(sets.zero(), 0);
  }
  const ActivationStatistics& activations = inq->position().activations();
  EXPECT_TRUE(activations.layers(1).has_zeros_before_quantization());
}

// Between the beginning of a stage and its end, what is frozen does not move,
// and in the end every weight of every layer is 0 or a power of two.
TEST_F(TrainerTest, InqFreezesAndReTrainsStageByStage) {
  auto trainer = Make(Phase(kInq), "inq.ckpt");
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_EQ(trainer->network().stages(), 2);
  ASSERT_EQ(trainer->steps(), 2 * trainer->steps_per_epoch());
  ASSERT_TRUE(trainer->Step().ok());
  std::vector<std::vector<float>> early;
  for (const TrainedNetwork::Layer& layer : trainer->network().layers()) {
    const auto latent = trainer->network().latent(layer);
    early.emplace_back(latent.begin(), latent.end());
  }
  while (trainer->position().step() + 1 <
         static_cast<uint64_t>(trainer->steps_per_epoch()))
    ASSERT_TRUE(trainer->Step().ok());
  int64_t moved = 0, frozen = 0;
  for (size_t l = 0; l < early.size(); ++l) {
    const TrainedNetwork::Layer& layer = trainer->network().layers()[l];
    const auto latent = trainer->network().latent(layer);
    for (size_t i = 0; i < latent.size(); ++i) {
      if (layer.quantizer->frozen()[i] != 0) {
        ASSERT_EQ(latent[i], early[l][i]) << layer.node->name();
        ++frozen;
      } else {
        moved += latent[i] != early[l][i];
      }
    }
  }
  EXPECT_GT(frozen, 0);
  EXPECT_GT(moved, frozen / 2) << "the other half is trained";
  ASSERT_TRUE(trainer->Run().ok());
  EXPECT_EQ(trainer->position().epochs_size(), 2);
  for (const TrainedNetwork::Layer& layer : trainer->network().layers()) {
    for (const float w : trainer->network().computed(layer)) {
      int exponent;
      EXPECT_TRUE(w == 0 || std::abs(std::frexp(w, &exponent)) == 0.5f) << w;
    }
  }
}

// Protects: PACT's alpha, which a large decay drives through 0, stays one to
// compute with.
TEST_F(TrainerTest, PactsAlphaStaysPositive) {
  PhaseSpec phase = Phase(kInq);
  phase.mutable_optimizer()->set_weight_decay(0.9f);
  phase.mutable_schedule()->clear_cosine();
  phase.mutable_schedule()->set_learning_rate(5);
  phase.mutable_policy()->mutable_rules(0)->clear_quantizer();
  auto trainer = Make(phase, "alpha.ckpt");
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(trainer->Step().ok());
  int alphas = 0;
  for (const TrainedNetwork::Layer& layer : trainer->network().layers()) {
    if (layer.activations == nullptr) continue;
    for (const QuantizerParameter& alpha : layer.activations->parameters()) {
      EXPECT_EQ(alpha.value, alpha.least);
      EXPECT_GT(alpha.least, 0);
      ++alphas;
    }
  }
  EXPECT_GT(alphas, 0);
  ASSERT_TRUE(trainer->Step().ok()) << "it goes on from there";
}

TEST_F(TrainerTest, APhaseOfNoEpochsIsEvaluatedAndKept) {
  PhaseSpec phase = Phase(R"(
    name: "rounded" epochs: 0 batch_size: 16
    policy { rules { layers: "*" quantizer { global { bits: 3 } } } })");
  auto trainer = Make(phase, "rounded.ckpt");
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const auto latent = trainer->network().latent(trainer->network().layers()[1]);
  const std::vector<float> before(latent.begin(), latent.end());
  ASSERT_TRUE(trainer->Run().ok());
  EXPECT_TRUE(std::equal(before.begin(), before.end(), latent.begin()));
  EXPECT_GT(trainer->position().initial_loss(), 0);
  auto resumed = Make(phase, "rounded.ckpt");
  ASSERT_TRUE(
      resumed->Resume(*ReadNewestCheckpoint(Path("rounded.ckpt"), Network()))
          .ok());
  EXPECT_TRUE(resumed->position().finished());
}

TEST_F(TrainerTest, ChangedImagesAreNoticed) {
  auto trainer = Make(Phase(kFullPrecision), "changed.ckpt", 2);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(absl::IsCancelled(trainer->Run()));
  const auto other_images = Images(Split::kTrain, 2);
  auto other = *Trainer::Create(Network(), Phase(kFullPrecision), *other_images,
                                *test_, {.checkpoint = Path("changed.ckpt")});
  const absl::Status status =
      other->Resume(*ReadNewestCheckpoint(Path("changed.ckpt"), Network()));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the training images have changed"));
}

TEST_F(TrainerTest, TheCheckpointOfAnotherPhaseIsRefused) {
  auto trainer = Make(Phase(kFullPrecision), "phase.ckpt", 1);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(absl::IsCancelled(trainer->Run()));
  PhaseSpec other = Phase(kFullPrecision);
  other.set_name("other");
  EXPECT_THAT(std::string(Make(other, "phase.ckpt")
                              ->Resume(*ReadNewestCheckpoint(Path("phase.ckpt"),
                                                             Network()))
                              .message()),
              HasSubstr("not one of phase other"));
}

// A checkpoint that is whole but says the impossible.
TEST_F(TrainerTest, AnImpossiblePositionIsRefused) {
  auto trainer = Make(Phase(kFullPrecision), "position.ckpt", 3);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(absl::IsCancelled(trainer->Run()));
  Checkpoint checkpoint =
      *ReadNewestCheckpoint(Path("position.ckpt"), Network());
  TrainingPosition sound;
  ASSERT_TRUE(sound.ParseFromString(checkpoint.position));
  for (const auto& change : std::vector<std::function<void(TrainingPosition&)>>{
           [](TrainingPosition& p) { p.set_step(11); },
           [](TrainingPosition& p) { p.set_finished(true); },
           [](TrainingPosition& p) { p.set_images(0); },
           [](TrainingPosition& p) { p.add_epochs(); }}) {
    TrainingPosition wrong = sound;
    change(wrong);
    checkpoint.position = wrong.SerializeAsString();
    EXPECT_EQ(
        Make(Phase(kFullPrecision), "position.ckpt")->Resume(checkpoint).code(),
        absl::StatusCode::kDataLoss);
  }
}

TEST_F(TrainerTest, ALossThatIsNotFiniteEndsTheRun) {
  PhaseSpec phase = Phase(kFullPrecision);
  phase.mutable_schedule()->set_learning_rate(1e30f);
  auto trainer = Make(phase, "diverged.ckpt");
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const absl::Status status = trainer->Run();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no longer finite at step"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("begins in layer"));
}

// Two values an image, of which a planted weight makes the first one overflow
// where it is not 0: in one of the 12 training images, and in no test image.
class NonfiniteTest : public testing::Test {
 protected:
  NonfiniteTest() {
    InputOperator input;
    input.set_height(1);
    input.set_width(1);
    input.set_channels(3);
    GraphBuilder builder("planted", input);
    builder.Linear("classifier", "image", 2);
    graph_ = builder.graph();
    start_.graph = graph_;
    start_.tensors["classifier/weights"] = {3e38f, 0.1f, 0, 0, 0, 0.1f};
    start_.tensors["classifier/bias"] = {0, 0};
    train_ = Images(12, /*planted=*/7);
    test_ = Images(4, /*planted=*/-1);
  }

  static std::unique_ptr<Dataset> Images(int count, int planted) {
    std::vector<uint8_t> pixels;
    std::vector<int32_t> labels;
    for (int i = 0; i < count; ++i) {
      const uint8_t image[] = {static_cast<uint8_t>(i == planted ? 255 : 0),
                               static_cast<uint8_t>(i % 2 == 0 ? 200 : 10),
                               static_cast<uint8_t>(20 * i)};
      pixels.insert(pixels.end(), std::begin(image), std::end(image));
      labels.push_back(i % 2);
    }
    DatasetInfo info;
    info.name = "planted";
    info.shape = {1, 1, 3};
    info.class_names = {"a", "b"};
    info.normalization = {{0, 0, 0}, {0.1f, 0.1f, 0.1f}};
    return *MemoryDataset::Create(std::move(info), std::move(pixels),
                                  std::move(labels));
  }

  static PhaseSpec PlantedPhase(const std::string& more) {
    return Phase(R"(name: "planted" epochs: 3 batch_size: 4
                    optimizer { sgd { } } schedule { learning_rate: 0.01 } )" +
                 more);
  }

  std::unique_ptr<Trainer> Make(const PhaseSpec& phase,
                                const std::string& file) {
    return *Trainer::Create(graph_, phase, *train_, *test_,
                            {.checkpoint = testing::TempDir() + "/" + file});
  }

  Graph graph_;
  Checkpoint start_;
  std::unique_ptr<Dataset> train_, test_;
};

TEST_F(NonfiniteTest, TheRunEndsAndNamesTheLayer) {
  auto trainer = Make(PlantedPhase(""), "planted_stop");
  ASSERT_TRUE(trainer->Begin(&start_).ok());
  const absl::Status status = trainer->Run();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("it begins in layer classifier, where 1 of 8 outputs"));
  EXPECT_EQ(trainer->position().skipped_steps(), 0u);
}

// Also where it is a head's loss alone that is not finite.
TEST_F(NonfiniteTest, InATrainingHeadTheLayerIsNamedAsWell) {
  start_.tensors["classifier/weights"] = {0, 0.1f, 0, 0, 0, 0.1f};
  start_.tensors["aux/fc/weights"] = {3e38f, 0.1f, 0, 0, 0, 0.1f};
  start_.tensors["aux/fc/bias"] = {0, 0};
  GraphBuilder builder(graph_);
  builder.BeginTrainingHead(0.3f);
  builder.Linear("aux/fc", "image", 2);
  graph_ = builder.graph();
  auto trainer = Make(PlantedPhase(""), "planted_head");
  ASSERT_TRUE(trainer->Begin(&start_).ok());
  const absl::Status status = trainer->Run();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("it begins in layer aux/fc, where 1 of 8 outputs"));

  trainer = Make(PlantedPhase("on_nonfinite_loss: SKIP"), "planted_head_skip");
  ASSERT_TRUE(trainer->Begin(&start_).ok());
  ASSERT_TRUE(trainer->Run().ok());
  EXPECT_EQ(trainer->position().skipped_steps(), 3u) << "one an epoch";
}

// Also where no training image shows it, but one of the test set.
TEST_F(NonfiniteTest, OnTheTestSetTheLayerIsNamedAsWell) {
  train_ = Images(12, /*planted=*/-1);
  test_ = Images(4, /*planted=*/2);
  auto trainer = Make(PlantedPhase(""), "planted_test");
  ASSERT_TRUE(trainer->Begin(&start_).ok());
  const absl::Status status = trainer->Run();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("the loss on the test set is not finite after step 3: it "
                "begins in layer classifier, where 1 of"));
}

TEST_F(NonfiniteTest, TheStepIsSkippedIfAskedTo) {
  auto trainer = Make(PlantedPhase("on_nonfinite_loss: SKIP"), "planted_skip");
  ASSERT_TRUE(trainer->Begin(&start_).ok());
  const absl::Status status = trainer->Run();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(trainer->position().skipped_steps(), 3u) << "one an epoch";
  // Adam counts the updates of its stage by it.
  EXPECT_EQ(trainer->position().skipped_in_stage(), 3u);
  EXPECT_EQ(trainer->network().FirstNonfiniteValue(), "");
  for (const EpochRecord& epoch : trainer->position().epochs()) {
    EXPECT_TRUE(std::isfinite(epoch.train_loss()));
    EXPECT_LE(epoch.train_top1(), 100);
  }
  EXPECT_LT(trainer->position().epochs(2).train_loss(),
            trainer->position().epochs(0).train_loss());
}

// A finite loss whose gradient overflows on its way back, through weights that
// make up for a tiny scale. What the step left in the running statistics goes
// with it.
TEST_F(NonfiniteTest, GradientsThatOverflowAreSkippedWithTheirStatistics) {
  GraphBuilder builder("overflow", graph_.nodes(0).input());
  const std::string normalized =
      builder.BatchNormalization("normalization", "image");
  builder.Linear("classifier", builder.Linear("hidden", normalized, 2), 2);
  graph_ = builder.graph();
  train_ = Images(4, -1);
  PhaseSpec phase = PlantedPhase("on_nonfinite_loss: SKIP");
  auto trainer = Make(phase, "overflow_skip");
  Checkpoint planted;
  trainer->network().WriteTo(planted);
  planted.tensors["normalization/scale"] = {1e-38f, 1e-38f, 1e-38f};
  planted.tensors["hidden/weights"] = {3e38f, 0, 0, 0, 3e38f, 0};
  planted.tensors["classifier/weights"] = {1e3f, 0, 0, 1e3f};
  ASSERT_TRUE(trainer->Begin(&planted).ok());
  const auto before = trainer->network().Statistics();
  const absl::Status status = trainer->Step();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(trainer->position().skipped_steps(), 1u);
  EXPECT_EQ(trainer->network().Statistics(), before);

  phase.set_on_nonfinite_loss(PhaseSpec::STOP);
  trainer = Make(phase, "overflow_stop");
  ASSERT_TRUE(trainer->Begin(&planted).ok());
  EXPECT_TRUE(absl::IsAborted(trainer->Step()));
}

// Where every loss is lost, skipping would go on for ever.
TEST_F(NonfiniteTest, ManyInARowEndTheRunAllTheSame) {
  train_ = Images(12, -1);
  start_.tensors["classifier/bias"] = {3e38f, -3e38f};
  start_.tensors["classifier/weights"] = {0, 3e38f, 0, 0, -3e38f, 0};
  PhaseSpec phase = PlantedPhase("on_nonfinite_loss: SKIP");
  phase.set_batch_size(1);
  auto trainer = Make(phase, "planted_all");
  ASSERT_TRUE(trainer->Begin(&start_).ok());
  const absl::Status status = trainer->Run();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("after 10 skipped in a row"));
}

// Such a training would learn the last layers alone, and say nothing.
TEST_F(TrainerTest, BatchNormalizationOfOneValueAChannelIsRefused) {
  graph_ = VggSmall();
  PhaseSpec phase = Phase(kFullPrecision);
  phase.set_batch_size(1);
  const auto create = [&] {
    return Trainer::Create(graph_, phase, *train_, *test_, {}).status();
  };
  EXPECT_EQ(
      create(),
      absl::InvalidArgumentError(
          "node \"bn7\" normalizes one value a channel; give a batch_size "
          "of at least 2 a rank, or on several ranks set "
          "synchronized_batch_normalization"));
  phase.set_epochs(0);
  EXPECT_TRUE(create().ok()) << "an evaluation has no batch statistics";
  phase.set_epochs(1);
  phase.set_batch_size(2);
  EXPECT_TRUE(create().ok());
  graph_ = Network();
  phase.set_batch_size(1);
  EXPECT_TRUE(create().ok()) << "its images have many pixels to the end";
}

TEST_F(TrainerTest, ImpossiblePhasesNameTheirField) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "epochs is not set"},
      {"epochs: -1", "epochs"},
      {"epochs: 1 batch_size: -1", "batch_size"},
      {"epochs: 1 batch_size: 8 label_smoothing: 1", "label_smoothing"},
      {"epochs: 1 batch_size: 8 optimizer { sgd { } }", "learning_rate"},
      {"epochs: 3 batch_size: 8 optimizer { sgd { } } schedule { "
       "learning_rate: 1 step { epochs: 3 factor: 0.1 } }",
       "schedule.step.epochs begins with 3"},
      {"epochs: 1 batch_size: 8 policy { rules { layers: '*' quantizer { inq { "
       "bits: 9 } } } }",
       "policy.rules[0].quantizer.inq.bits"},
      {"epochs: 0 batch_size: 8 policy { rules { layers: '*' quantizer { prune "
       "{ sparsity: 0.5 } } } }",
       "at least 1 epoch"}};
  for (const auto& [text, field] : cases) {
    EXPECT_THAT(std::string(ValidatePhase(Phase(text)).message()),
                HasSubstr(field))
        << text;
  }
}

// Protects: what quantizers have learned, for a phase that trains another one's
// result further; Begin leaves it behind.
TEST_F(TrainerTest, BeginLearnedKeepsWhatQuantizersKnow) {
  const PhaseSpec phase = Phase(kTtq);
  double trained_top1 = 0;
  {
    auto trainer = Make(phase, "learned_start");
    ASSERT_TRUE(trainer->Begin(nullptr).ok());
    ASSERT_TRUE(trainer->Run().ok());
    trained_top1 = trainer->position().epochs().rbegin()->test_top1();
  }
  const Checkpoint start =
      *ReadNewestCheckpoint(Path("learned_start"), Network());
  const auto scales = [](const Trainer& trainer) {
    std::vector<float> values;
    for (const TrainedNetwork::Layer& layer : trainer.network().layers()) {
      for (const QuantizerParameter* learned : layer.learned())
        values.push_back(learned->value);
    }
    return values;
  };
  auto learned = Make(phase, "learned");
  ASSERT_TRUE(learned->BeginLearned(start).ok());
  EXPECT_EQ(learned->position().initial_top1(), trained_top1);
  auto begun = Make(phase, "begun");
  ASSERT_TRUE(begun->Begin(&start).ok());
  EXPECT_NE(scales(*learned), scales(*begun));
  EXPECT_EQ(scales(*begun), std::vector<float>(scales(*begun).size(), 1));
  ASSERT_TRUE(learned->Run().ok());
  EXPECT_EQ(learned->position().epochs_size(), phase.epochs());
}

}  // namespace
}  // namespace tritlab
