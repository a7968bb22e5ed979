#include "base/text_proto.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace tritlab {
namespace {

constexpr int kDeepest = 100;

// Keeps the first error only: one line is what a person can act on.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(absl::string_view name) : name_(name) {}

  // Lines and columns count from 0; a line below says that there is none.
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    std::string place = name_;
    if (line >= 0) {
      absl::StrAppend(&place, place.empty() ? "" : ":", line + 1, ":",
                      column + 1);
    }
    text_ = absl::StrCat(place, place.empty() ? "" : ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  const std::string name_;
  std::string text_;
};

}  // namespace

absl::Status ParseTextProto(absl::string_view text, absl::string_view name,
                            google::protobuf::Message& message) {
  FirstError error(name);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  // The parser recurses, and the stack has an end. Binary protos have the same
  // limit.
  parser.SetRecursionLimit(kDeepest);
  if (parser.ParseFromString(std::string(text), &message))
    return absl::OkStatus();
  return absl::InvalidArgumentError(error.text());
}

}  // namespace tritlab
