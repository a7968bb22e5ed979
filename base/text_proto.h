// Messages from text protos, with errors that a person can act on.
#ifndef TRITLAB_BASE_TEXT_PROTO_H_
#define TRITLAB_BASE_TEXT_PROTO_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace tritlab {

// Sets `message` to what `text` says; `name` is the file's, or empty. Messages
// within messages may be 100 deep.
// InvalidArgument "NAME:LINE:COLUMN: what" for the first error alone, "NAME:
// what" where it has no place in the text; then `message` is incomplete. Enums
// are given by a name, or by the number of one.
absl::Status ParseTextProto(absl::string_view text, absl::string_view name,
                            google::protobuf::Message& message);

}  // namespace tritlab

#endif  // TRITLAB_BASE_TEXT_PROTO_H_
