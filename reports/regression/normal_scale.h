// The scale on which the seeds of a tracked number are near a normal
// distribution, which the test of reports/regression/regression.h takes them to
// be.
//
// A share of images near 100 % is not: it has no room above and a tail below,
// and the nearer it is, the less it moves. Its log odds have neither end:
//
//   LOG_ODDS    z = ln((p + h / 2) / (100 - p + h / 2)), p in percent
//   LOGARITHM   z = ln(x)
//   LINEAR      z = x
//
// h is the number's resolution, one image: 0 and 100 % stay finite, and with
// p = 100 k / n it is Haldane and Anscombe's ln((k + 1/2) / (n - k + 1/2)).
#ifndef TRITLAB_REPORTS_REGRESSION_NORMAL_SCALE_H_
#define TRITLAB_REPORTS_REGRESSION_NORMAL_SCALE_H_

#include <vector>

#include "reports/regression/baseline.pb.h"

namespace tritlab {

// Not finite where the scale does not reach: the logarithm of 0.
double OnNormalScale(const TrackedNumber& number, double value);
std::vector<double> OnNormalScale(const TrackedNumber& number,
                                  const std::vector<double>& values);

// The inverse.
double FromNormalScale(const TrackedNumber& number, double value);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_NORMAL_SCALE_H_
