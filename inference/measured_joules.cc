#include "inference/measured_joules.h"

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/status_macros.h"

namespace tritlab {
namespace {

// Counters move once a millisecond.
constexpr double kSeconds = 1;

}  // namespace

std::vector<uint8_t> MadeUpImages(const Model& model) {
  std::vector<uint8_t> pixels(model.batch() * model.height() * model.width() *
                              model.channels());
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i * 2654435761u >> 13);
  return pixels;
}

absl::StatusOr<MeasuredJoules> MeasureJoules(Model& model,
                                             const std::string& powercap) {
  RETURN_IF_ERROR(EnergyMeter::Start(powercap).status());
  const std::vector<uint8_t> pixels = MadeUpImages(model);
  std::vector<float> logits(model.batch() * model.classes().size());
  RETURN_IF_ERROR(model.Run(pixels, logits));  // what is taken at first

  ASSIGN_OR_RETURN(EnergyMeter meter, EnergyMeter::Start(powercap));
  const auto start = std::chrono::steady_clock::now();
  std::chrono::duration<double> took{0};
  int64_t images = 0;
  while (took.count() < kSeconds) {
    RETURN_IF_ERROR(model.Run(pixels, logits));
    images += model.batch();
    took = std::chrono::steady_clock::now() - start;
  }
  ASSIGN_OR_RETURN(const double joules, meter.Joules());
  return MeasuredJoules{.per_image = joules / static_cast<double>(images),
                        .watts = joules / took.count(),
                        .packages = meter.packages()};
}

}  // namespace tritlab
