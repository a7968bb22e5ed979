// A model of the energy that one image's forward pass takes in the convolutions
// and linear layers of a network, on a machine made for it, and a count of the
// operations. Counts and picojoules are kept apart: which of two methods has
// fewer operations says little about which takes less energy.
//
// COUNTS. A layer of M multiply-adds (padding counted as computed) and O output
// values adds M / O products into each output. Of the M, n are executed:
//
//   dense                              n = M
//   zero weights skipped               n = M (1 - s)  s: share of zero weights
//   zero weights or activations        n = M b        b: share of multiply-adds
//   skipped                               with both not 0, to be measured
//
// M (1 - s) is exact: with padding counted as computed, each weight is used
// equally often. A sum of n products begins at 0, so it has n additions.
//
//   kFullPrecision  y = sum w x       n f32 multiplications, n f32 additions
//   kBfloat16       y = sum w x       n bf16 multiplications, n f32 additions
//   kInt8           y = c sum w x     n int8 multiplications, n int32
//                                     additions, O int32 multiplications
//                                     (rescaling by c)
//   kTernary (TTQ)  y = W_p sum_P x - W_n sum_N x, P and N the positive and the
//                   negative set      n additions within the sets, 2 O
//                                     multiplications, O additions that join
//   kScaled (BWN, TWN)  y = alpha (sum_P x - sum_N x)
//                                     n additions, O multiplications
//   kPowerOfTwo (INQ)  y = sum sgn(w) x 2^e
//                                     n shifts, n additions; on integers O
//                                     multiplications (rescaling)
//   kDorefa, k bits  y = sum w x      n multiplications, n additions; on
//                                     integers O multiplications (rescaling)
//
// A subtraction counts as an addition. A dense ternary layer adds its zeros as
// well (a machine that has to look at a weight to know that it is 0, and spends
// an addition on it).
//
// The additions and scalings of the last four are int32 where activations have
// 8 bits or fewer, f32 otherwise. kPowerOfTwo on floats has as its "shift" an
// addition to the exponent. A DoReFa product of k-bit weights and a-bit
// activations, a <= 8, takes k a / 64 of an int8 multiplication: an array
// multiplier has k a cells, and Horowitz' 8 and 32 bit figures (0.2 and 3.1 pJ)
// follow that square law (16 x 0.2 = 3.2). On floats it is a multiplication of
// their format: f32, or bf16 for 16 bits.
//
// ENERGY of computing = sum over kinds of operation of count x cost.
//
// MEMORY, under one simple dataflow, for B images (a batch) at a time, layer
// after layer:
//   weights      are read from DRAM once a batch, at their packed size, and
//                held until all outputs of the batch that need them are done:
//                8 weight_bytes / B bits an image. Packed zeros take room, so
//                skipping them saves no traffic.
//   activations  each layer reads its inputs once and writes its outputs once,
//                (inputs + outputs) x activation_bits bits an image; in the
//                buffer on the chip when B images' inputs and outputs fit it
//                together, in DRAM when not. Both are taken at the bits that
//                the layer reads.
//   registers    each executed product reads a weight (at its packed bits) and
//                an activation, and reads and writes a sum of 32 bits:
//                n (weight bits + activation_bits + 64) bits. Only where the
//                costs give registers; the files that ship do not.
// bits x pJ of an access / bits of an access.
//
// LEFT OUT: control, decoding of packed weights, index logic and imbalance of
// skipping, clocks, leakage, wires between units; writing weights to an on-chip
// memory and reading them again; reading activations again, or weights where
// they do not fit; partial sums beyond the registers; biases, batch
// normalization, activation functions and quantization of activations, pooling,
// shortcut additions. Padding is computed as if it were an image of zeros. The
// model ranks methods; it predicts no chip, and is no measurement.
#ifndef TRITLAB_REPORTS_ENERGY_ENERGY_H_
#define TRITLAB_REPORTS_ENERGY_ENERGY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/cost.h"
#include "models/graph.pb.h"
#include "reports/energy/energy_costs.pb.h"

namespace tritlab {

enum class EnergyMethod {
  kFullPrecision,
  kBfloat16,
  kInt8,
  kTernary,     // TTQ
  kScaled,      // BWN, TWN
  kPowerOfTwo,  // INQ
  kDorefa,
};

// How a layer is computed.
struct LayerPrecision {
  EnergyMethod method = EnergyMethod::kFullPrecision;
  double weight_sparsity = 0;  // the share of zero weights
  // The share of multiply-adds whose weight and activation are both not 0, at
  // most 1 - weight_sparsity; absent when it was not measured.
  std::optional<double> both_nonzero;
  double weight_bytes = 0;   // of all the layer's weights, as packed
  int dorefa_bits = 8;       // of a weight, 1 to 8; kDorefa only
  int activation_bits = 32;  // 32: f32, 16: bf16, 1 to 8: integers
};

enum class Operation {
  kF32Add,
  kF32Multiply,
  kBf16Multiply,
  kInt8Multiply,
  kInt32Add,
  kInt32Multiply,
  kShift,
  kSmallMultiply,  // DoReFa's, of fewer bits than int8
};
inline constexpr int kOperations = 8;

// How often each operation is executed for one image.
struct OperationCounts {
  std::array<double, kOperations> of = {};

  double& operator[](Operation kind) { return of[static_cast<int>(kind)]; }
  double operator[](Operation kind) const { return of[static_cast<int>(kind)]; }
  double total() const;
  bool operator==(const OperationCounts&) const = default;
};

// With `executed` of the layer's multiply-adds executed, 0 to multiply_adds.
OperationCounts CountOperations(const LayerWork& work,
                                const LayerPrecision& precision,
                                double executed);

// In picojoules.
double ComputeEnergy(const OperationCounts& counts,
                     const LayerPrecision& precision,
                     const OperationCosts& costs);

// Operations and picojoules of one way to treat zeros.
struct Computation {
  OperationCounts operations;
  double compute_pj = 0;
  double register_pj = 0;  // 0 where the costs have no registers
};

// Of a layer or a network, for one image.
struct LayerEnergy {
  Computation dense;
  Computation weight_sparse;               // zero weights skipped
  std::optional<Computation> both_sparse;  // zero activations as well
  // Traffic in bits, read and written, and its picojoules.
  double weight_dram_bits = 0;
  double activation_buffer_bits = 0;
  double activation_dram_bits = 0;
  double weight_traffic_pj = 0;
  double activation_traffic_pj = 0;

  double traffic_pj() const {
    return weight_traffic_pj + activation_traffic_pj;
  }
  // All of it, with one of the three above.
  double total_pj(const Computation& computation) const {
    return computation.compute_pj + computation.register_pj + traffic_pj();
  }
};

struct NetworkEnergy {
  std::vector<LayerEnergy> layers;
  LayerEnergy total;  // both_sparse only where every layer has it
};

// The costs must be checked (CheckEnergyCosts). InvalidArgument, naming the
// layer, when there are not as many precisions as layers, a share is not in 0
// to 1 or contradicts the other, bits are none of those named above, kInt8 is
// asked for activations of more than 8 bits, or the batch is not positive.
absl::StatusOr<NetworkEnergy> EstimateEnergy(
    std::span<const LayerWork> work, std::span<const LayerPrecision> precisions,
    const EnergyCosts& costs, int64_t batch = 1);
absl::StatusOr<NetworkEnergy> EstimateEnergy(
    const Graph& graph, std::span<const LayerPrecision> precisions,
    const EnergyCosts& costs, int64_t batch = 1);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_ENERGY_ENERGY_H_
