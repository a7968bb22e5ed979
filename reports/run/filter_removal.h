// What the removal of redundant filters did to a network
// (models/remove_filters.h), in a report that has such a phase.
#ifndef TRITLAB_REPORTS_RUN_FILTER_REMOVAL_H_
#define TRITLAB_REPORTS_RUN_FILTER_REMOVAL_H_

#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {

// A row for the network before, one for what is left of it, and one for each
// phase that trained that further: top-1, filters removed, weights, their
// bytes, multiply-adds, and the modelled energy of integer arithmetic in each
// process. No rows when the report has no phase that removed filters.
Table FilterRemovalTableOf(const Report& report);

// A row for each layer that lost filters: how many it had, how many were
// removed for which reason, how many are left. No rows for other phases.
Table RemovedFiltersTableOf(const Report& report, const PhaseResult& phase);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_FILTER_REMOVAL_H_
