#include "reports/write_report.h"

#include <cstddef>
#include <set>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/page/page.h"
#include "reports/report.pb.h"
#include "reports/report_json.h"
#include "reports/run/report_page.h"

namespace tritlab {
namespace {

std::string Folder() {
  const std::string folder = JoinPath(
      testing::TempDir(),
      absl::StrCat(
          "report_",
          testing::UnitTest::GetInstance()->current_test_info()->name()));
  EXPECT_TRUE(MakeDirectories(folder).ok());
  return folder;
}

// Protects: the pages can be made again from report.json alone, byte for byte.
TEST(RenderAgain, GivesTheSamePages) {
  const std::string folder = Folder();
  ASSERT_TRUE(WriteReport(MadeUpReport(), folder).ok());
  const std::string markdown = *ReadFile(JoinPath(folder, "report.md"));
  const std::string html = *ReadFile(JoinPath(folder, "report.html"));
  ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, "report.md"), "").ok());
  ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, "report.html"), "").ok());
  ASSERT_TRUE(RenderAgain(folder).ok());
  EXPECT_EQ(*ReadFile(JoinPath(folder, "report.md")), markdown);
  EXPECT_EQ(*ReadFile(JoinPath(folder, "report.html")), html);
}

// Protects: a damaged report.json leaves the pages as they were.
TEST(RenderAgain, DamageWritesNothing) {
  const std::string folder = Folder();
  const std::string path = JoinPath(folder, "report.json");
  ASSERT_TRUE(WriteReport(MadeUpReport(), folder).ok());
  ASSERT_TRUE(WriteFileAtomically(JoinPath(folder, "report.md"), "mine").ok());
  const std::string json = *ReadFile(path);
  ASSERT_TRUE(WriteFileAtomically(path, json.substr(0, json.size() / 3)).ok());
  const absl::Status status = RenderAgain(folder);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message().find(path), 0u);
  EXPECT_EQ(*ReadFile(JoinPath(folder, "report.md")), "mine");
}

// Protects: no picture of the page is left out, whatever is added to it.
TEST(WritePictures, AreAllOfThePageAsFilesOfTheirOwn) {
  const std::string folder = JoinPath(Folder(), "new/pictures");
  const Report report = MadeUpReport();
  const absl::Status status = WritePictures(report, folder);
  if (status.code() == absl::StatusCode::kNotFound) {
    GTEST_SKIP() << "gnuplot is not installed";
  }
  ASSERT_TRUE(status.ok()) << status;
  std::set<std::string> names = {"activation_sparsity", "both_nonzero",
                                 "kernels_1", "kernels_2",
                                 "dynamics_ttq_changes"};
  size_t pictures = 0;
  for (const PageElement& element : ReportPage(report).elements) {
    const Figure* figure = std::get_if<Figure>(&element);
    if (figure != nullptr) names.insert(figure->plot.name);
    pictures +=
        figure != nullptr || std::holds_alternative<KernelFigure>(element);
  }
  EXPECT_EQ(names.size(), pictures);
  for (const std::string& name : names) {
    const auto svg = ReadFile(JoinPath(folder, name + ".svg"));
    ASSERT_TRUE(svg.ok()) << svg.status();
    EXPECT_EQ(svg->find("<?xml"), 0u);
  }
}

// Protects: a user's costs are in report.json as on the pages; given again, or
// for a process that ships, they replace what is there.
TEST(RenderAgain, WritesEnergyAtCostsIntoReportJson) {
  const std::string folder = Folder();
  const Report report = MadeUpReport();
  ASSERT_TRUE(WriteReport(report, folder).ok());
  const std::string costs = JoinPath(folder, "mine.textproto");
  const std::string path = JoinPath(folder, "report.json");
  const auto render = [&](const std::string& process, int add) {
    EXPECT_TRUE(
        WriteFileAtomically(
            costs,
            absl::StrCat("process: '", process, "' source: 'made up' ",
                         "operations { f32_add: ", add,
                         " f32_multiply: 2 bf16_multiply: 1 int8_multiply: 1 "
                         "int32_add: 1 int32_multiply: 1 shift: 1 } "
                         "sram { bytes: 1024 bits: 64 pj: 0 } "
                         "dram { bits: 64 pj: 0 }"))
            .ok());
    EXPECT_TRUE(RenderAgain(folder, {.energy_costs = costs}).ok());
    return *ReadReport(path);
  };
  const int shipped = report.results(1).energy_size();
  Report read = render("mine", 1);
  ASSERT_EQ(read.results(1).energy_size(), shipped + 3);
  const double before = read.results(1).energy(shipped).full_precision_pj();
  EXPECT_GT(before, 0);
  EXPECT_NE(ReadFile(JoinPath(folder, "report.html"))->find("made up"),
            std::string::npos);
  read = render("mine", 4);
  ASSERT_EQ(read.results(1).energy_size(), shipped + 3);
  EXPECT_EQ(read.results(1).energy(shipped).process(), "mine");
  // An addition and a multiplication were 1 + 2 picojoules and are 4 + 2.
  EXPECT_DOUBLE_EQ(read.results(1).energy(shipped).full_precision_pj(),
                   2 * before);
  read = render("45 nm", 1);
  EXPECT_EQ(read.results(1).energy_size(), shipped + 3);
  const std::string json = *ReadFile(path);
  ASSERT_TRUE(RenderAgain(folder).ok());
  EXPECT_EQ(*ReadFile(path), json);
}

// Protects: LaTeX where it is asked for, and only there.
TEST(RenderAgain, LatexWhereAsked) {
  const std::string folder = Folder();
  ASSERT_TRUE(WriteReport(MadeUpReport(), folder).ok());
  EXPECT_FALSE(FileExists(JoinPath(folder, "report.tex")));
  ASSERT_TRUE(RenderAgain(folder, {.latex = true}).ok());
  EXPECT_NE(ReadFile(JoinPath(folder, "report.tex"))->find("\\toprule"),
            std::string::npos);
}

// Protects: a page over the runs below, beside them, with the folder's name.
TEST(RenderRuns, WritesOnePageOverAll) {
  const std::string folder = Folder();
  EXPECT_EQ(RenderRuns(folder).code(), absl::StatusCode::kNotFound);
  for (const char* run : {"a", "b"}) {
    const std::string path = JoinPath(folder, run);
    ASSERT_TRUE(MakeDirectories(path).ok());
    ASSERT_TRUE(WriteReport(MadeUpReport(3, 2), path).ok());
  }
  ASSERT_TRUE(RenderRuns(folder + "/", {.latex = true}).ok());
  EXPECT_NE(ReadFile(JoinPath(folder, "runs.md"))
                ->find("# Runs in report_WritesOnePageOverAll\n"),
            std::string::npos);
  EXPECT_TRUE(FileExists(JoinPath(folder, "runs.html")));
  EXPECT_TRUE(FileExists(JoinPath(folder, "runs.tex")));
}

TEST(RenderAgain, MissingReportIsNamed) {
  const std::string folder = JoinPath(Folder(), "none");
  const absl::Status status = RenderAgain(folder);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find(JoinPath(folder, "report.json")),
            std::string::npos);
}

}  // namespace
}  // namespace tritlab
