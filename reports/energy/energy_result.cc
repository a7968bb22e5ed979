#include "reports/energy/energy_result.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "models/graph.pb.h"
#include "reports/energy/energy.h"
#include "reports/energy/energy_costs.h"
#include "reports/energy/energy_costs.pb.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

const char* NameOf(ActivationFormat format) {
  switch (format) {
    case ActivationFormat::kF32:
      return "f32";
    case ActivationFormat::kBf16:
      return "bf16";
    case ActivationFormat::kInt8:
      return "int8";
  }
  return "";
}

int BitsOf(ActivationFormat format) {
  return format == ActivationFormat::kF32    ? 32
         : format == ActivationFormat::kBf16 ? 16
                                             : 8;
}

const char* NameOf(EnergyMethod method) {
  switch (method) {
    case EnergyMethod::kFullPrecision:
      return "f32 multiply-add";
    case EnergyMethod::kBfloat16:
      return "bf16 multiply-add";
    case EnergyMethod::kInt8:
      return "int8 multiply-add";
    case EnergyMethod::kTernary:
      return "add, two scales";
    case EnergyMethod::kScaled:
      return "add, one scale";
    case EnergyMethod::kPowerOfTwo:
      return "shift and add";
    case EnergyMethod::kDorefa:
      return "k-bit multiply-add";
  }
  return "";
}

constexpr const char* kOperationNames[kOperations] = {
    "f32_add",   "f32_multiply",   "bf16_multiply", "int8_multiply",
    "int32_add", "int32_multiply", "shift",         "small_multiply"};

// k of a layer whose k-bit codes and 2^k values take the bytes that it has:
// the k that comes nearest.
int DorefaBits(const LayerResult& layer) {
  int best = 1;
  const auto difference = [&](int bits) {
    const int64_t codes = (int64_t{layer.weights()} * bits + 7) / 8;
    return std::abs(codes + 4 * (int64_t{1} << bits) - layer.weight_bytes());
  };
  for (int bits = 2; bits <= 8; ++bits) {
    if (difference(bits) < difference(best)) best = bits;
  }
  return best;
}

std::vector<LayerWork> WorkOf(const PhaseResult& phase) {
  std::vector<LayerWork> all;
  for (const LayerResult& layer : phase.layers()) {
    LayerWork work;
    work.name = layer.name();
    work.weights = layer.weights();
    work.multiply_adds = std::llround(layer.multiply_adds());
    work.inputs = layer.input_values();
    work.outputs = layer.output_values();
    all.push_back(work);
  }
  return all;
}

EnergyEntry EntryOf(const LayerEnergy& energy) {
  EnergyEntry entry;
  entry.set_operations(energy.dense.operations.total());
  entry.set_compute_pj(energy.dense.compute_pj);
  entry.set_weight_sparse_operations(energy.weight_sparse.operations.total());
  entry.set_weight_sparse_compute_pj(energy.weight_sparse.compute_pj);
  if (energy.dense.register_pj > 0) {
    entry.set_register_pj(energy.dense.register_pj);
    entry.set_weight_sparse_register_pj(energy.weight_sparse.register_pj);
  }
  if (energy.both_sparse.has_value()) {
    entry.set_both_sparse_operations(energy.both_sparse->operations.total());
    entry.set_both_sparse_compute_pj(energy.both_sparse->compute_pj);
    if (energy.dense.register_pj > 0)
      entry.set_both_sparse_register_pj(energy.both_sparse->register_pj);
  }
  entry.set_weight_dram_bits(energy.weight_dram_bits);
  entry.set_activation_buffer_bits(energy.activation_buffer_bits);
  entry.set_activation_dram_bits(energy.activation_dram_bits);
  entry.set_weight_traffic_pj(energy.weight_traffic_pj);
  entry.set_activation_traffic_pj(energy.activation_traffic_pj);
  return entry;
}

// All of it in f32, zeros not skipped: what a share is taken of.
absl::StatusOr<double> FullPrecisionEnergy(std::span<const LayerWork> work,
                                           const EnergyCosts& costs,
                                           uint32_t batch) {
  std::vector<LayerPrecision> precisions(work.size());
  for (size_t i = 0; i < work.size(); ++i)
    precisions[i].weight_bytes = 4.0 * work[i].weights;
  ASSIGN_OR_RETURN(const NetworkEnergy energy,
                   EstimateEnergy(work, precisions, costs, batch));
  return energy.total.total_pj(energy.total.dense);
}

}  // namespace

absl::Status FillLayerWork(const Graph& graph, PhaseResult& phase) {
  ASSIGN_OR_RETURN(const std::vector<LayerWork> all, WorkOf(graph));
  std::map<std::string, const LayerWork*> by_name;
  for (const LayerWork& work : all) by_name[work.name] = &work;
  for (LayerResult& layer : *phase.mutable_layers()) {
    const auto at = by_name.find(layer.name());
    if (at == by_name.end() || at->second->weights != layer.weights()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "layer ", layer.name(), ": ",
          at == by_name.end() ? "not in the graph"
                              : "the graph has another number of weights",
          "; give the graph that the phase trained"));
    }
    layer.set_multiply_adds(static_cast<double>(at->second->multiply_adds));
    layer.set_input_values(static_cast<uint32_t>(at->second->inputs));
    layer.set_output_values(static_cast<uint32_t>(at->second->outputs));
  }
  return absl::OkStatus();
}

