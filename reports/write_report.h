// A report's files in a run's folder, and those of many runs in theirs.
#ifndef TRITLAB_REPORTS_WRITE_REPORT_H_
#define TRITLAB_REPORTS_WRITE_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "reports/report.pb.h"

namespace tritlab {

// Writes report.json, report.md and report.html into `directory`, which must
// exist. Each file is replaced whole or left as it was. Without gnuplot the
// page has a note in place of each picture; that is no error. Else what writing
// a file gives, naming it.
absl::Status WriteReport(const Report& report, const std::string& directory);

struct RenderOptions {
  // The path of a text proto (energy_costs.h): the energy at these costs as
  // well, in place of what a report has for a process of the same name.
  std::string energy_costs = {};
  bool latex = false;  // the tables as LaTeX, too
};

// Writes report.md and report.html again from `directory`/report.json, and
// report.tex where asked; with energy costs report.json, too. NotFound or
// InvalidArgument, naming the file, when that is missing or damaged; then
// nothing is written.
absl::Status RenderAgain(const std::string& directory,
                         const RenderOptions& options = {});

// Writes runs.md and runs.html, and runs.tex where asked, into `directory`: one
// page over all runs in it and below (find_runs.h), whose own files stay as
// they are. NotFound when there is none.
absl::Status RenderRuns(const std::string& directory,
                        const RenderOptions& options = {});

// Writes all pictures of the report's page as files of their own into
// `directory`, which is made: accuracy.svg, sparsity.svg and so on, by the
// names of their plots, and kernels_1.svg and so on in their order. NotFound
// without gnuplot.
absl::Status WritePictures(const Report& report, const std::string& directory);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_WRITE_REPORT_H_
