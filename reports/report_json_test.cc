#include "reports/report_json.h"

#include <cmath>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "reports/made_up_report.h"
#include "reports/report.pb.h"

namespace tritlab {
namespace {

using ::google::protobuf::util::MessageDifferencer;

// Protects: every field, to the last bit of each double, survives the file.
TEST(ReportJson, RoundTripKeepsEverything) {
  const Report report = MadeUpReport();
  const auto json = ReportToJson(report);
  ASSERT_TRUE(json.ok()) << json.status();
  const auto back = ReportFromJson(*json, "report.json");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(MessageDifferencer::Equals(report, *back));
}

// Protects: users' scripts that read `results[i].top1` and so on.
TEST(ReportJson, UsesTheProtoFieldNamesAndPrintsZeros) {
  Report report;
  report.mutable_provenance()->set_experiment("e");
  report.add_results()->set_name("ttq");
  const auto json = ReportToJson(report);
  ASSERT_TRUE(json.ok()) << json.status();
  for (const char* field :
       {"\"results\"", "\"top1\": 0", "\"loss\": 0", "\"weight_sparsity\": 0",
        "\"weight_bytes\": 0", "\"seconds\": 0", "\"images_per_second\": 0",
        "\"layers\": []", "\"epochs\": []", "\"seed\": 0", "\"paper\": []"}) {
    EXPECT_NE(json->find(field), std::string::npos) << field << "\n" << *json;
  }
  EXPECT_EQ(json->back(), '\n');
}

// Protects: the same report gives the same bytes, however its maps were built.
TEST(ReportJson, IsStable) {
  Report forwards = MadeUpReport();
  Report backwards = MadeUpReport();
  for (int i = 0; i < 100; ++i) {
    auto* one = forwards.mutable_results(1)->mutable_layers(1);
    auto* two = backwards.mutable_results(1)->mutable_layers(1);
    (*one->mutable_values())[absl::StrCat("v", i)] = i;
    (*two->mutable_values())[absl::StrCat("v", 99 - i)] = 99 - i;
  }
  const auto one = ReportToJson(forwards);
  const auto two = ReportToJson(backwards);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(*one, *two);
  EXPECT_LT(one->find("\"v1\""), one->find("\"v2\""));
}

// Protects: a run that diverged can still be reported and read again.
TEST(ReportJson, NotANumberIsAString) {
  Report report = MadeUpReport();
  report.mutable_results(0)->set_loss(std::numeric_limits<double>::quiet_NaN());
  report.mutable_results(1)->set_loss(std::numeric_limits<double>::infinity());
  const auto json = ReportToJson(report);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_NE(json->find("\"loss\": \"NaN\""), std::string::npos);
  EXPECT_NE(json->find("\"loss\": \"Infinity\""), std::string::npos);
  const auto back = ReportFromJson(*json, "report.json");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(std::isnan(back->results(0).loss()));
  EXPECT_TRUE(std::isinf(back->results(1).loss()));
}

// Protects: a folder whose name is not UTF-8 does not cost the report.
TEST(ReportJson, BytesThatAreNotUtf8AreReplaced) {
  Report report = MadeUpReport();
  report.mutable_provenance()->set_data_source(
      "a\xFF\xC3\xA4\xED\xA0\x80/\xE2\x82");
  const auto json = ReportToJson(report);
  ASSERT_TRUE(json.ok()) << json.status();
  const auto back = ReportFromJson(*json, "report.json");
  ASSERT_TRUE(back.ok()) << back.status();
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(back->provenance().data_source(),
            "a" + bad + "\xC3\xA4" + bad + bad + bad + "/" + bad + bad);
}

// Protects: a wrong file is refused in one line that names it.
TEST(ReportJson, RefusesWhatIsNoReport) {
  const std::string whole = *ReportToJson(MadeUpReport());
  for (const std::string& text :
       {std::string(), std::string("\n\n"), std::string("[]"),
        std::string("{}"), std::string("{\"unheard_of\": 1}"),
        std::string("\x7f"
                    "ELF\0\1",
                    6),
        std::string("{\"provenance\": {\"seed\": -1}}"),
        whole.substr(0, whole.size() / 2), whole + "}"}) {
    const auto report = ReportFromJson(text, "runs/a/report.json");
    ASSERT_FALSE(report.ok()) << text;
    EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(report.status().message());
    EXPECT_EQ(message.find("runs/a/report.json: "), 0u) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(ReportJson, MissingFileIsNotFound) {
  const std::string path = JoinPath(testing::TempDir(), "none/report.json");
  const auto report = ReadReport(path);
  EXPECT_EQ(report.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(report.status().message().find(path), std::string::npos);
}

}  // namespace
}  // namespace tritlab
