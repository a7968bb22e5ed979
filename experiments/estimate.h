// How long an experiment will take on this machine, from a few measured steps
// of each phase instead of all of them.
#ifndef TRITLAB_EXPERIMENTS_ESTIMATE_H_
#define TRITLAB_EXPERIMENTS_ESTIMATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "experiments/spec.pb.h"

namespace tritlab {

struct PhaseEstimate {
  std::string name;
  int64_t steps = 0;              // of all stages
  double seconds_a_step = 0;      // measured
  double images_a_second = 0;     // in training; 0 for a phase without steps
  double training_seconds = 0;    // of all steps
  double evaluation_seconds = 0;  // after each epoch, and before the first
};

struct Estimate {
  std::string description;  // of what was measured: network, images, arithmetic
  int threads = 0;          // measured with
  int cores = 0;            // that the machine has
  std::vector<PhaseEstimate> phases;
  double peak_bytes =
      0;  // of memory that the measurement took, images included

  // Of all phases.
  double seconds() const;
};

// Opens the experiment's images and runs a few steps of every phase on made-up
// ones of the same shape, from drawn weights; writes nothing. Errors as
// RunExperiment's. `spec` must be valid.
absl::StatusOr<Estimate> EstimateExperiment(const ExperimentSpec& spec,
                                            absl::string_view data_root);

// Aligned plain text: a line a phase, the hours of `runs` runs here, and, as if
// the speed followed the cores, on machines with more and fewer. Ends with a
// newline.
std::string EstimateTable(const Estimate& estimate, int runs);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_ESTIMATE_H_
