// How reports write numbers. One way for every rendering, so that the terminal,
// report.md and report.html show the same figures. NaN is "NaN", infinities
// are "inf" and "-inf"; there is no "-0.00".
#ifndef TRITLAB_REPORTS_PAGE_NUMBER_FORMAT_H_
#define TRITLAB_REPORTS_PAGE_NUMBER_FORMAT_H_

#include <cstdint>
#include <string>

namespace tritlab {

// FormatFixed(86.4567, 2) == "86.46"; digits in 0..9.
std::string FormatFixed(double value, int digits);

// With its sign: "+0.30", "-5.35", "0.00".
std::string FormatDifference(double value, int digits);

// FormatCount(1078896) == "1,078,896".
std::string FormatCount(uint64_t value);

// A rate or a large count that is no whole number, rounded: "1,241".
std::string FormatRounded(double value);

// Four significant digits: "0.05", "1.274", "3.1e-07".
std::string FormatSignificant(double value);

// Multiply-adds and the like, from a million on by three digits: "40.6
// million", "1.82 billion", "146 trillion", "30,748 trillion".
std::string FormatMagnitude(double value);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_NUMBER_FORMAT_H_
