#include "reports/regression/junit.h"

#include "absl/strings/str_cat.h"
#include "reports/page/escape_html.h"
#include "reports/page/number_format.h"

namespace tritlab {
namespace {

std::string Figures(const ComparedNumber& number) {
  return absl::StrCat(NameOf(number.verdict), ": baseline ",
                      FormatSignificant(number.baseline), ", now ",
                      FormatSignificant(number.now), ", allowed \u00b1 ",
                      FormatSignificant(number.allowed),
                      number.note.empty() ? "" : "; ", number.note);
}

}  // namespace

std::string JUnitXml(const Comparison& comparison) {
  int failures = 0, skipped = 0;
  std::string cases;
  for (const ComparedNumber& number : comparison.numbers) {
    // The entities of HTML's text are XML's.
    absl::StrAppend(
        &cases, "    <testcase classname=\"",
        EscapeHtml(absl::StrCat(number.experiment, ".", number.phase)),
        "\" name=\"", EscapeHtml(number.name), "\"");
    if (IsRegression(number.verdict)) {
      ++failures;
      absl::StrAppend(&cases, "><failure message=\"",
                      EscapeHtml(Figures(number)), "\"/></testcase>\n");
    } else if (number.verdict == Verdict::kNotJudged) {
      ++skipped;
      absl::StrAppend(&cases, "><skipped message=\"", EscapeHtml(number.note),
                      "\"/></testcase>\n");
    } else {
      absl::StrAppend(&cases, "/>\n");
    }
  }
  const std::string counts =
      absl::StrCat(" tests=\"", comparison.numbers.size(), "\" failures=\"",
                   failures, "\" errors=\"0\" skipped=\"", skipped, "\"");
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                      "<testsuites", counts, ">\n",
                      "  <testsuite name=\"regression\"", counts, ">\n", cases,
                      "  </testsuite>\n</testsuites>\n");
}

}  // namespace tritlab
