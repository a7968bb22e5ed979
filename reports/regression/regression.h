// Whether runs are as good as a baseline.
//
// A number of the baseline is the mean m of n seeds with the sample standard
// deviation s; now there is the mean m' of k seeds. If nothing has changed, all
// n + k are draws from one distribution. If that is normal, with variance v,
// then m' - m is normal with mean 0 and variance v (1/n + 1/k), independent of
// s, and (n - 1) s^2 / v is chi-square, so that
//
//   (m' - m) / (s sqrt(1/n + 1/k))
//
// has Student's t distribution with n - 1 degrees of freedom: the prediction
// interval for a mean of k further draws. s is the baseline's alone, since k
// may be 1. With t the quantile that is exceeded with probability p, the
// number is allowed to be off by
//
//   t s sqrt(1/n + 1/k) + resolution + relative_tolerance |m|.
//
// What is not normal as it is, such as a share of images near 100 %, is taken
// to its normal scale (reports/regression/normal_scale.h) before m, m' and s
// are formed, and the bounds on the first term are taken back from there; they
// are not equally far on both sides then.
//
// `resolution` is the least step that the figure of one seed can make (an image
// of the test set): a spread of 0 means that the seeds fell on one step, not
// that there is none.
//
// p: of the M numbers that are judged by their spread, each may raise an alarm;
// with p = false_alarms / M for each, the probability that any does is at most
// false_alarms, however they depend on each other (Bonferroni). Numbers that
// may not move either way divide p among their two sides. Numbers judged
// without spread (bytes, speed) do not count.
//
// Seeds that the baseline has already (the same bits on the same machine) are
// nearer to it than further draws: then the alarms are fewer still.
#ifndef TRITLAB_REPORTS_REGRESSION_REGRESSION_H_
#define TRITLAB_REPORTS_REGRESSION_REGRESSION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reports/regression/baseline.pb.h"
#include "reports/regression/tracked_numbers.h"

namespace tritlab {

enum class Verdict {
  kSame,
  kBetter,     // than allowed for: the baseline may be raised
  kWorse,      // a regression
  kChanged,    // likewise, of what has no better side
  kMissing,    // likewise: the baseline has it, the runs have not
  kNew,        // the runs have it, the baseline has not
  kNotJudged,  // no spread, or a speed on another machine
};
// "same", "better", ...
absl::string_view NameOf(Verdict verdict);
bool IsRegression(Verdict verdict);

struct ComparedNumber {
  std::string experiment;
  std::string phase;
  std::string name;
  // NaN where there is none.
  double baseline = 0;
  double now = 0;
  double allowed = 0;  // on the side of the baseline where it is
  Verdict verdict = Verdict::kSame;
  std::string note = {};  // what the verdict rests on, where numbers do not say
};

struct Comparison {
  std::vector<ComparedNumber> numbers;
  double level = 0;  // p, of each number that is judged by its spread
  int judged_by_spread = 0;
  bool regressed() const;
};

// With `whole`, what the baseline has and `measured` has not is missing; else
// only experiments that were measured are looked at, of which all phases must
// be there. A phase that the baseline does not have is new; without `whole` it
// is left out, for it may be what a sweep's point shares with others. NotFound,
// naming it, for an experiment that the baseline does not have;
// InvalidArgument, naming the field, for a baseline that nothing can be
// compared with.
absl::StatusOr<Comparison> Compare(const Baseline& baseline,
                                   const std::vector<MeasuredEntry>& measured,
                                   bool whole);

// Nothing is as good as a baseline while runs are missing: a number that
// regressed, with the reasons as its note; none when there are no reasons.
void AddMissingRuns(const std::vector<std::string>& missing,
                    Comparison& comparison);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_REGRESSION_H_
