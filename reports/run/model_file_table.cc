#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "reports/find_phase.h"
#include "reports/page/number_format.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {
namespace {

// What plain loops say of the integer program, with a blank behind it.
std::string EmulationSentence(const ModelFile& file) {
  if (!file.has_emulated_top1()) return "";
  return absl::StrCat(
      "In plain loops, on ", FormatCount(file.emulated_images()),
      " images spread over the test set: ",
      FormatFixed(file.emulated_top1(), 2), " %, ",
      file.emulated_differences() == 0
          ? "every logit the same to the last bit. "
          : absl::StrCat("with other logits than the program's on ",
                         FormatCount(file.emulated_differences()),
                         " of them: a kernel is wrong. "));
}

// What is known of the integer program, with a blank behind it.
std::string IntegerSentence(const Report& report) {
  const ModelFile& file = report.model_file();
  if (!file.has_integer_top1()) {
    return file.why_no_integer_program().empty()
               ? ""
               : absl::StrCat("No integer program: ",
                              file.why_no_integer_program(), ". ");
  }
  const PhaseResult* phase = FindPhase(report, file.phase());
  std::string text = absl::StrCat("Top-1 of its integer program: ",
                                  FormatFixed(file.integer_top1(), 2), " %");
  if (file.integer_single_crop()) {
    absl::StrAppend(&text,
                    " of one crop an image, while evaluations are of ten");
  } else if (phase != nullptr) {
    absl::StrAppend(&text, ", against ", FormatFixed(phase->top1(), 2),
                    " % of the same weights in floating point (",
                    FormatDifference(file.integer_top1() - phase->top1(), 2),
                    ")");
  }
  if (file.integer_weight_error() > 0) {
    absl::StrAppend(&text, "; quantized weights as bytes are off by up to ",
                    FormatFixed(100 * file.integer_weight_error(), 2),
                    " % of the largest");
  }
  return absl::StrCat(text, ". ", EmulationSentence(file));
}

}  // namespace

Table ModelFileTableOf(const Report& report) {
  const ModelFile& file = report.model_file();
  Table table;
  table.caption = absl::StrCat(
      "The packed model, model.trit, after phase ", file.phase(),
      ", counted from the file. \"\u00d7 smaller\" compares all weights at 4 "
      "bytes each with the whole file. ",
      IntegerSentence(report), SettingOf(report), ".");
  table.columns = {{"what", false}, {"bytes", true}, {"\u00d7 smaller", true}};
  if (file.bytes() == 0) return table;
  const auto add = [&](const char* what, uint32_t bytes) {
    table.rows.push_back({what, FormatCount(bytes), ""});
  };
  add("quantized weights, with codebooks and scales",
      file.coded_weight_bytes());
  add("weights in full precision", file.full_weight_bytes());
  add("biases", file.bias_bytes());
  add("batch normalization, folded", file.normalization_bytes());
  add("graph, names, header", file.description_bytes());
  const PhaseResult* phase = FindPhase(report, file.phase());
  table.rows.push_back({"the file", FormatCount(file.bytes()),
                        phase == nullptr
                            ? kNothing
                            : TimesSmaller(DenseBytes(*phase), file.bytes())});
  return table;
}

}  // namespace tritlab
