// Record files (base/record_file.h) whose checksums are made right, so that a
// damaged input reaches what reads the records.
#ifndef TRITLAB_BASE_FUZZING_MENDED_RECORDS_H_
#define TRITLAB_BASE_FUZZING_MENDED_RECORDS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

// The same records with the checksums of their lengths and data. One that is
// longer than what is left ends with it; a remainder that is shorter than a
// frame is left out.
std::string MendedRecords(absl::string_view bytes);

}  // namespace tritlab

#endif  // TRITLAB_BASE_FUZZING_MENDED_RECORDS_H_
