// What a report says of one of its phases.
#ifndef TRITLAB_REPORTS_FIND_PHASE_H_
#define TRITLAB_REPORTS_FIND_PHASE_H_

#include "absl/strings/string_view.h"
#include "reports/report.pb.h"

namespace tritlab {

// Null where there is none of the name.
inline const PhaseResult* FindPhase(const Report& report,
                                    absl::string_view name) {
  for (const PhaseResult& phase : report.results()) {
    if (phase.name() == name) return &phase;
  }
  return nullptr;
}

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_FIND_PHASE_H_
