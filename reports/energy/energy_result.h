// The model of energy (energy.h) in a report: from what the layers of a phase
// say of themselves to EnergyResult messages.
#ifndef TRITLAB_REPORTS_ENERGY_ENERGY_RESULT_H_
#define TRITLAB_REPORTS_ENERGY_ENERGY_RESULT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "reports/energy/energy.h"
#include "reports/energy/energy_costs.pb.h"
#include "reports/report.pb.h"

namespace tritlab {

// What the arithmetic is done on where the phase does not quantize.
enum class ActivationFormat {
  kF32,   // layers without a method: f32 multiply-adds
  kBf16,  // likewise bf16, with their weights at 2 bytes
  kInt8,  // likewise int8, with their weights at 1 byte; what an integer
          // program does
};

// Sets multiply_adds, input_values and output_values of the phase's layers.
// InvalidArgument when a layer is not in the graph, or has another number of
// weights there.
absl::Status FillLayerWork(const Graph& graph, PhaseResult& phase);

// How the model computes a layer: ttq as kTernary, twn and bwn as kScaled, inq
// and global as kPowerOfTwo, dorefa as kDorefa (of one bit, which is a sign and
// a scale, as kScaled), and what has no method or is only pruned as the format
// says. Activations that the phase quantizes have
// their bits, but at most the format's. InvalidArgument, naming the layer, for
// any other quantizer.
absl::StatusOr<LayerPrecision> PrecisionOf(const LayerResult& layer,
                                           ActivationFormat format);

// The estimate for a phase whose layers have their work set. Layers are in it
// only for f32 and int8.
absl::StatusOr<EnergyResult> MakeEnergyResult(const PhaseResult& phase,
                                              ActivationFormat format,
                                              const EnergyCosts& costs,
                                              uint32_t batch = 1);

// Adds to phase.energy: f32, bf16 and int8, one image at a time.
// FailedPrecondition when the layers' work is not known.
absl::Status AddEnergy(const EnergyCosts& costs, PhaseResult& phase);

// FillLayerWork, and phase.energy anew, with the costs that ship. To be called
// again when a layer's both_nonzero becomes known.
absl::Status FillShippedEnergy(const Graph& graph, PhaseResult& phase);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_ENERGY_ENERGY_RESULT_H_
