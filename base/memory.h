// Whether this machine has the memory that something large would take, asked
// before it is taken.
#ifndef TRITLAB_BASE_MEMORY_H_
#define TRITLAB_BASE_MEMORY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// ResourceExhausted, "WHAT: X GB, more than this machine's Y GB of memory;
// ADVICE", when `bytes` exceed the machine's memory, or the limit of the
// container (cgroup v2) that the program runs in. A double, so that a product
// of sizes cannot overflow.
absl::Status CheckMemory(absl::string_view what, double bytes,
                         absl::string_view advice);

}  // namespace tritlab

#endif  // TRITLAB_BASE_MEMORY_H_
