// The pictures of a report.
#ifndef TRITLAB_REPORTS_FIGURES_H_
#define TRITLAB_REPORTS_FIGURES_H_

#include <string>
#include <vector>

#include "reports/plot.h"
#include "reports/report.pb.h"

namespace tritlab {

struct Figure {
  // Stands on its own: what, on which data, at what setting, which seed.
  std::string caption;
  Plot plot;
  int height = 360;  // in pixels, whatever the width
};

// Top-1 by epoch for all phases: the test set's, dashed the training images'.
// Epoch 0 is the accuracy before the first step, where it is known.
Figure AccuracyFigure(const Report& report);

// Sparsity by layer, for the phases that have any. Without one the plot has no
// points.
Figure SparsityFigure(const Report& report);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_FIGURES_H_
