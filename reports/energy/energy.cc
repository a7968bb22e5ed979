#include "reports/energy/energy.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/graph.pb.h"
#include "reports/energy/energy_costs.h"
#include "reports/energy/energy_costs.pb.h"

namespace tritlab {
namespace {

constexpr int kSumBits = 32;
// What rounding may add to a measured share.
constexpr double kShareTolerance = 1e-6;

bool OnIntegers(const LayerPrecision& precision) {
  return precision.activation_bits <= 8;
}

// From a graph the shares and bits come from a report or a person.
absl::Status CheckPrecision(const LayerWork& work,
                            const LayerPrecision& precision) {
  const auto error = [&](const char* field, double value, const char* hint) {
    return absl::InvalidArgumentError(
        absl::StrFormat("layer %s: %s: %g; %s", work.name, field, value, hint));
  };
  const double s = precision.weight_sparsity;
  if (!(s >= 0 && s <= 1)) return error("weight_sparsity", s, "give 0 to 1");
  if (precision.both_nonzero.has_value()) {
    const double b = *precision.both_nonzero;
    if (!(b >= 0 && b <= 1 - s + kShareTolerance))
      return error("both_nonzero", b, "give 0 to 1 - weight_sparsity");
  }
  if (!(precision.weight_bytes >= 0 && std::isfinite(precision.weight_bytes)))
    return error("weight_bytes", precision.weight_bytes, "give 0 or more");
  const int bits = precision.activation_bits;
  if (bits != 32 && bits != 16 && !(bits >= 1 && bits <= 8))
    return error("activation_bits", bits, "give 32, 16, or 1 to 8");
  if (precision.method == EnergyMethod::kInt8 && bits > 8)
    return error("activation_bits", bits, "int8 needs 8 or fewer");
  if (precision.method == EnergyMethod::kDorefa &&
      !(precision.dorefa_bits >= 1 && precision.dorefa_bits <= 8))
    return error("dorefa_bits", precision.dorefa_bits, "give 1 to 8");
  return absl::OkStatus();
}

double PerBit(const MemoryCost& memory) { return memory.pj() / memory.bits(); }

Computation Compute(const LayerWork& work, const LayerPrecision& precision,
                    const EnergyCosts& costs, double executed) {
  Computation computation;
  computation.operations = CountOperations(work, precision, executed);
  computation.compute_pj =
      ComputeEnergy(computation.operations, precision, costs.operations());
  if (costs.has_registers() && work.weights > 0) {
    const double weight_bits = 8 * precision.weight_bytes / work.weights;
    computation.register_pj =
        executed * (weight_bits + precision.activation_bits + 2 * kSumBits) *
        PerBit(costs.registers());
  }
  return computation;
}

LayerEnergy EstimateLayer(const LayerWork& work,
                          const LayerPrecision& precision,
                          const EnergyCosts& costs, int64_t batch) {
  const double all = static_cast<double>(work.multiply_adds);
  LayerEnergy energy;
  energy.dense = Compute(work, precision, costs, all);
  energy.weight_sparse =
      Compute(work, precision, costs, all * (1 - precision.weight_sparsity));
  if (precision.both_nonzero.has_value()) {
    energy.both_sparse =
        Compute(work, precision, costs, all * *precision.both_nonzero);
  }
  const MemoryCost& buffer = BufferOf(costs);
  const MemoryCost& dram = costs.dram(0);
  energy.weight_dram_bits = 8 * precision.weight_bytes / batch;
  energy.weight_traffic_pj = energy.weight_dram_bits * PerBit(dram);
  const double values = static_cast<double>(work.inputs) + work.outputs;
  const double bits = values * precision.activation_bits;
  const bool fits = batch * bits <= 8.0 * buffer.bytes();
  (fits ? energy.activation_buffer_bits : energy.activation_dram_bits) = bits;
  energy.activation_traffic_pj = bits * PerBit(fits ? buffer : dram);
  return energy;
}

void Add(const Computation& one, Computation& sum) {
  for (int i = 0; i < kOperations; ++i)
    sum.operations.of[i] += one.operations.of[i];
  sum.compute_pj += one.compute_pj;
  sum.register_pj += one.register_pj;
}

void Add(const LayerEnergy& one, LayerEnergy& sum) {
  Add(one.dense, sum.dense);
  Add(one.weight_sparse, sum.weight_sparse);
  if (!one.both_sparse.has_value()) sum.both_sparse.reset();
  if (sum.both_sparse.has_value()) Add(*one.both_sparse, *sum.both_sparse);
  sum.weight_dram_bits += one.weight_dram_bits;
  sum.activation_buffer_bits += one.activation_buffer_bits;
  sum.activation_dram_bits += one.activation_dram_bits;
  sum.weight_traffic_pj += one.weight_traffic_pj;
  sum.activation_traffic_pj += one.activation_traffic_pj;
}

}  // namespace

double OperationCounts::total() const {
  return std::accumulate(of.begin(), of.end(), 0.0);
}

OperationCounts CountOperations(const LayerWork& work,
                                const LayerPrecision& precision,
                                double executed) {
  const bool integers = OnIntegers(precision);
  const Operation add = integers ? Operation::kInt32Add : Operation::kF32Add;
  const Operation scale =
      integers ? Operation::kInt32Multiply : Operation::kF32Multiply;
  const double outputs = static_cast<double>(work.outputs);
  OperationCounts counts;
  switch (precision.method) {
    case EnergyMethod::kFullPrecision:
      counts[Operation::kF32Multiply] += executed;
      counts[Operation::kF32Add] += executed;
      break;
    case EnergyMethod::kBfloat16:
      counts[Operation::kBf16Multiply] += executed;
      counts[Operation::kF32Add] += executed;
      break;
    case EnergyMethod::kInt8:
      counts[Operation::kInt8Multiply] += executed;
      counts[Operation::kInt32Add] += executed;
      counts[Operation::kInt32Multiply] += outputs;
      break;
    case EnergyMethod::kTernary:
      counts[add] += executed + outputs;
      counts[scale] += 2 * outputs;
      break;
    case EnergyMethod::kScaled:
      counts[add] += executed;
      counts[scale] += outputs;
      break;
    case EnergyMethod::kPowerOfTwo:
      counts[Operation::kShift] += executed;
      counts[add] += executed;
      if (integers) counts[scale] += outputs;
      break;
    case EnergyMethod::kDorefa:
      counts[integers                          ? Operation::kSmallMultiply
             : precision.activation_bits == 16 ? Operation::kBf16Multiply
                                               : Operation::kF32Multiply] +=
          executed;
      counts[add] += executed;
      if (integers) counts[scale] += outputs;
      break;
  }
  return counts;
}

double ComputeEnergy(const OperationCounts& counts,
                     const LayerPrecision& precision,
                     const OperationCosts& costs) {
  const double small_multiply = costs.int8_multiply() * precision.dorefa_bits *
                                precision.activation_bits / 64;
  return counts[Operation::kF32Add] * costs.f32_add() +
         counts[Operation::kF32Multiply] * costs.f32_multiply() +
         counts[Operation::kBf16Multiply] * costs.bf16_multiply() +
         counts[Operation::kInt8Multiply] * costs.int8_multiply() +
         counts[Operation::kInt32Add] * costs.int32_add() +
         counts[Operation::kInt32Multiply] * costs.int32_multiply() +
         counts[Operation::kShift] * costs.shift() +
         counts[Operation::kSmallMultiply] * small_multiply;
}

absl::StatusOr<NetworkEnergy> EstimateEnergy(
    std::span<const LayerWork> work, std::span<const LayerPrecision> precisions,
    const EnergyCosts& costs, int64_t batch) {
  if (work.size() != precisions.size()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d precisions for %d convolutions and linear layers; give one a layer",
        precisions.size(), work.size()));
  }
  if (batch <= 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("batch: %d; give 1 or more images", batch));
  }
  NetworkEnergy energy;
  if (!work.empty()) energy.total.both_sparse.emplace();
  for (size_t i = 0; i < work.size(); ++i) {
    RETURN_IF_ERROR(CheckPrecision(work[i], precisions[i]));
    energy.layers.push_back(
        EstimateLayer(work[i], precisions[i], costs, batch));
    Add(energy.layers.back(), energy.total);
  }
  return energy;
}

absl::StatusOr<NetworkEnergy> EstimateEnergy(
    const Graph& graph, std::span<const LayerPrecision> precisions,
    const EnergyCosts& costs, int64_t batch) {
  ASSIGN_OR_RETURN(const std::vector<LayerWork> work, WorkOf(graph));
  return EstimateEnergy(work, precisions, costs, batch);
}

}  // namespace tritlab
