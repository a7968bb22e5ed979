#include "reports/run/measured_energy.h"

#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"

namespace tritlab {

std::string MeasuredEnergySentence(const Report& report) {
  if (!report.has_measured_energy()) return "";
  const MeasuredEnergy& energy = report.measured_energy();
  if (!energy.why_not().empty()) {
    return absl::StrCat("Energy was not measured: ", energy.why_not(), ".");
  }
  return absl::StrCat(
      "Measured: the integer program of the packed model takes ",
      FormatSignificant(1e6 * energy.joules()),
      " \u00b5J an image in batches of ", energy.batch(), ", at ",
      FormatFixed(energy.watts(), 1), " W, by the counters of ",
      energy.packages(),
      energy.packages() == 1 ? " processor package" : " processor packages",
      ", whole, idle parts included: a processor for all purposes, where the "
      "model counts only the arithmetic and memory that a network needs. The "
      "counters of packages leave out DRAM, from which the model reads the "
      "weights.");
}

}  // namespace tritlab
