#include "experiments/spec_file.h"

#include <cctype>
#include <memory>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/text_proto.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "training/trainer.h"

namespace tritlab {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

constexpr int64_t kLargestSpec = 1 << 20;  // bytes; a spec is written by hand

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i)
    names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

// The element of a repeated message field that `key` (an index or a name)
// means; one past the last is appended.
absl::StatusOr<Message*> Element(Message& message, const FieldDescriptor& field,
                                 const std::string& key) {
  const Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  int index = -1;
  if (absl::SimpleAtoi(key, &index)) {
    if (index == size) return reflection.AddMessage(&message, &field);
    if (index >= 0 && index < size)
      return reflection.MutableRepeatedMessage(&message, &field, index);
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s has %d entries; there is no %s", field.name(), size, key));
  }
  const FieldDescriptor* const name =
      field.message_type()->FindFieldByName("name");
  std::vector<std::string> names;
  for (int i = 0; name != nullptr && i < size; ++i) {
    Message* const element =
        reflection.MutableRepeatedMessage(&message, &field, i);
    names.push_back(element->GetReflection()->GetString(*element, name));
    if (names.back() == key) return element;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field.name(), " has no entry \"", key, "\"; there are ",
                   names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

// "field: value" in text proto form, with quotes put around a bare string.
std::string Assignment(const FieldDescriptor& field, absl::string_view value) {
  std::string text(absl::StripAsciiWhitespace(value));
  if (field.type() == FieldDescriptor::TYPE_MESSAGE)
    return absl::StrCat(field.name(), " { ", text, " }");
  if (field.type() == FieldDescriptor::TYPE_STRING &&
      !absl::StartsWith(text, "\"") && !absl::StartsWith(text, "'"))
    text = absl::StrCat("\"", text, "\"");
  if (field.is_repeated() && !absl::StartsWith(text, "["))
    text = absl::StrCat("[", text, "]");
  return absl::StrCat(field.name(), ": ", text);
}

}  // namespace

absl::Status ReadTextProto(const std::string& path, Message& message) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLargestSpec));
  return ParseTextProto(text, path, message);
}

std::string ToText(const Message& message) {
  std::string text;
  TextFormat::PrintToString(message, &text);
  return text;
}

absl::Status SetField(absl::string_view path, absl::string_view value,
                      Message& message) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set ", path, "=", value, ": ", what));
  };
  Message* at = &message;
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (size_t i = 0; i < parts.size(); ++i) {
    const FieldDescriptor* const field =
        at->GetDescriptor()->FindFieldByName(parts[i]);
    if (field == nullptr) {
      return error(absl::StrCat("there is no field \"", parts[i],
                                "\"; there are ",
                                FieldNames(*at->GetDescriptor())));
    }
    const Reflection& reflection = *at->GetReflection();
    const bool is_message = field->type() == FieldDescriptor::TYPE_MESSAGE;
    if (i + 1 == parts.size()) {
      // Into a message of its own: a value must not bring other fields along.
      const std::unique_ptr<Message> alone(at->New());
      if (const absl::Status status =
              ParseTextProto(Assignment(*field, value), /*name=*/"", *alone);
          !status.ok()) {
        return error(status.message());
      }
      std::vector<const FieldDescriptor*> set;
      alone->GetReflection()->ListFields(*alone, &set);
      if (set.size() > 1 || (set.size() == 1 && set[0] != field)) {
        return error("it sets more than one field");
      }
      reflection.ClearField(at, field);
      at->MergeFrom(*alone);
      return absl::OkStatus();
    }
    if (field->is_repeated() && is_message) {
      auto element = Element(*at, *field, parts[++i]);
      if (!element.ok()) return error(element.status().message());
      at = *element;
      if (i + 1 == parts.size())
        return error("the path ends at an entry; name one of its fields");
    } else if (is_message) {
      at = reflection.MutableMessage(at, field);
    } else {
      return error(absl::StrCat(parts[i], " has no fields"));
    }
  }
  return error("the path is empty");
}

bool IsWord(absl::string_view name) {
  if (name.empty()) return false;
  for (const unsigned char c : name) {
    if (!std::isalnum(c) && c != '_' && c != '-' && c != '.') return false;
  }
  return name[0] != '.';
}

absl::Status ValidateSpec(const ExperimentSpec& spec) {
  const auto error = [](absl::string_view what) {
    return absl::InvalidArgumentError(what);
  };
  if (!IsWord(spec.name())) {
    return error(absl::StrCat("name is \"", spec.name(), "\"; ", kWordRule));
  }
  if (spec.dataset().name().empty()) return error("dataset.name is not set");
  if (spec.phases().empty())
    return error("phases is empty; an experiment has at least one");
  std::set<std::string> names;
  for (int i = 0; i < spec.phases_size(); ++i) {
    const PhaseSpec& phase = spec.phases(i);
    const std::string where = absl::StrFormat("phases[%d]", i);
    if (!IsWord(phase.name())) {
      return error(
          absl::StrCat(where, ".name is \"", phase.name(), "\"; ", kWordRule));
    }
    if (!phase.starts_from().empty() && names.count(phase.starts_from()) == 0) {
      return error(absl::StrCat(where, ".starts_from is \"",
                                phase.starts_from(),
                                "\"; no phase before it has that name"));
    }
    if (!names.insert(phase.name()).second)
      return error(
          absl::StrCat(where, ".name \"", phase.name(), "\" is used twice"));
    if (const absl::Status status = ValidatePhase(phase); !status.ok()) {
      return error(
          absl::StrCat(where, " (", phase.name(), "): ", status.message()));
    }
  }
  for (const PaperFigure& figure : spec.paper()) {
    if (names.count(figure.phase()) == 0) {
      return error(absl::StrCat("paper.phase is \"", figure.phase(),
                                "\"; no phase has that name"));
    }
    if (!(figure.top1() >= 0 && figure.top1() <= 100)) {
      return error(absl::StrCat("paper.top1 is ", figure.top1(),
                                "; it must be 0 to 100"));
    }
  }
  std::set<uint32_t> seeds;
  for (const uint32_t seed : spec.seeds()) {
    if (!seeds.insert(seed).second) {
      return error(absl::StrCat("seeds names ", seed, " twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tritlab
