// Several ranks (threads of this test) that train one network together.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "datasets/open_dataset.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/graph_builder.h"
#include "models/newest_checkpoint.h"
#include "training/thread_communicator_for_tests.h"
#include "training/trainer.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

// 5 steps, an evaluation between them.
constexpr char kFullPrecision[] = R"(
  name: "full_precision" epochs: 1 batch_size: 24
  optimizer { sgd { momentum: 0.9 nesterov: true } weight_decay: 1e-3 }
  schedule { learning_rate: 0.05 }
  augmentation { pad_crop: 2 flip: true })";

constexpr char kTtq[] = R"(
  name: "ttq" starts_from: "full_precision" epochs: 1 batch_size: 24
  optimizer { sgd { momentum: 0.9 } weight_decay: 1e-3 }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } })";

// Alpha is far too low at first, so that its gradients, sums over whole
// activations, are large.
constexpr char kTtqPact[] = R"(
  name: "ttq" starts_from: "full_precision" epochs: 1 batch_size: 24
  optimizer { sgd { momentum: 0.9 } weight_decay: 1e-3 }
  schedule { learning_rate: 1e-4 }
  policy { rules { layers: "*" quantizer { ttq { } }
                   activations { pact { bits: 4 initial_clip: 1 } } } })";

PhaseSpec Phase(const std::string& text) {
  PhaseSpec phase;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &phase));
  return phase;
}

PhaseSpec Synchronized(const std::string& text) {
  PhaseSpec phase = Phase(text);
  phase.set_synchronized_batch_normalization(true);
  return phase;
}

std::unique_ptr<Dataset> Images(Split split) {
  DatasetSpec spec;
  spec.set_name("synthetic");
  spec.mutable_synthetic()->set_train_images(130);
  spec.mutable_synthetic()->set_test_images(40);
  return *OpenDataset(spec, "", split);
}

const Graph& Network() {
  static const Graph& graph = *[] {
    ModelSpec model;
    model.mutable_cifar_resnet()->set_depth(8);
    model.mutable_cifar_resnet()->set_width(8);
    InputOperator image;
    image.set_height(32);
    image.set_width(32);
    image.set_channels(3);
    return new Graph(*BuildGraph(model, image, 10));
  }();
  return graph;
}

class DataParallelTest : public testing::Test {
 protected:
  static std::string Path(const std::string& file) {
    return testing::TempDir() + "/" + file;
  }

  // What a rank ended with.
  struct Outcome {
    absl::Status status;
    Checkpoint checkpoint;
    TrainingPosition position;
  };

  // Trains `phase` from `start` on so many ranks and returns what each ended
  // with. One rank is a training that knows nothing of others. With `stop_at`,
  // the last rank asks to stop before that step.
  std::vector<Outcome> Train(const PhaseSpec& phase, int ranks,
                             const Checkpoint* start = nullptr,
                             DataType type = DataType::kF32,
                             const std::string& file = "trained",
                             bool resume = false, int64_t stop_at = -1) {
    std::vector<Outcome> outcomes(ranks);
    if (!resume) std::remove(Path(file).c_str());
    RunRanks(ranks, [&](Communicator& communicator) {
      const int rank = communicator.rank();
      Outcome& outcome = outcomes[rank];
      Trainer::Options options;
      options.type = type;
      options.checkpoint = Path(file);
      if (ranks > 1) options.ranks = &communicator;
      options.stop_requested = [&, asked = int64_t{0}]() mutable {
        return rank == ranks - 1 && asked++ == stop_at;
      };
      auto trainer = Trainer::Create(graph_, phase, *train_, *test_, options);
      outcome.status = trainer.status();
      if (!outcome.status.ok()) return;
      outcome.status =
          resume ? (*trainer)->Resume(*ReadNewestCheckpoint(Path(file), graph_))
                 : (*trainer)->Begin(start);
      communicator.Barrier();
      if (outcome.status.ok()) outcome.status = (*trainer)->Run();
      (*trainer)->network().WriteTo(outcome.checkpoint);
      outcome.position = (*trainer)->position();
    });
    return outcomes;
  }

  // How far apart the two end, in units of how far `one` came from `start`,
  // over all tensors whose names hold `of`.
  static double Distance(const Checkpoint& one, const Checkpoint& other,
                         const Checkpoint& start, const std::string& of) {
    double apart = 0, way = 0;
    for (const auto& [name, values] : one.tensors) {
      if (name.find(of) == std::string::npos ||
          name.find("#optimizer") != std::string::npos)
        continue;
      const std::vector<float>& others = other.tensors.at(name);
      const std::vector<float>& begun = start.tensors.at(name);
      for (size_t i = 0; i < values.size(); ++i) {
        apart += std::pow(values[i] - others[i], 2);
        way += std::pow(values[i] - begun[i], 2);
      }
    }
    EXPECT_GT(way, 0) << of;
    return std::sqrt(apart / way);
  }

