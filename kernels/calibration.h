// How fast the machine is just now, by a loop that no library and no vector
// extension beyond the build's own has a part in.
//
// A training's images per second over this figure say less of the machine, its
// clock and its neighbours than images per second alone: both run in the same
// process, at the same number of threads, minutes apart. It is no measure of
// what the machine could do at most; kernels/roofline.h is.
#ifndef TRITLAB_KERNELS_CALIBRATION_H_
#define TRITLAB_KERNELS_CALIBRATION_H_

namespace tritlab {

// Multiply-adds a second, of all threads together, that products of small f32
// matrices run at: plain C++, each thread its own matrices, in the first-level
// cache. Takes at least `seconds`; the mean over them, not the best, for what
// slows it down slows training, too.
double CalibrationSpeed(double seconds = 0.05);

namespace internal {
// c += a b for square matrices of kCalibrationSize, row by row.
inline constexpr int kCalibrationSize = 32;
void CalibrationProduct(const float* a, const float* b, float* c);
}  // namespace internal

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_CALIBRATION_H_
