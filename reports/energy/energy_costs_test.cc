#include "reports/energy/energy_costs.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "reports/energy/energy_costs.pb.h"

namespace tritlab {
namespace {

// Protects: the figures of the two publications, and the order they ship in.
TEST(ShippedEnergyCosts, AreThosePublished) {
  const auto shipped = ShippedEnergyCosts();
  ASSERT_TRUE(shipped.ok()) << shipped.status();
  ASSERT_EQ(shipped->size(), 2u);
  const EnergyCosts& horowitz = (*shipped)[0];
  EXPECT_EQ(horowitz.process(), "45 nm");
  EXPECT_NE(horowitz.source().find("Horowitz"), std::string::npos);
  EXPECT_EQ(horowitz.operations().int8_add(), 0.03);
  EXPECT_EQ(horowitz.operations().int32_add(), 0.1);
  EXPECT_EQ(horowitz.operations().int8_multiply(), 0.2);
  EXPECT_EQ(horowitz.operations().int32_multiply(), 3.1);
  EXPECT_EQ(horowitz.operations().f32_add(), 0.9);
  EXPECT_EQ(horowitz.operations().f32_multiply(), 3.7);
  EXPECT_EQ(horowitz.dram(0).pj(), 1300);
  EXPECT_EQ(BufferOf(horowitz).name(), "1 MB");
  EXPECT_EQ(BufferOf(horowitz).pj(), 100);
  const EnergyCosts& jouppi = (*shipped)[1];
  EXPECT_EQ(jouppi.process(), "7 nm");
  EXPECT_NE(jouppi.source().find("Jouppi"), std::string::npos);
  EXPECT_EQ(jouppi.operations().f32_multiply(), 1.31);
  EXPECT_EQ(jouppi.operations().bf16_multiply(), 0.21);
  EXPECT_EQ(BufferOf(jouppi).pj(), 14);
  EXPECT_EQ(jouppi.dram(0).name(), "HBM2");
}

// Protects: what is compiled in is what the files say.
TEST(ShippedEnergyCosts, AreTheFiles) {
  const std::vector<EnergyCosts> shipped = *ShippedEnergyCosts();
  int i = 0;
  for (const char* name : {"horowitz_45nm", "jouppi_7nm"}) {
    const auto file =
        ReadEnergyCosts(absl::StrCat("reports/energy/", name, ".textproto"));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->SerializeAsString(), shipped[i++].SerializeAsString());
  }
}

// Protects: a user's file with a mistake is refused by file and field.
TEST(ParseEnergyCosts, NamesWhatIsWrong) {
  const EnergyCosts good = (*ShippedEnergyCosts())[0];
  ASSERT_TRUE(CheckEnergyCosts(good).ok());
  const auto error = [](const EnergyCosts& costs) {
    const absl::Status status = CheckEnergyCosts(costs);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EnergyCosts costs = good;
  costs.mutable_operations()->clear_shift();
  EXPECT_EQ(error(costs).find("operations.shift"), 0u) << error(costs);
  costs = good;
  costs.mutable_operations()->set_int8_add(-1);
  EXPECT_EQ(error(costs).find("operations.int8_add"), 0u) << error(costs);
  costs = good;
  costs.clear_source();
  EXPECT_EQ(error(costs).find("source"), 0u) << error(costs);
  costs = good;
  costs.clear_dram();
  EXPECT_EQ(error(costs).find("dram"), 0u) << error(costs);
  costs = good;
  costs.mutable_sram(1)->clear_bits();
  EXPECT_EQ(error(costs).find("sram.bits"), 0u) << error(costs);
  costs = good;
  costs.mutable_sram(1)->clear_bytes();
  EXPECT_EQ(error(costs).find("sram.bytes"), 0u) << error(costs);
  costs = good;
  costs.mutable_registers();
  EXPECT_EQ(error(costs).find("registers.bits"), 0u) << error(costs);

  const absl::Status typo =
      ParseEnergyCosts("process: 'x'\nsorce: 'y'", "mine.textproto").status();
  EXPECT_EQ(std::string(typo.message()).find("mine.textproto:2:"), 0u) << typo;
  EXPECT_FALSE(ReadEnergyCosts("no/such/file.textproto").ok());
}

}  // namespace
}  // namespace tritlab
