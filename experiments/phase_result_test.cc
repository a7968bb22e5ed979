#include "experiments/phase_result.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/build.h"
#include "models/checkpoint.h"
#include "models/cost.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

class PhaseResultTest : public testing::Test {
 protected:
  PhaseResultTest() {
    ModelSpec model;
    model.mutable_cifar_resnet()->set_depth(8);
    InputOperator image;
    image.set_height(32);
    image.set_width(32);
    image.set_channels(3);
    graph_ = *BuildGraph(model, image, 10);
    phase_.set_name("ttq");
    phase_.set_starts_from("full_precision");
    PolicyRule* rule = phase_.mutable_policy()->add_rules();
    rule->set_layers("*");
    rule->mutable_quantizer()->mutable_ttq()->set_sparsity(0.25f);
    network_ =
        *TrainedNetwork::Create(graph_, phase_.policy(), OptimizerSpec(), 1);
    EXPECT_TRUE(network_->Initialize(nullptr).ok());
    network_->Quantize();
    for (const double top1 : {50.0, 80.0, 70.0}) {
      EpochRecord* record = position_.add_epochs();
      record->set_epoch(position_.epochs_size());
      record->set_test_top1(top1);
    }
    position_.set_trained_images(1000);
    position_.set_training_seconds(4);
  }

  PhaseResult Result() {
    return *MakePhaseResult(phase_, position_, *network_);
  }

  Graph graph_;
  PhaseSpec phase_;
  TrainingPosition position_;
  std::unique_ptr<TrainedNetwork> network_;
};

// The best epoch is chosen on the test set; reporting it as the result is how
// tables become too good.
TEST_F(PhaseResultTest, TheResultIsTheLastEpochNotTheBest) {
  const PhaseResult result = Result();
  EXPECT_EQ(result.top1(), 70);
  EXPECT_EQ(result.best_top1(), 80);
  EXPECT_EQ(result.best_epoch(), 2u);
  EXPECT_EQ(result.epochs_size(), 3);
  EXPECT_EQ(result.images_per_second(), 250);
}

// Protects: captions that say how a phase was trained.
TEST_F(PhaseResultTest, TheSettingIsThatOfPolicyAndEpochs) {
  EXPECT_EQ(Result().setting(), "TTQ, r = 0.25, 3 epochs");
  position_.clear_epochs();
  EXPECT_EQ(Result().setting(), "TTQ, r = 0.25, not trained");
}

// Five weights a byte and three values a layer where it is quantized, four
// bytes a weight in the first and the last layer.
TEST_F(PhaseResultTest, BytesAreThoseOfThePackedWeights) {
  const PhaseResult result = Result();
  ASSERT_EQ(result.layers_size(), 8);
  double total = 0;
  for (int i = 0; i < result.layers_size(); ++i) {
    const LayerResult& layer = result.layers(i);
    const bool at_an_end = i == 0 || i == 7;
    EXPECT_EQ(layer.weight_bytes(),
              at_an_end ? 4 * layer.weights() : (layer.weights() + 4) / 5 + 12)
        << layer.name();
    EXPECT_EQ(layer.quantizer(), at_an_end ? "full_precision" : "ttq");
    EXPECT_NEAR(layer.positive() + layer.negative() + layer.sparsity(), 1,
                1e-9);
    if (!at_an_end) {
      EXPECT_NEAR(layer.sparsity(), 0.25, 1e-3) << layer.name();
    }
    total += layer.weight_bytes();
  }
  EXPECT_EQ(result.weight_bytes(), total);
  EXPECT_EQ(result.layers(7).kind(), "linear");
  EXPECT_GT(result.weight_sparsity(), 0.24);
  EXPECT_LT(result.weight_sparsity(), 0.25);
}

// Protects: no weight may be another than its code stands for, such as one that
// INQ's last stage has left between powers of two. The layer is named.
TEST_F(PhaseResultTest, AWeightThatIsNotItsCodesValueIsAnError) {
  InqSpec* const inq = phase_.mutable_policy()
                           ->mutable_rules(0)
                           ->mutable_quantizer()
                           ->mutable_inq();
  inq->set_bits(5);
  inq->add_portions(0.5f);
  inq->add_portions(1);
  network_ =
      *TrainedNetwork::Create(graph_, phase_.policy(), OptimizerSpec(), 1);
  ASSERT_TRUE(network_->Initialize(nullptr).ok());
  const auto status = [&] {
    network_->Quantize();
    return MakePhaseResult(phase_, position_, *network_).status();
  };
  ASSERT_TRUE(network_->BeginStage(0).ok());
  EXPECT_EQ(status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status().message()),
              testing::StartsWith("layer conv1: weight "));
  ASSERT_TRUE(network_->BeginStage(1).ok());
  EXPECT_TRUE(status().ok()) << status();
}

// Protects: filters are counted of the values that were measured, and two
// layers' kernels are shown.
TEST_F(PhaseResultTest, FiltersOfQuantizedLayers) {
  const PhaseResult result = Result();
  for (int i = 0; i < result.layers_size(); ++i) {
    const LayerResult& layer = result.layers(i);
    const bool at_an_end = i == 0 || i == 7;
    EXPECT_EQ(layer.has_filters(), !at_an_end) << layer.name();
    EXPECT_EQ(layer.has_kernels(), i == 1 || i == 6) << layer.name();
    if (at_an_end) continue;
    EXPECT_EQ(layer.filters().kernels() * 9, layer.weights());
    EXPECT_EQ(layer.filters().possible_kernels(), 19683);
    EXPECT_GT(layer.filters().distinct_kernels(), 100u);
    EXPECT_EQ(layer.filters().zero_filters(), 0u);
  }
  EXPECT_EQ(result.layers(1).kernels().signs().size(), 16u * 16 * 9);
}

