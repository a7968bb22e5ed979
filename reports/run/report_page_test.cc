#include "reports/run/report_page.h"

#include <set>
#include <string>
#include <variant>

#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/page.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

// Protects: a link, a file of a picture and a label of LaTeX each stand for one
// table or picture, whatever phases are called. "ttq" has "scale_gradients",
// "ttq_scale" has "gradients".
TEST(ReportPage, NamesAreUniqueWhereThoseOfPhasesAreAlmostTheSame) {
  Report report = MadeUpReport(4, 3);
  const PhaseResult ternary = report.results(1);
  report.mutable_results()->RemoveLast();
  for (const char* name :
       {"inq-5", "inq_5", "inq.5", "ttq", "TTQ", "ttq_scale"}) {
    PhaseResult& phase = *report.add_results();
    phase = ternary;
    phase.set_name(name);
  }
  std::set<std::string> tables, pictures;
  for (const PageElement& element : ReportPage(report).elements) {
    if (const auto* table = std::get_if<PageTable>(&element)) {
      EXPECT_TRUE(tables.insert(table->name).second) << table->name;
      EXPECT_EQ(table->name, PageName(table->name));
    } else if (const auto* figure = std::get_if<Figure>(&element)) {
      const std::string& name = figure->plot.name;
      EXPECT_TRUE(pictures.insert(name).second) << name;
    }
  }
  // The first keeps the name that it has by itself.
  EXPECT_EQ(tables.count("inq-5-layers"), 1u);
  EXPECT_EQ(tables.count("inq-5-layers-3"), 1u);
  EXPECT_EQ(tables.count("ttq-layers-2"), 1u);
  EXPECT_EQ(pictures.count("dynamics_inq_5_scales"), 1u);
  EXPECT_EQ(pictures.count("dynamics_inq_5_scales_3"), 1u);
  EXPECT_EQ(pictures.count("dynamics_ttq_scale_gradients_2"), 1u);
}

}  // namespace
}  // namespace tritlab
