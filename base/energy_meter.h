// Joules that the processors have really used, from the counters that Linux
// shows of them (the powercap framework; RAPL, running average power limit, on
// Intel's and AMD's).
//
// What is counted is that of whole packages: all cores, caches and the memory
// controllers of each, whatever runs on them and when idle too; not memory,
// disks and fans. The kernel lets only root read the counters unless told
// otherwise, and virtual machines rarely have any.
#ifndef TRITLAB_BASE_ENERGY_METER_H_
#define TRITLAB_BASE_ENERGY_METER_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tritlab {

// Where Linux shows the counters.
inline constexpr char kPowercapRoot[] = "/sys/class/powercap";

class EnergyMeter {
 public:
  // Counts from now on. NotFound when `root` shows no processor's energy;
  // PermissionDenied, saying what to do, when it may not be read;
  // InvalidArgument, naming the file, when that holds no number.
  static absl::StatusOr<EnergyMeter> Start(
      const std::string& root = kPowercapRoot);

  // All packages together, since Start. A counter that has begun anew at 0 in
  // between is understood, if it did so once between two calls: at 100 watts
  // one of 262,144 joules does every 43 minutes. Errors as of Start.
  absl::StatusOr<double> Joules();

  size_t packages() const { return packages_.size(); }

 private:
  struct Package {
    std::string counter;     // the file that holds microjoules
    double range = 0;        // in microjoules, where it begins anew
    double last = 0;         // as read last
    double since_start = 0;  // in microjoules
  };
  explicit EnergyMeter(std::vector<Package> packages)
      : packages_(std::move(packages)) {}

  std::vector<Package> packages_;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_ENERGY_METER_H_
