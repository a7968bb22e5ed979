#include "base/text_proto.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace tritlab {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

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

// Text may give an enum's number, and proto3 keeps any: what is wrong with the
// first one that has no name, or empty. `path` leads to the message, and ends
// with a dot.
std::string UnnamedEnumValue(const Message& message, const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string name =
          absl::StrCat(path, std::string(field->name()),
                       repeated ? absl::StrCat("[", i, "]") : "");
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        std::string unnamed = UnnamedEnumValue(
            repeated ? reflection.GetRepeatedMessage(message, field, i)
                     : reflection.GetMessage(message, field),
            name + ".");
        if (!unnamed.empty()) return unnamed;
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        const int value =
            repeated ? reflection.GetRepeatedEnumValue(message, field, i)
                     : reflection.GetEnumValue(message, field);
        const auto& type = *field->enum_type();
        if (type.FindValueByNumber(value) != nullptr) continue;
        std::vector<std::string> names;
        for (int j = 0; j < type.value_count(); ++j)
          names.emplace_back(type.value(j)->name());
        return absl::StrCat(name, " is ", value, "; it must be one of ",
                            absl::StrJoin(names, ", "));
      }
    }
  }
  return "";
}

}  // namespace

absl::Status ParseTextProto(absl::string_view text, absl::string_view name,
                            google::protobuf::Message& message) {
  FirstError error(name);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  // The parser recurses, and the stack has an end. Binary protos have the same
  // limit.
  parser.SetRecursionLimit(kDeepest);
  if (!parser.ParseFromString(std::string(text), &message))
    return absl::InvalidArgumentError(error.text());
  const std::string unnamed = UnnamedEnumValue(message, "");
  if (unnamed.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, name.empty() ? "" : ": ", unnamed));
}

}  // namespace tritlab
