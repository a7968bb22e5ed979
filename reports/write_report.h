// A report's files in a run's folder.
#ifndef TRITLAB_REPORTS_WRITE_REPORT_H_
#define TRITLAB_REPORTS_WRITE_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "reports/report.pb.h"

namespace tritlab {

// Writes report.json, report.md and report.html into `directory`, which must
// exist. Each file is replaced whole or left as it was. Without gnuplot the
// page has a note in place of each picture; that is no error.
absl::Status WriteReport(const Report& report, const std::string& directory);

// Writes report.md and report.html again from `directory`/report.json.
// NotFound or InvalidArgument, naming the file, when that is missing or
// damaged; then nothing is written. With `energy_costs`, the path of a text
// proto (energy_costs.h), the pages also show the energy at those costs;
// report.json stays as it is.
absl::Status RenderAgain(const std::string& directory,
                         const std::string& energy_costs = "");

// Writes the report's pictures as files of their own, accuracy.svg and (when a
// phase has zeros) sparsity.svg, into `directory`, which is made. NotFound
// without gnuplot.
absl::Status WritePictures(const Report& report, const std::string& directory);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_WRITE_REPORT_H_
