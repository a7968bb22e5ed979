#include "base/energy_meter.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// Longer than any number or name there.
constexpr int64_t kMostBytes = 1 << 16;

absl::StatusOr<double> ReadNumber(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMostBytes);
  if (absl::IsPermissionDenied(text.status())) {
    return absl::PermissionDeniedError(absl::StrCat(
        path,
        ": may not be read; run as root, or let everybody read it: sudo chmod "
        "a+r ",
        path));
  }
  if (!text.ok()) return text.status();
  double value = 0;
  if (!absl::SimpleAtod(absl::StripAsciiWhitespace(*text), &value) ||
      !std::isfinite(value) || value < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": it holds no number of microjoules"));
  }
  return value;
}

}  // namespace

absl::StatusOr<EnergyMeter> EnergyMeter::Start(const std::string& root) {
  const absl::Status none = absl::NotFoundError(absl::StrCat(
      root, ": this machine shows no energy counter of its processors"));
  const auto zones = ListDirectory(root);
  if (!zones.ok()) return none;
  std::vector<Package> packages;
  for (const std::string& zone : *zones) {
    // A package's parts are zones of their own and within its count; others
    // are the whole machine or a device.
    const std::string folder = JoinPath(root, zone);
    const auto name = ReadFile(JoinPath(folder, "name"), kMostBytes);
    if (!name.ok() || !absl::StartsWith(*name, "package-")) continue;
    // intel-rapl-mmio:0 is intel-rapl:0 again, by another way.
    if (absl::StrContains(zone, "mmio")) continue;
    Package package = {.counter = JoinPath(folder, "energy_uj")};
    ASSIGN_OR_RETURN(package.range,
                     ReadNumber(JoinPath(folder, "max_energy_range_uj")));
    ASSIGN_OR_RETURN(package.last, ReadNumber(package.counter));
    packages.push_back(package);
  }
  if (packages.empty()) return none;
  return EnergyMeter(std::move(packages));
}

absl::StatusOr<double> EnergyMeter::Joules() {
  double microjoules = 0;
  for (Package& package : packages_) {
    ASSIGN_OR_RETURN(const double now, ReadNumber(package.counter));
    package.since_start +=
        now - package.last + (now < package.last ? package.range : 0);
    package.last = now;
    microjoules += package.since_start;
  }
  return 1e-6 * microjoules;
}

}  // namespace tritlab