// Protects: an ordinary run says how many filters nothing needs.
TEST_F(PhaseResultTest, RemovableFiltersByLayer) {
  const PhaseResult before = Result();
  for (const LayerResult& layer : before.layers()) {
    EXPECT_TRUE(layer.has_removable_filters()) << layer.name();
    EXPECT_EQ(layer.removable_filters(), 0u) << layer.name();
  }
  // The first filter of the first block, which nothing is added to.
  Checkpoint start;
  network_->WriteTo(start);
  const int tensor = network_->layers()[1].weights;
  std::vector<float>& weights =
      start.tensors[network_->parameters().tensors[tensor].name];
  ASSERT_EQ(weights.size(), 16u * 16 * 9);
  std::fill(weights.begin(), weights.begin() + 16 * 9, 0.0f);
  ASSERT_TRUE(network_->Initialize(&start).ok());
  network_->Quantize();
  const PhaseResult result = Result();
  for (int i = 0; i < result.layers_size(); ++i)
    EXPECT_EQ(result.layers(i).removable_filters(), i == 1 ? 1u : 0u) << i;
  EXPECT_EQ(result.layers(1).filters().zero_filters(), 1u);
}

// Protects: what training counted of activations and weights' sets reaches the
// report, and the energy of skipping both kinds of zeros with it.
TEST_F(PhaseResultTest, HasActivationsAndWeightSets) {
  EXPECT_FALSE(Result().layers(1).has_both_nonzero());
  EXPECT_FALSE(Result().energy(0).total().has_both_sparse_operations());
  ActivationStatistics& statistics = *position_.mutable_activations();
  statistics.set_images(500);
  for (const TrainedNetwork::Layer& layer : network_->layers()) {
    LayerActivations& activations = *statistics.add_layers();
    activations.set_layer(layer.node->name());
    activations.set_zeros(0.5);
    activations.set_both_nonzero(0.3);
  }
  statistics.mutable_layers(1)->set_zeros_before_quantization(0.4);
  WeightSets& sets = *position_.mutable_epochs(2)->add_weight_sets();
  sets.set_layer("stage1/block1/conv1");
  sets.set_changed(0.125f);
  const PhaseResult result = Result();
  EXPECT_EQ(result.activation_images(), 500u);
  for (const LayerResult& layer : result.layers()) {
    EXPECT_EQ(layer.zero_activations(), 0.5);
    EXPECT_EQ(layer.both_nonzero(), 0.3);
  }
  EXPECT_EQ(result.layers(1).zero_activations_before_quantization(), 0.4);
  EXPECT_FALSE(result.layers(2).has_zero_activations_before_quantization());
  ASSERT_EQ(result.epochs(2).weight_sets_size(), 1);
  EXPECT_EQ(result.epochs(2).weight_sets(0).changed(), 0.125f);
  for (const EnergyResult& energy : result.energy()) {
    const EnergyEntry& total = energy.total();
    ASSERT_TRUE(total.has_both_sparse_operations());
    EXPECT_LT(total.both_sparse_operations(), total.weight_sparse_operations());
    EXPECT_LT(total.both_sparse_compute_pj(), total.weight_sparse_compute_pj());
  }
}

TEST_F(PhaseResultTest, TrainingCostsThreeForwardPasses) {
  EXPECT_EQ(Result().train_multiply_adds(),
            3.0 * CountCost(graph_)->multiply_adds * 1000);
}

// Training heads cost training their share, and are nothing else's business:
// neither layers, nor energy, nor what could be removed.
TEST_F(PhaseResultTest, TrainingHeadsAreTrainedAndNotReported) {
  const PhaseResult without = Result();
  GraphBuilder net(graph_);
  net.BeginTrainingHead(0.3f);
  net.Linear("aux/fc", "stage1/block1/add", 10);
  network_ =
      *TrainedNetwork::Create(net.graph(), phase_.policy(), OptimizerSpec(), 1);
  ASSERT_TRUE(network_->Initialize(nullptr).ok());
  network_->Quantize();
  PhaseResult with = Result();
  EXPECT_EQ(with.train_multiply_adds(),
            without.train_multiply_adds() + 3.0 * 16 * 32 * 32 * 10 * 1000);
  with.set_train_multiply_adds(without.train_multiply_adds());
  EXPECT_EQ(with.DebugString(), without.DebugString());
}

// The energy is that of the graph that was trained, with the costs that ship.
TEST_F(PhaseResultTest, HasTheEnergyOfItsLayers) {
  const PhaseResult result = Result();
  double multiply_adds = 0;
  for (const LayerResult& layer : result.layers())
    multiply_adds += layer.multiply_adds();
  EXPECT_EQ(multiply_adds, CountCost(graph_)->multiply_adds);
  ASSERT_GT(result.energy_size(), 0);
  for (const EnergyResult& energy : result.energy()) {
    const EnergyEntry& total = energy.total();
    EXPECT_LT(total.weight_sparse_operations(), total.operations());
    EXPECT_LT(total.weight_sparse_compute_pj() + total.weight_traffic_pj() +
                  total.activation_traffic_pj(),
              energy.full_precision_pj())
        << energy.process();
  }
}

}  // namespace
}  // namespace tritlab
