#include "reports/energy/energy_result.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "models/graph.pb.h"
#include "reports/energy/energy_costs.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

// An image of 8 values, 100 features of it, 10 of those.
Graph TwoLinearLayers() {
  Graph graph;
  Node* node = graph.add_nodes();
  node->set_name("image");
  node->mutable_input()->set_height(2);
  node->mutable_input()->set_width(2);
  node->mutable_input()->set_channels(2);
  std::string before = "image";
  for (const int features : {100, 10}) {
    node = graph.add_nodes();
    node->add_inputs(before);
    before = absl::StrCat("fc", features);
    node->set_name(before);
    node->mutable_linear()->set_out_features(features);
  }
  return graph;
}

PhaseResult Phase(const char* quantizer) {
  PhaseResult phase;
  phase.set_name("phase");
  for (const uint32_t features : {100u, 10u}) {
    LayerResult* layer = phase.add_layers();
    layer->set_name(absl::StrCat("fc", features));
    layer->set_weights(features == 100 ? 800 : 1000);
    layer->set_quantizer(quantizer);
    layer->set_sparsity(0.5);
    layer->set_weight_bytes(layer->weights() / 4);
  }
  return phase;
}

// Protects: every phase gets f32, bf16 and int8 for both shipped processes,
// computed from what its layers say, and what full precision would take.
TEST(FillShippedEnergy, FillsAPhase) {
  PhaseResult phase = Phase("ttq");
  ASSERT_TRUE(FillShippedEnergy(TwoLinearLayers(), phase).ok());
  EXPECT_EQ(phase.layers(0).multiply_adds(), 800);
  EXPECT_EQ(phase.layers(0).input_values(), 8u);
  EXPECT_EQ(phase.layers(1).input_values(), 100u);
  EXPECT_EQ(phase.layers(1).output_values(), 10u);
  ASSERT_EQ(phase.energy_size(), 6);
  const EnergyResult& f32 = phase.energy(0);
  EXPECT_EQ(f32.process(), "45 nm");
  EXPECT_EQ(f32.activations(), "f32");
  EXPECT_EQ(f32.batch(), 1u);
  ASSERT_EQ(f32.layers_size(), 2);
  EXPECT_EQ(f32.layers(1).name(), "fc10");
  EXPECT_EQ(f32.layers(1).method(), "add, two scales");
  // 800 + 100 and 1000 + 10 additions of 0.9 pJ, 200 and 20 multiplications of
  // 3.7 pJ: 1719 + 814.
  EXPECT_EQ(f32.operations().at("f32_add"), 1910);
  EXPECT_EQ(f32.operations().at("f32_multiply"), 220);
  EXPECT_EQ(f32.operations().size(), 2u);
  EXPECT_EQ(f32.total().operations(), 2130);
  EXPECT_NEAR(f32.total().compute_pj(), 2533, 1e-6);
  // Half of the weights are 0: 900 additions fewer.
  EXPECT_EQ(f32.total().weight_sparse_operations(), 1230);
  EXPECT_NEAR(f32.total().weight_sparse_compute_pj(), 2533 - 810, 1e-6);
  EXPECT_FALSE(f32.total().has_both_sparse_operations());
  // 450 bytes of weights at 1300 / 64 pJ a bit.
  EXPECT_NEAR(f32.total().weight_traffic_pj(), 450 * 8 * 1300 / 64.0, 1e-6);
  // 8 + 100 + 100 + 10 activations of 32 bits at 100 / 64 pJ a bit.
  EXPECT_NEAR(f32.total().activation_traffic_pj(), 218 * 32 * 100 / 64.0, 1e-6);
  // 1800 multiply-adds of 4.6 pJ, 1800 weights of 4 bytes.
  EXPECT_NEAR(f32.full_precision_pj(),
              1800 * 4.6 + 1800 * 32 * 1300 / 64.0 + 218 * 32 * 100 / 64.0,
              1e-6);
  EXPECT_EQ(phase.energy(1).activations(), "bf16");
  EXPECT_EQ(phase.energy(1).layers_size(), 0);
  EXPECT_EQ(phase.energy(2).activations(), "int8");
  EXPECT_EQ(phase.energy(5).process(), "7 nm");
  // A second time replaces the first.
  phase.mutable_layers(0)->set_both_nonzero(0.25);
  phase.mutable_layers(1)->set_both_nonzero(0.6);  // beyond 0.5, by rounding
  ASSERT_TRUE(FillShippedEnergy(TwoLinearLayers(), phase).ok());
  ASSERT_EQ(phase.energy_size(), 6);
  EXPECT_EQ(phase.energy(0).total().both_sparse_operations(),
            200 + 500 + 110 + 220);
}

