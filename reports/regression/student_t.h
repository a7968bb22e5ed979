// Student's t distribution.
#ifndef TRITLAB_REPORTS_REGRESSION_STUDENT_T_H_
#define TRITLAB_REPORTS_REGRESSION_STUDENT_T_H_

namespace tritlab {

// P(T > t) for T of Student's distribution with `freedom` > 0 degrees of
// freedom. With x = freedom / (freedom + t^2) and t >= 0 it is
//   I_x(freedom / 2, 1 / 2) / 2,
// I the regularized incomplete beta function (Abramowitz and Stegun 26.7.1).
// Exact to about 1e-12 of its value, far out as well.
double StudentTTail(double t, double freedom);

// The t with P(T > t) = tail, for tail in (0, 1).
double StudentTQuantile(double tail, double freedom);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_REGRESSION_STUDENT_T_H_
