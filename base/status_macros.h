// Macros that hand an error on to the caller.
//
//   RETURN_IF_ERROR(WriteFileAtomically(path, text));
//   ASSIGN_OR_RETURN(std::string text, ReadFile(path));
//
// Both serve functions that return absl::Status or absl::StatusOr<T>.
// ASSIGN_OR_RETURN is more than one statement: put braces around it under an
// `if`.
#ifndef TRITLAB_BASE_STATUS_MACROS_H_
#define TRITLAB_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(...)                                   \
  do {                                                         \
    if (absl::Status tritlab_status_to_return = (__VA_ARGS__); \
        !tritlab_status_to_return.ok()) {                      \
      return tritlab_status_to_return;                         \
    }                                                          \
  } while (false)

#define ASSIGN_OR_RETURN(lhs, ...)                                             \
  TRITLAB_ASSIGN_OR_RETURN_(TRITLAB_CONCATENATE_(tritlab_value_or_, __LINE__), \
                            lhs, __VA_ARGS__)

#define TRITLAB_ASSIGN_OR_RETURN_(value_or, lhs, ...)      \
  auto value_or = (__VA_ARGS__);                           \
  if (!value_or.ok()) return std::move(value_or).status(); \
  lhs = *std::move(value_or)

#define TRITLAB_CONCATENATE_(a, b) TRITLAB_CONCATENATE_NOW_(a, b)
#define TRITLAB_CONCATENATE_NOW_(a, b) a##b

#endif  // TRITLAB_BASE_STATUS_MACROS_H_
