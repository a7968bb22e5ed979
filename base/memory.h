// Whether this machine has the memory that something large would take, asked
// before it is taken.
#ifndef TRITLAB_BASE_MEMORY_H_
#define TRITLAB_BASE_MEMORY_H_

#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// ResourceExhausted, "WHAT: X GB, more than this machine's Y GB of memory;
// ADVICE", when `bytes` exceed the machine's memory, or the limit of the
// container (cgroup v2) that the program runs in. A double, so that a product
// of sizes cannot overflow.
absl::Status CheckMemory(absl::string_view what, double bytes,
                         absl::string_view advice);

// What function() gives, a status or a StatusOr; ResourceExhausted, naming
// `what`, where there was not the memory. For threads of their own, on which
// nobody else would catch that.
template <typename Function>
auto WithinMemory(absl::string_view what, const Function& function)
    -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": there is not enough memory; use fewer threads"));
  }
}

}  // namespace tritlab

#endif  // TRITLAB_BASE_MEMORY_H_
