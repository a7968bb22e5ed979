// What a sweep found, one row a point.
#ifndef TRITLAB_EXPERIMENTS_SWEEP_SWEEP_TABLE_H_
#define TRITLAB_EXPERIMENTS_SWEEP_SWEEP_TABLE_H_

#include <optional>
#include <string>
#include <vector>

#include "experiments/sweep/sweep.pb.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {

// What became of one point.
struct SweepOutcome {
  std::string name;
  std::vector<std::string> labels;    // one an axis
  std::vector<Report> reports;        // of the seeds that are done
  std::vector<std::string> failures;  // why, of those that failed
  int not_run = 0;                    // the other seeds
};

// What training cost.
struct TrainingCost {
  double epochs = 0;
  double seconds = 0;  // wall time, evaluation included
  double multiply_adds = 0;
};

// Means over the seeds that are done, of the last phase unless said otherwise.
struct SweepFigures {
  std::string phase;
  double top1 = 0;                       // percent
  std::optional<double> top1_deviation;  // of the sample; from two seeds on
  std::optional<double> start_top1;      // of the phase that it starts from
  double weight_sparsity = 0;
  double weight_bytes = 0;
  // Of the chain of phases that ends with the last one, without the first of
  // them (the full-precision start) unless that is the only one.
  TrainingCost retraining;
  // Of the whole chain, trained alone.
  TrainingCost all;
};

// Nothing when no seed is done.
std::optional<SweepFigures> Summarize(const SweepOutcome& outcome);

// For people: terminal and sweep.md.
Table SweepTable(const SweepSpec& sweep,
                 const std::vector<SweepOutcome>& outcomes);

// sweep.md: the table, what failed and why, and what was varied.
std::string SweepMarkdown(const SweepSpec& sweep,
                          const std::vector<SweepOutcome>& outcomes);

// sweep.csv (RFC 4180): a column an axis, then those of
// reports/runs/sweep_csv.h; numbers in the fewest digits that give the same
// double again, empty where there is none.
std::string SweepCsv(const SweepSpec& sweep,
                     const std::vector<SweepOutcome>& outcomes);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_SWEEP_SWEEP_TABLE_H_
