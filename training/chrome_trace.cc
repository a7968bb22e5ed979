#include "training/chrome_trace.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace tritlab {
namespace {

// A JSON string. Names are UTF-8 already.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') {
      quoted += '\\';
      quoted += character;
    } else if (static_cast<unsigned char>(character) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", character);
    } else {
      quoted += character;
    }
  }
  return quoted + '"';
}

}  // namespace

std::string ChromeTrace(std::span<const StepProfile::Event> events) {
  std::string trace = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [";
  absl::string_view separator = "\n";
  for (const StepProfile::Event& event : events) {
    absl::StrAppend(&trace, separator);
    separator = ",\n";
    absl::StrAppendFormat(
        &trace,
        "{\"name\": %s, \"cat\": %s, \"ph\": \"X\", \"pid\": 1, \"tid\": 1, "
        "\"ts\": %.3f, \"dur\": %.3f, \"args\": {\"multiply_adds\": %d, "
        "\"bytes\": %d}}",
        Quoted(event.name), Quoted(event.kind),
        1e6 * (event.start_seconds - events.front().start_seconds),
        1e6 * event.seconds, event.multiply_adds, event.bytes);
  }
  return absl::StrCat(trace, "\n]}\n");
}

}  // namespace tritlab
