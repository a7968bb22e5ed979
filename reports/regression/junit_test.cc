#include "reports/regression/junit.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

ComparedNumber Number(const std::string& name, Verdict verdict) {
  return {.experiment = "a<b",
          .phase = "ttq",
          .name = name,
          .baseline = 2,
          .now = 1,
          .allowed = 0.5,
          .verdict = verdict};
}

TEST(JUnitXml, CountsAndNamesFailures) {
  Comparison comparison;
  comparison.numbers = {Number("top1", Verdict::kWorse),
                        Number("loss", Verdict::kSame),
                        Number("speed", Verdict::kNotJudged)};
  const std::string xml = JUnitXml(comparison);
  EXPECT_THAT(xml, HasSubstr("tests=\"3\" failures=\"1\" errors=\"0\" "
                             "skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"a&lt;b.ttq\" name=\"top1\"><failure "
                             "message=\"WORSE: baseline 2, now 1"));
  EXPECT_THAT(xml, HasSubstr("name=\"loss\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"speed\"><skipped"));
}

// Protects: a folder with a name in Latin-1 does not make the XML ill-formed.
TEST(JUnitXml, FolderNamesOfOtherThanUtf8) {
  Comparison comparison;
  AddMissingRuns({"caf\xe9: the run is not over"}, comparison);
  EXPECT_THAT(JUnitXml(comparison),
              HasSubstr("; caf\ufffd: the run is not over\"/></testcase>"));
}

}  // namespace
}  // namespace tritlab