  Graph graph_ = Network();
  const std::unique_ptr<Dataset> train_ = Images(Split::kTrain);
  const std::unique_ptr<Dataset> test_ = Images(Split::kTest);
};

// The promise of synchronized batch normalization: N ranks are one rank with
// the whole batch, to rounding: weights, running statistics, and the learned
// scales of weights (W_p, W_n) and of activations (alpha). Without it, they are
// visibly another training.
TEST_F(DataParallelTest, SynchronizedRanksEqualOneRankWithTheWholeBatch) {
  const struct {
    const char* text;
    DataType type;
    double tolerance;
    // Of W_p and W_n, whose gradients are sums of many that nearly cancel.
    double scales_tolerance;
  } cases[] = {{kFullPrecision, DataType::kF32, 1e-3, 0},
               {kFullPrecision, DataType::kBF16, 0.1, 0},
               {kTtq, DataType::kF32, 1e-3, 1e-3},
               {kTtq, DataType::kBF16, 0.1, 0.3},
               // An activation that rounds to the other side moves by a whole
               // step of 4 bits.
               {kTtqPact, DataType::kF32, 0.02, 0.02}};
  const Checkpoint pretrained = Train(Phase(kFullPrecision), 1)[0].checkpoint;
  for (const auto& [text, type, tolerance, scales_tolerance] : cases) {
    SCOPED_TRACE(std::string(Name(type)) + text);
    std::map<std::string, double> tolerances = {{"/weights", tolerance},
                                                {"/mean", tolerance},
                                                {"/variance", tolerance}};
    if (text != kFullPrecision) tolerances["#w_"] = scales_tolerance;
    if (text == kTtqPact) tolerances["#alpha"] = tolerance;
    // The weights that training starts from.
    PhaseSpec nothing = Phase(text);
    nothing.set_epochs(0);
    const Checkpoint* const from =
        text == kFullPrecision ? nullptr : &pretrained;
    const Checkpoint start = Train(nothing, 1, from, type)[0].checkpoint;
    const Outcome one = Train(Phase(text), 1, from, type)[0];
    ASSERT_TRUE(one.status.ok()) << one.status;
    for (const int ranks : {2, 3}) {
      const std::vector<Outcome> many =
          Train(Synchronized(text), ranks, from, type);
      for (const Outcome& outcome : many) {
        ASSERT_TRUE(outcome.status.ok()) << outcome.status;
        EXPECT_EQ(outcome.checkpoint.tensors, many[0].checkpoint.tensors);
      }
      for (const auto& [of, allowed] : tolerances) {
        EXPECT_LT(Distance(one.checkpoint, many[0].checkpoint, start, of),
                  allowed)
            << ranks << " ranks, " << of;
      }
      EXPECT_NEAR(many[0].position.epochs(0).train_loss(),
                  one.position.epochs(0).train_loss(), 0.02);
      EXPECT_EQ(many[0].position.trained_images(),
                one.position.trained_images());
      EXPECT_EQ(many[0].position.step(), one.position.step());
    }
    const Outcome local = Train(Phase(text), 3, from, type)[0];
    EXPECT_GT(Distance(one.checkpoint, local.checkpoint, start, "/weights"),
              2 * tolerance);
  }
}

// The same of training heads (without dropout, which draws other noise on each
// rank): their gradients and statistics are averaged like the network's.
TEST_F(DataParallelTest, TrainingHeadsAreAveragedLikeTheNetwork) {
  GraphBuilder net(Network());
  net.BeginTrainingHead(0.3f);
  std::string x = net.AveragePool("aux/pool", "stage2/block1/add", 5, 3);
  x = net.BatchNormalization("aux/bn", net.Convolution("aux/conv", x, 8, 1, 1));
  net.Linear("aux/fc", net.Relu("aux/relu", x), 10);
  graph_ = net.graph();
  PhaseSpec nothing = Phase(kFullPrecision);
  nothing.set_epochs(0);
  const Checkpoint start = Train(nothing, 1)[0].checkpoint;
  const Outcome one = Train(Phase(kFullPrecision), 1)[0];
  ASSERT_TRUE(one.status.ok()) << one.status;
  const std::vector<Outcome> many = Train(Synchronized(kFullPrecision), 3);
  for (const Outcome& outcome : many) {
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.checkpoint.tensors, many[0].checkpoint.tensors);
  }
  for (const char* const of :
       {"aux/conv/weights", "aux/bn/mean", "aux/fc/weights", "/weights"}) {
    EXPECT_LT(Distance(one.checkpoint, many[0].checkpoint, start, of), 1e-3)
        << of;
  }
  EXPECT_NEAR(many[0].position.epochs(0).train_loss(),
              one.position.epochs(0).train_loss(), 1e-3);
}

