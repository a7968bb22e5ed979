// Comma-separated values, as RFC 4180 has them, with "\n" between lines.
#ifndef TRITLAB_BASE_CSV_H_
#define TRITLAB_BASE_CSV_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tritlab {

// One line, its end included; fields are quoted where they must be.
std::string CsvLine(const std::vector<std::string>& fields);

// In the fewest digits that give the same double again; "nan", "inf" or "-inf"
// where it is no number.
std::string CsvNumber(double value);

// The fields of each line.
std::vector<std::vector<std::string>> CsvFields(absl::string_view csv);

}  // namespace tritlab

#endif  // TRITLAB_BASE_CSV_H_
