// Specs from text protos, with fields set from the command line, checked before
// anything runs.
#ifndef TRITLAB_EXPERIMENTS_SPEC_FILE_H_
#define TRITLAB_EXPERIMENTS_SPEC_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "experiments/spec.pb.h"
#include "google/protobuf/message.h"

namespace tritlab {

// Reads a text proto. InvalidArgument "FILE:LINE: what" for an unknown field or
// a value that its field does not take.
absl::Status ReadTextProto(const std::string& path,
                           google::protobuf::Message& message);

// The message as a text proto.
std::string ToText(const google::protobuf::Message& message);

// Sets one field by its path: "phases.ttq.epochs",
// "phases.1.optimizer.sgd.momentum", "seeds". Between dots stands a
// field's name; behind a repeated field's an index, or the `name` of one of its
// messages; an index one past the last appends. The value is in text proto
// form, quotes optional around strings; a message is given as "field: value
// ...", a whole repeated field as "1, 2, 3". InvalidArgument names the part of
// the path or the value that is wrong.
absl::Status SetField(absl::string_view path, absl::string_view value,
                      google::protobuf::Message& message);

// Whether folders may be called so: experiments, phases, sweeps and their axes
// are. kWordRule says in an error what a name must be.
bool IsWord(absl::string_view name);
inline constexpr char kWordRule[] =
    "it must be a word of letters, digits, _ - and . that does not begin with "
    ".";

// Checks everything that can be checked before the data is read.
// InvalidArgument, naming the field.
absl::Status ValidateSpec(const ExperimentSpec& spec);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SPEC_FILE_H_
