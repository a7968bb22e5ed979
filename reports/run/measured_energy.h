// Joules that the machine's own counters gave, beside what the model of energy
// (energy.h) says.
#ifndef TRITLAB_REPORTS_RUN_MEASURED_ENERGY_H_
#define TRITLAB_REPORTS_RUN_MEASURED_ENERGY_H_

#include <string>

#include "reports/report.pb.h"

namespace tritlab {

// What running the packed model took, or why that is not known; empty when the
// report says nothing of it.
std::string MeasuredEnergySentence(const Report& report);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_MEASURED_ENERGY_H_
