// report.json: the Report message (report.proto) as JSON, with the names of its
// fields as they stand there. Fields that hold 0 or nothing are written too, so
// that a reader needs no defaults; the same report gives the same bytes. NaN
// and infinities are the strings "NaN", "Infinity" and "-Infinity".
#ifndef TRITLAB_REPORTS_REPORT_JSON_H_
#define TRITLAB_REPORTS_REPORT_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reports/report.pb.h"

namespace tritlab {

// Bytes of text fields that are not UTF-8 (a folder's name may have such)
// become U+FFFD, for a report must not be lost over them.
absl::StatusOr<std::string> ReportToJson(const Report& report);

// Reads what ReportToJson wrote. InvalidArgument, in one line that begins with
// `path`, for anything else; `path` is only for the message.
absl::StatusOr<Report> ReportFromJson(absl::string_view json,
                                      absl::string_view path);

// ReportFromJson of a file. A missing one is NotFound.
absl::StatusOr<Report> ReadReport(absl::string_view path);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REPORT_JSON_H_
