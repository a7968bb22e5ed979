// The pictures of a report.
#ifndef TRITLAB_REPORTS_RUN_FIGURES_H_
#define TRITLAB_REPORTS_RUN_FIGURES_H_

#include <string>
#include <vector>

#include "reports/page/page.h"
#include "reports/report.pb.h"

namespace tritlab {

// Dots on every epoch are noise where there are more.
inline constexpr int kMostMarkers = 30;

// Top-1 by epoch for all phases: the test set's, dashed the training images'.
// Epoch 0 is the accuracy before the first step, where it is known.
Figure AccuracyFigure(const Report& report);

// Sparsity by layer, for the phases that have any. Without one the plot has no
// series.
Figure SparsityFigure(const Report& report);

// Zeros among the activations that each layer reads, in percent, for the phases
// in which they were counted. Without one the plot has no series.
Figure ActivationSparsityFigure(const Report& report);

// By layer, the share of multiply-adds whose weight and activation are both not
// 0, in percent: what is left when zeros are skipped. For the phases in which
// they were counted; without one the plot has no series.
Figure BothNonzeroFigure(const Report& report);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_FIGURES_H_
