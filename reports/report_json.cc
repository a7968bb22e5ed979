#include "reports/report_json.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "reports/report.pb.h"
#include "reports/valid_text.h"

namespace tritlab {
namespace {

// No report comes near this; a wrong file should not fill the memory.
constexpr int64_t kMaximumBytes = int64_t{1} << 30;

// Applies ValidText to every text field, keys of maps included (a map is a
// repeated field of entries to reflection).
void MakeTextValid(google::protobuf::Message* message) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        MakeTextValid(
            repeated ? reflection->MutableRepeatedMessage(message, field, i)
                     : reflection->MutableMessage(message, field));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        if (repeated) {
          reflection->SetRepeatedString(
              message, field, i,
              ValidText(reflection->GetRepeatedString(*message, field, i)));
        } else {
          reflection->SetString(
              message, field,
              ValidText(reflection->GetString(*message, field)));
        }
      }
    }
  }
}

// Maps have no order of their own; deterministic serialization sorts them by
// key, and JSON made from those bytes keeps that order.
std::string SortedBytes(const Report& report) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  report.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// The beginning of what protobuf says, which may go over several lines.
std::string Beginning(absl::string_view text) {
  std::string line;
  for (const char byte : text.substr(0, 200)) {
    const bool control = static_cast<unsigned char>(byte) < 0x20;
    if (control && (line.empty() || line.back() == ' ')) continue;
    line += control ? ' ' : byte;
  }
  return line;
}

}  // namespace

absl::StatusOr<std::string> ReportToJson(const Report& report) {
  Report valid = report;
  MakeTextValid(&valid);
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options.always_print_fields_with_no_presence = true;
#else
  options.always_print_primitive_fields = true;
#endif
  const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
      google::protobuf::util::NewTypeResolverForDescriptorPool(
          "type.googleapis.com", Report::descriptor()->file()->pool()));
  std::string json;
  const auto status = google::protobuf::util::BinaryToJsonString(
      resolver.get(),
      absl::StrCat("type.googleapis.com/", Report::descriptor()->full_name()),
      SortedBytes(valid), &json, options);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat(
        "report.json: ", Beginning(std::string(status.message()))));
  }
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

absl::StatusOr<Report> ReportFromJson(absl::string_view json,
                                      absl::string_view path) {
  const auto refuse = [&](absl::string_view reason) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a whole report (", reason,
                     "); run the experiment again, or fetch the file anew"));
  };
  if (json.find_first_not_of(" \t\r\n") == absl::string_view::npos) {
    return refuse("the file is empty");
  }
  Report report;
  const auto status =
      google::protobuf::util::JsonStringToMessage(std::string(json), &report);
  if (!status.ok()) return refuse(Beginning(std::string(status.message())));
  if (!report.has_provenance()) return refuse("no field \"provenance\"");
  return report;
}

absl::StatusOr<Report> ReadReport(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::string json, ReadFile(path, kMaximumBytes));
  return ReportFromJson(json, path);
}

}  // namespace tritlab