// With local statistics too, the ranks hold the same network at every step,
// running statistics included, and the same ranks end with the same bits.
TEST_F(DataParallelTest, RanksHoldOneNetworkAndRepeatTheSameBits) {
  for (const char* text : {kFullPrecision, kTtqPact}) {
    const std::vector<Outcome> first = Train(Phase(text), 2);
    const std::vector<Outcome> again = Train(Phase(text), 2);
    ASSERT_TRUE(first[0].status.ok()) << first[0].status;
    EXPECT_EQ(first[0].checkpoint.tensors, first[1].checkpoint.tensors);
    EXPECT_EQ(first[0].checkpoint.tensors, again[0].checkpoint.tensors);
    EXPECT_EQ(first[0].position.epochs(0).test_top1(),
              first[1].position.epochs(0).test_top1());
  }
}

// Any rank's wish to stop stops all at the same step, with rank 0's checkpoint,
// and all of them go on from it to the bits of a training never stopped.
TEST_F(DataParallelTest, AStoppedTrainingResumesToTheSameBits) {
  for (const char* text : {kFullPrecision, kTtqPact}) {
    const std::vector<Outcome> undisturbed = Train(Phase(text), 2);
    for (const int64_t stop_at : {0, 3}) {
      const std::vector<Outcome> stopped =
          Train(Phase(text), 2, nullptr, DataType::kF32, "stopped",
                /*resume=*/false, stop_at);
      for (const Outcome& outcome : stopped) {
        EXPECT_TRUE(absl::IsCancelled(outcome.status)) << outcome.status;
        EXPECT_EQ(outcome.position.step(), static_cast<uint64_t>(stop_at));
      }
      const std::vector<Outcome> resumed =
          Train(Phase(text), 2, nullptr, DataType::kF32, "stopped",
                /*resume=*/true);
      ASSERT_TRUE(resumed[0].status.ok()) << resumed[0].status;
      EXPECT_EQ(resumed[0].checkpoint.tensors,
                undisturbed[0].checkpoint.tensors);
      EXPECT_EQ(resumed[1].checkpoint.tensors,
                undisturbed[0].checkpoint.tensors);
    }
  }
}

// A checkpoint that cannot be written is rank 0's trouble alone, and ends all.
TEST_F(DataParallelTest, TheTroubleOfOneRankIsTheTroubleOfAll) {
  for (const Outcome& outcome :
       Train(Phase(kFullPrecision), 2, nullptr, DataType::kF32,
             "no-such-folder/trained")) {
    EXPECT_THAT(std::string(outcome.status.message()),
                HasSubstr("no-such-folder"));
  }
  RunRanks(3, [](Communicator& ranks) {
    EXPECT_TRUE(Agree(ranks, absl::OkStatus()).ok());
    EXPECT_EQ(Agree(ranks, ranks.rank() == 0 ? absl::OkStatus()
                                             : absl::NotFoundError("gone")),
              absl::NotFoundError("rank 1: gone"));
  });
}

// An image a rank is enough where the ranks' statistics are one.
TEST_F(DataParallelTest, OneValueAChannelIsNormalizedTogetherOnly) {
  ModelSpec model;
  model.mutable_vgg_small()->set_width(2);
  graph_ = *BuildGraph(model, graph_.nodes(0).input(), 10);
  RunRanks(2, [&](Communicator& communicator) {
    for (const bool synchronized : {false, true}) {
      PhaseSpec phase = Phase(kFullPrecision);
      phase.set_batch_size(2);
      phase.set_synchronized_batch_normalization(synchronized);
      const absl::Status status =
          Trainer::Create(graph_, phase, *train_, *test_,
                          {.ranks = &communicator})
              .status();
      EXPECT_EQ(status.ok(), synchronized) << status;
      if (synchronized) continue;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr("synchronized_batch_normalization"));
    }
  });
}

TEST_F(DataParallelTest, ABatchMustBeSharedEvenly) {
  for (const Outcome& outcome : Train(Phase(kFullPrecision), 5)) {
    EXPECT_EQ(outcome.status,
              absl::InvalidArgumentError(
                  "batch_size is 24; it is that of all ranks together and must "
                  "be a multiple of their number, 5"));
  }
}

}  // namespace
}  // namespace tritlab