TEST(PrecisionOf, ChoosesTheMethodByTheQuantizer) {
  const auto method = [](const char* quantizer, ActivationFormat format) {
    const PhaseResult phase = Phase(quantizer);
    const auto precision = PrecisionOf(phase.layers(0), format);
    EXPECT_TRUE(precision.ok()) << precision.status();
    return precision->method;
  };
  for (const char* plain : {"full_precision", "prune"}) {
    EXPECT_EQ(method(plain, ActivationFormat::kF32),
              EnergyMethod::kFullPrecision);
    EXPECT_EQ(method(plain, ActivationFormat::kBf16), EnergyMethod::kBfloat16);
    EXPECT_EQ(method(plain, ActivationFormat::kInt8), EnergyMethod::kInt8);
  }
  const ActivationFormat f32 = ActivationFormat::kF32;
  EXPECT_EQ(method("ttq", f32), EnergyMethod::kTernary);
  EXPECT_EQ(method("twn", f32), EnergyMethod::kScaled);
  EXPECT_EQ(method("bwn", f32), EnergyMethod::kScaled);
  EXPECT_EQ(method("inq", f32), EnergyMethod::kPowerOfTwo);
  EXPECT_EQ(method("global", f32), EnergyMethod::kPowerOfTwo);
  EXPECT_EQ(method("dorefa", f32), EnergyMethod::kDorefa);
  PhaseResult binary = Phase("dorefa");
  binary.mutable_layers(0)->set_weight_bytes(800 / 8 + 2 * 4);
  EXPECT_EQ(PrecisionOf(binary.layers(0), f32)->method, EnergyMethod::kScaled);
  const PhaseResult unknown = Phase("of the future");
  const absl::Status status = PrecisionOf(unknown.layers(0), f32).status();
  EXPECT_NE(std::string(status.message()).find("of the future"),
            std::string::npos);
}

// Weights in full precision have the bytes of the format that they are computed
// in; quantized activations keep their bits.
TEST(PrecisionOf, TakesBytesAndBitsOfTheFormat) {
  PhaseResult phase = Phase("full_precision");
  LayerResult* layer = phase.mutable_layers(0);
  layer->set_weight_bytes(3200);
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kF32)->weight_bytes, 3200);
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kBf16)->weight_bytes, 1600);
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kInt8)->weight_bytes, 800);
  layer->set_quantizer("ttq");
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kF32)->activation_bits, 32);
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kInt8)->activation_bits, 8);
  (*layer->mutable_values())["activation_bits"] = 2;
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kF32)->activation_bits, 2);
  EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kInt8)->activation_bits, 2);
}

// Protects: the bits of DoReFa's weights are found from what they take, codes
// and a codebook, also where the codebook is the larger part.
TEST(PrecisionOf, FindsTheBitsOfDorefa) {
  PhaseResult phase = Phase("dorefa");
  LayerResult* layer = phase.mutable_layers(0);
  for (const uint32_t weights : {144u, 432u, 2304u, 589824u}) {
    for (int bits = 1; bits <= 8; ++bits) {
      layer->set_weights(weights);
      layer->set_weight_bytes((weights * bits + 7) / 8 + 4 * (1 << bits));
      EXPECT_EQ(PrecisionOf(*layer, ActivationFormat::kF32)->dorefa_bits, bits)
          << weights;
    }
  }
}

TEST(FillLayerWork, RefusesAnotherGraph) {
  PhaseResult phase = Phase("ttq");
  phase.mutable_layers(1)->set_weights(999);
  absl::Status status = FillLayerWork(TwoLinearLayers(), phase);
  EXPECT_NE(std::string(status.message()).find("fc10"), std::string::npos);
  phase.mutable_layers(1)->set_name("elsewhere");
  status = FillLayerWork(TwoLinearLayers(), phase);
  EXPECT_NE(std::string(status.message()).find("elsewhere"), std::string::npos);
}

// An old report's layers say nothing of their work.
TEST(AddEnergy, RefusesAPhaseWithoutTheWork) {
  PhaseResult phase = Phase("ttq");
  const absl::Status status = AddEnergy((*ShippedEnergyCosts())[0], phase);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find("phase, layer fc100"),
            std::string::npos)
      << status;
}

}  // namespace
}  // namespace tritlab
