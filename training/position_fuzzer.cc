// The position inside a checkpoint: what passes must stand within the phase,
// and what it keeps of layers must not be read beyond its end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/fuzzing/fuzz_target.h"
#include "quant/packing.h"
#include "training/position.pb.h"
#include "training/stored_position.h"

namespace tritlab {
namespace {

PhaseExtent Extent() {
  return {.phase = "ttq",
          .data_checksum = "0123abcd",
          .steps = 12,
          .steps_per_epoch = 4,
          .batch_size = 16};
}

TrainingPosition Position(int epochs, uint64_t steps_of_epoch) {
  const PhaseExtent extent = Extent();
  TrainingPosition position;
  position.set_phase(extent.phase);
  position.set_data_checksum(extent.data_checksum);
  position.set_step(epochs * extent.steps_per_epoch + steps_of_epoch);
  position.set_images(steps_of_epoch * extent.batch_size);
  position.set_finished(position.step() == extent.steps);
  for (int i = 0; i < epochs; ++i) {
    EpochRecord& epoch = *position.add_epochs();
    epoch.set_epoch(i + 1);
    (*epoch.mutable_values())["conv/w_p"] = 0.5;
  }
  (*position.mutable_weight_sets())["conv"] = *PackTrits({{0, 1, 2, 0, 1, 2}});
  (*position.mutable_gradients())["conv"].set_positive(0.25);
  return position;
}

}  // namespace
}  // namespace tritlab

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tritlab;
  static const auto* const extent = new PhaseExtent(Extent());
  const auto position = ParseStoredPosition(
      std::string(reinterpret_cast<const char*>(data), size), *extent,
      "fuzzed");
  if (!position.ok()) return 0;
  if (position->step() > extent->steps ||
      position->images() > extent->steps_per_epoch * extent->batch_size ||
      position->epochs_size() > 3)
    std::abort();
  for (const auto& [layer, sets] : position->weight_sets()) {
    for (const int64_t weights : {0, 6, 1000})
      UnpackTrits(sets, weights).status().IgnoreError();
  }
  return 0;
}

std::vector<std::string> tritlab::FuzzSeeds() {
  return {Position(0, 0).SerializeAsString(),
          Position(1, 3).SerializeAsString(),
          Position(3, 0).SerializeAsString()};
}