absl::StatusOr<LayerPrecision> PrecisionOf(const LayerResult& layer,
                                           ActivationFormat format) {
  LayerPrecision precision;
  precision.weight_sparsity = layer.sparsity();
  if (layer.has_both_nonzero()) {
    // Measured apart from the sparsity, and rounded apart from it.
    precision.both_nonzero =
        std::min(layer.both_nonzero(), 1 - layer.sparsity());
  }
  precision.weight_bytes = layer.weight_bytes();
  precision.activation_bits = BitsOf(format);
  const auto quantized = layer.values().find("activation_bits");
  if (quantized != layer.values().end()) {
    if (!(quantized->second >= 1 && quantized->second <= 32)) {
      return absl::InvalidArgumentError(
          absl::StrCat("layer ", layer.name(), ": activation_bits is ",
                       quantized->second, "; it must be from 1 to 32"));
    }
    precision.activation_bits = std::min(precision.activation_bits,
                                         static_cast<int>(quantized->second));
  }
  const std::string& quantizer = layer.quantizer();
  if (quantizer == "full_precision" || quantizer == "prune") {
    if (format == ActivationFormat::kBf16) {
      precision.method = EnergyMethod::kBfloat16;
      precision.weight_bytes = 2.0 * layer.weights();
    } else if (format == ActivationFormat::kInt8) {
      precision.method = EnergyMethod::kInt8;
      precision.weight_bytes = layer.weights();
    }
  } else if (quantizer == "ttq") {
    precision.method = EnergyMethod::kTernary;
  } else if (quantizer == "twn" || quantizer == "bwn") {
    precision.method = EnergyMethod::kScaled;
  } else if (quantizer == "inq" || quantizer == "global") {
    precision.method = EnergyMethod::kPowerOfTwo;
  } else if (quantizer == "dorefa") {
    precision.dorefa_bits = DorefaBits(layer);
    precision.method = precision.dorefa_bits == 1 ? EnergyMethod::kScaled
                                                  : EnergyMethod::kDorefa;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("layer ", layer.name(), ": quantizer \"", quantizer,
                     "\" is not one that the energy model knows; add it to "
                     "reports/energy/energy_result.cc"));
  }
  return precision;
}

absl::StatusOr<EnergyResult> MakeEnergyResult(const PhaseResult& phase,
                                              ActivationFormat format,
                                              const EnergyCosts& costs,
                                              uint32_t batch) {
  const std::vector<LayerWork> work = WorkOf(phase);
  std::vector<LayerPrecision> precisions;
  for (const LayerResult& layer : phase.layers()) {
    ASSIGN_OR_RETURN(precisions.emplace_back(), PrecisionOf(layer, format));
  }
  ASSIGN_OR_RETURN(const NetworkEnergy energy,
                   EstimateEnergy(work, precisions, costs, batch));
  EnergyResult result;
  result.set_process(costs.process());
  result.set_source(costs.source());
  result.set_activations(NameOf(format));
  result.set_batch(batch);
  result.set_buffer_bytes(static_cast<double>(BufferOf(costs).bytes()));
  ASSIGN_OR_RETURN(const double full_precision,
                   FullPrecisionEnergy(work, costs, batch));
  result.set_full_precision_pj(full_precision);
  *result.mutable_total() = EntryOf(energy.total);
  for (int i = 0; i < kOperations; ++i) {
    if (energy.total.dense.operations.of[i] == 0) continue;
    (*result.mutable_operations())[kOperationNames[i]] =
        energy.total.dense.operations.of[i];
  }
  if (format == ActivationFormat::kBf16) return result;
  for (size_t i = 0; i < work.size(); ++i) {
    EnergyEntry* entry = result.add_layers();
    *entry = EntryOf(energy.layers[i]);
    entry->set_name(work[i].name);
    entry->set_method(NameOf(precisions[i].method));
  }
  return result;
}

absl::Status AddEnergy(const EnergyCosts& costs, PhaseResult& phase) {
  for (const LayerResult& layer : phase.layers()) {
    if (layer.multiply_adds() > 0) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "phase ", phase.name(), ", layer ", layer.name(),
        ": multiply_adds is not set; the report was written by an earlier "
        "version, run it again"));
  }
  for (const ActivationFormat format :
       {ActivationFormat::kF32, ActivationFormat::kBf16,
        ActivationFormat::kInt8}) {
    ASSIGN_OR_RETURN(*phase.add_energy(),
                     MakeEnergyResult(phase, format, costs));
  }
  return absl::OkStatus();
}

absl::Status FillShippedEnergy(const Graph& graph, PhaseResult& phase) {
  RETURN_IF_ERROR(FillLayerWork(graph, phase));
  ASSIGN_OR_RETURN(const std::vector<EnergyCosts> shipped,
                   ShippedEnergyCosts());
  phase.clear_energy();
  for (const EnergyCosts& costs : shipped)
    RETURN_IF_ERROR(AddEnergy(costs, phase));
  return absl::OkStatus();
}

}  // namespace tritlab
