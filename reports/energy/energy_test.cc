#include "reports/energy/energy.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "models/graph.pb.h"
#include "reports/energy/energy_costs.h"
#include "reports/energy/energy_costs.pb.h"

namespace tritlab {
namespace {

using Method = EnergyMethod;

// A 4x4 image of 2 channels; a 3x3 convolution to 3 channels with padding:
// 3 * 3 * 3 * 2 = 54 weights, used at 4 * 4 = 16 places: 864 multiply-adds,
// 32 inputs, 48 outputs. Then 10 features of those 48: 480 weights.
Graph SmallGraph() {
  Graph graph;
  Node* node = graph.add_nodes();
  node->set_name("image");
  node->mutable_input()->set_height(4);
  node->mutable_input()->set_width(4);
  node->mutable_input()->set_channels(2);
  node = graph.add_nodes();
  node->set_name("conv");
  node->add_inputs("image");
  ConvolutionOperator* convolution = node->mutable_convolution();
  convolution->set_out_channels(3);
  convolution->set_kernel_height(3);
  convolution->set_kernel_width(3);
  convolution->set_stride(1);
  convolution->set_padding(1);
  convolution->set_groups(1);
  node = graph.add_nodes();
  node->set_name("relu");
  node->add_inputs("conv");
  node->mutable_relu();
  node = graph.add_nodes();
  node->set_name("fc");
  node->add_inputs("relu");
  node->mutable_linear()->set_out_features(10);
  return graph;
}

// Easy to reckon with: on the chip 0.25 pJ a bit, 1024 bytes; DRAM 2 pJ a bit.
EnergyCosts EasyCosts() {
  const auto costs = ParseEnergyCosts(
      "process: 'easy' source: 'made up' "
      "operations { f32_add: 1 f32_multiply: 4 bf16_multiply: 2 "
      "int8_multiply: 0.5 int32_add: 0.25 int32_multiply: 3 shift: 0.125 } "
      "sram { bytes: 64 bits: 64 pj: 1 } sram { bytes: 1024 bits: 64 pj: 16 } "
      "dram { bits: 64 pj: 128 } dram { bits: 64 pj: 1 }",
      "easy");
  EXPECT_TRUE(costs.ok()) << costs.status();
  return *costs;
}

LayerWork Convolution() { return {"conv", 54, 864, 32, 48}; }

LayerPrecision Precision(Method method, int activation_bits = 32,
                         double weight_bytes = 0) {
  LayerPrecision precision;
  precision.method = method;
  precision.activation_bits = activation_bits;
  precision.weight_bytes = weight_bytes;
  return precision;
}

LayerEnergy Estimate(const LayerPrecision& precision,
                     const EnergyCosts& costs = EasyCosts(),
                     int64_t batch = 1) {
  const std::vector<LayerWork> work = {Convolution()};
  const std::vector<LayerPrecision> precisions = {precision};
  const auto energy = EstimateEnergy(work, precisions, costs, batch);
  EXPECT_TRUE(energy.ok()) << energy.status();
  return energy->layers[0];
}

// 864 of each: 864 * (4 + 1) = 4320. Weights 54 * 4 = 216 bytes = 1728 bits,
// 3456 pJ from DRAM. Activations (32 + 48) * 32 = 2560 bits = 320 bytes, which
// fit 1024: 640 pJ.
TEST(EstimateEnergy, FullPrecisionByHand) {
  const LayerEnergy energy =
      Estimate(Precision(Method::kFullPrecision, 32, 216));
  EXPECT_EQ(energy.dense.operations[Operation::kF32Multiply], 864);
  EXPECT_EQ(energy.dense.operations[Operation::kF32Add], 864);
  EXPECT_EQ(energy.dense.operations.total(), 1728);
  EXPECT_DOUBLE_EQ(energy.dense.compute_pj, 4320);
  EXPECT_DOUBLE_EQ(energy.weight_dram_bits, 1728);
  EXPECT_DOUBLE_EQ(energy.weight_traffic_pj, 3456);
  EXPECT_DOUBLE_EQ(energy.activation_buffer_bits, 2560);
  EXPECT_DOUBLE_EQ(energy.activation_dram_bits, 0);
  EXPECT_DOUBLE_EQ(energy.activation_traffic_pj, 640);
  EXPECT_DOUBLE_EQ(energy.total_pj(energy.dense), 4320 + 3456 + 640);
  EXPECT_FALSE(energy.both_sparse.has_value());
}

// A quarter of zeros, half of the multiply-adds with both not 0.
//   dense: 864 + 48 additions, 2 * 48 multiplications: 912 + 96 * 4 = 1296
//   zero weights skipped, n = 648: 648 + 48 + 384 = 1080
//   both, n = 432: 432 + 48 + 384 = 864
// On 8-bit activations: 912 * 0.25 + 96 * 3 = 516; n = 648: 174 + 288 = 462.
TEST(EstimateEnergy, TernaryByHand) {
  LayerPrecision precision = Precision(Method::kTernary, 32, 23);
  precision.weight_sparsity = 0.25;
  precision.both_nonzero = 0.5;
  LayerEnergy energy = Estimate(precision);
  EXPECT_EQ(energy.dense.operations[Operation::kF32Add], 912);
  EXPECT_EQ(energy.dense.operations[Operation::kF32Multiply], 96);
  EXPECT_DOUBLE_EQ(energy.dense.compute_pj, 1296);
  EXPECT_EQ(energy.weight_sparse.operations[Operation::kF32Add], 696);
  EXPECT_DOUBLE_EQ(energy.weight_sparse.compute_pj, 1080);
  ASSERT_TRUE(energy.both_sparse.has_value());
  EXPECT_EQ(energy.both_sparse->operations.total(), 480 + 96);
  EXPECT_DOUBLE_EQ(energy.both_sparse->compute_pj, 864);
  EXPECT_DOUBLE_EQ(energy.weight_traffic_pj, 23 * 8 * 2);
  precision.activation_bits = 8;
  energy = Estimate(precision);
  EXPECT_EQ(energy.dense.operations[Operation::kInt32Add], 912);
  EXPECT_EQ(energy.dense.operations[Operation::kInt32Multiply], 96);
  EXPECT_DOUBLE_EQ(energy.dense.compute_pj, 516);
  EXPECT_DOUBLE_EQ(energy.weight_sparse.compute_pj, 462);
  // 80 values of 8 bits at 0.25 pJ a bit.
  EXPECT_DOUBLE_EQ(energy.activation_traffic_pj, 160);
}

TEST(EstimateEnergy, OtherMethodsByHand) {
  const auto compute = [](const LayerPrecision& precision) {
    return Estimate(precision).dense.compute_pj;
  };
  // bf16: 864 * (2 + 1).
  EXPECT_DOUBLE_EQ(compute(Precision(Method::kBfloat16, 16)), 2592);
  // int8: 864 * (0.5 + 0.25) + 48 * 3 = 648 + 144.
  EXPECT_DOUBLE_EQ(compute(Precision(Method::kInt8, 8)), 792);
  // BWN: 864 * 1 + 48 * 4; on integers 864 * 0.25 + 48 * 3.
  EXPECT_DOUBLE_EQ(compute(Precision(Method::kScaled, 32)), 1056);
  EXPECT_DOUBLE_EQ(compute(Precision(Method::kScaled, 8)), 360);
  // INQ: 864 * (0.125 + 1); on integers 864 * (0.125 + 0.25) + 48 * 3.
  EXPECT_DOUBLE_EQ(compute(Precision(Method::kPowerOfTwo, 32)), 972);
  EXPECT_DOUBLE_EQ(compute(Precision(Method::kPowerOfTwo, 8)), 468);
  // DoReFa, 2-bit weights and 4-bit activations: a product costs 2 * 4 / 64 of
  // 0.5 = 0.0625: 864 * (0.0625 + 0.25) + 48 * 3 = 54 + 216 + 144.
  LayerPrecision dorefa = Precision(Method::kDorefa, 4);
  dorefa.dorefa_bits = 2;
  EXPECT_DOUBLE_EQ(compute(dorefa), 414);
  // On floats it is a multiply-add: 864 * (4 + 1), in bf16 864 * (2 + 1).
  dorefa.activation_bits = 32;
  EXPECT_DOUBLE_EQ(compute(dorefa), 4320);
  dorefa.activation_bits = 16;
  EXPECT_DOUBLE_EQ(compute(dorefa), 2592);
}

// DoReFa of 8 and 8 bits is int8.
TEST(EstimateEnergy, DorefaOfEightBitsIsInt8) {
  EXPECT_DOUBLE_EQ(Estimate(Precision(Method::kDorefa, 8)).dense.compute_pj,
                   Estimate(Precision(Method::kInt8, 8)).dense.compute_pj);
}

// Four images: a weight's reading is shared by four, 1728 / 4 bits; activations
// of 4 * 320 = 1280 bytes no longer fit 1024: 2560 bits at 2 pJ. Three images,
// 960 bytes, do.
TEST(EstimateEnergy, BatchSharesWeightsAndFillsTheBuffer) {
  const LayerPrecision precision = Precision(Method::kFullPrecision, 32, 216);
  const LayerEnergy four = Estimate(precision, EasyCosts(), 4);
  EXPECT_DOUBLE_EQ(four.weight_dram_bits, 432);
  EXPECT_DOUBLE_EQ(four.weight_traffic_pj, 864);
  EXPECT_DOUBLE_EQ(four.activation_buffer_bits, 0);
  EXPECT_DOUBLE_EQ(four.activation_dram_bits, 2560);
  EXPECT_DOUBLE_EQ(four.activation_traffic_pj, 5120);
  const LayerEnergy three = Estimate(precision, EasyCosts(), 3);
  EXPECT_DOUBLE_EQ(three.activation_dram_bits, 0);
}

// 0.01 pJ a bit; each product reads 32 + 32 bits and reads and writes 32:
// 864 * 128 * 0.01 = 1105.92. Without registers in the costs there is none.
TEST(EstimateEnergy, RegistersOnlyWhereTheirCostIsKnown) {
  const LayerPrecision precision = Precision(Method::kFullPrecision, 32, 216);
  EXPECT_EQ(Estimate(precision).dense.register_pj, 0);
  EnergyCosts costs = EasyCosts();
  costs.mutable_registers()->set_bits(32);
  costs.mutable_registers()->set_pj(0.32);
  EXPECT_NEAR(Estimate(precision, costs).dense.register_pj, 1105.92, 1e-9);
}

TEST(EstimateEnergy, WithoutZerosSparseIsDenseAndMoreZerosTakeLess) {
  const std::vector<EnergyCosts> shipped = *ShippedEnergyCosts();
  for (const EnergyCosts& costs : shipped) {
    for (const Method method :
         {Method::kFullPrecision, Method::kBfloat16, Method::kInt8,
          Method::kTernary, Method::kScaled, Method::kPowerOfTwo,
          Method::kDorefa}) {
      LayerPrecision precision = Precision(method, 8, 54);
      double before = 0;
      for (const double sparsity : {0.0, 0.2, 0.5, 0.9}) {
        precision.weight_sparsity = sparsity;
        precision.both_nonzero = 0.5 * (1 - sparsity);
        const LayerEnergy energy = Estimate(precision, costs);
        if (sparsity == 0) {
          EXPECT_EQ(energy.dense.operations, energy.weight_sparse.operations);
          EXPECT_EQ(energy.dense.compute_pj, energy.weight_sparse.compute_pj);
        } else {
          EXPECT_LT(energy.weight_sparse.compute_pj, before);
          EXPECT_LT(energy.weight_sparse.compute_pj, energy.dense.compute_pj);
        }
        EXPECT_LT(energy.both_sparse->compute_pj,
                  energy.weight_sparse.compute_pj);
        before = energy.weight_sparse.compute_pj;
      }
    }
  }
}

// With the costs that ship, what the papers claim of their methods holds:
// replacing multiplications by shifts or additions saves energy.
TEST(EstimateEnergy, ShiftsAndAdditionsTakeLessThanMultiplications) {
  const std::vector<EnergyCosts> shipped = *ShippedEnergyCosts();
  for (const EnergyCosts& costs : shipped) {
    const double full =
        Estimate(Precision(Method::kFullPrecision), costs).dense.compute_pj;
    for (const Method method :
         {Method::kTernary, Method::kScaled, Method::kPowerOfTwo}) {
      EXPECT_LT(Estimate(Precision(method), costs).dense.compute_pj, full)
          << costs.process();
    }
    EXPECT_LT(
        Estimate(Precision(Method::kPowerOfTwo, 8), costs).dense.compute_pj,
        Estimate(Precision(Method::kInt8, 8), costs).dense.compute_pj);
  }
}

TEST(EstimateEnergy, TheTotalIsTheSumOfTheLayers) {
  std::vector<LayerPrecision> precisions = {
      Precision(Method::kTernary, 32, 23),
      Precision(Method::kFullPrecision, 32, 1920)};
  precisions[0].weight_sparsity = 0.25;
  precisions[0].both_nonzero = 0.5;
  auto energy = EstimateEnergy(SmallGraph(), precisions, EasyCosts());
  ASSERT_TRUE(energy.ok()) << energy.status();
  ASSERT_EQ(energy->layers.size(), 2u);
  // 480 * (4 + 1) for the linear layer; its 58 values of 32 bits.
  EXPECT_DOUBLE_EQ(energy->total.dense.compute_pj, 1296 + 2400);
  EXPECT_DOUBLE_EQ(energy->total.weight_sparse.compute_pj, 1080 + 2400);
  EXPECT_EQ(energy->total.dense.operations.total(), 912 + 96 + 960);
  EXPECT_DOUBLE_EQ(energy->total.weight_traffic_pj, 2 * 8 * (23 + 1920));
  EXPECT_DOUBLE_EQ(energy->total.activation_traffic_pj, 0.25 * 32 * (80 + 58));
  // Of the second layer it is not known.
  EXPECT_FALSE(energy->total.both_sparse.has_value());
  precisions[1].both_nonzero = 0.5;
  energy = EstimateEnergy(SmallGraph(), precisions, EasyCosts());
  ASSERT_TRUE(energy->total.both_sparse.has_value());
  EXPECT_DOUBLE_EQ(energy->total.both_sparse->compute_pj, 864 + 1200);
}

// Protects: what comes from a file or a person is refused by name.
TEST(EstimateEnergy, RefusesWhatCannotBe) {
  const std::vector<LayerWork> work = {Convolution()};
  const auto refusal = [&](const LayerPrecision& precision, int64_t batch = 1) {
    const std::vector<LayerPrecision> precisions = {precision};
    const auto energy = EstimateEnergy(work, precisions, EasyCosts(), batch);
    EXPECT_EQ(energy.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(energy.status().message());
  };
  const auto contains = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  LayerPrecision precision = Precision(Method::kTernary);
  precision.weight_sparsity = 1.5;
  contains(refusal(precision), "layer conv: weight_sparsity: 1.5");
  precision.weight_sparsity = 0.5;
  precision.both_nonzero = 0.6;
  contains(refusal(precision), "both_nonzero");
  contains(refusal(Precision(Method::kTernary, 12)), "activation_bits");
  contains(refusal(Precision(Method::kInt8, 32)), "activation_bits");
  contains(refusal(Precision(Method::kTernary, 32, -1)), "weight_bytes");
  contains(refusal(Precision(Method::kTernary), 0), "batch");
  LayerPrecision dorefa = Precision(Method::kDorefa);
  dorefa.dorefa_bits = 9;
  contains(refusal(dorefa), "dorefa_bits");
  const auto none = EstimateEnergy(work, {}, EasyCosts());
  EXPECT_FALSE(none.ok());
}

}  // namespace
}  // namespace tritlab
