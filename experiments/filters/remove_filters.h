// Removes the redundant filters (models/remove_filters.h) from a network that a
// run has trained, and says what that did: accuracy, bytes, multiply-adds and
// energy before and after, and after a short re-training.
#ifndef TRITLAB_EXPERIMENTS_FILTERS_REMOVE_FILTERS_H_
#define TRITLAB_EXPERIMENTS_FILTERS_REMOVE_FILTERS_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "reports/report.pb.h"

namespace tritlab {

struct FilterRemovalOptions {
  std::string run;    // a run's folder; nothing in it is changed
  std::string phase;  // a finished one of the run's; empty: the last
  std::string data_root;
  std::string folder;  // a new one, an empty one, or one to go on in
  // Of re-training by the phase's own recipe, of each stage where it has some;
  // 0: none. Quantizers go on with what they have learned; a phase with stages
  // begins them anew. Steps of a schedule move in proportion.
  int epochs = 0;
  // Goes on with what stands in the folder, if it is the same removal: the
  // re-training from its last checkpoint.
  bool resume = false;
  // As RunOptions'.
  std::function<bool()> stop_requested = {};
  std::function<void(bool at_once)> on_stoppable = {};
};

// The report has the phase as it was, PHASE_filters_removed and, with epochs,
// PHASE_retrained. The same is then in the folder, with
//   graph.textproto                   the smaller network
//   model.trit                        packed: of the re-trained network, if any
//   checkpoints/PHASE_filters_removed.ckpt   its latent weights and what
//                                     quantizers know; PHASE_retrained.ckpt
//   retraining.textproto, metrics.csv  the re-training's recipe and epochs
//   provenance.textproto              what it was begun with
// What quantized layers compute with is carried over value by value, whatever
// the quantizer would make of the smaller layers.
//
// Nothing is written before the smaller network has been evaluated. Errors name
// the flag or the file: InvalidArgument for a folder that holds no run, a phase
// that it has not, a recipe that cannot be trained; FailedPrecondition for a
// phase that is not finished, images that are not the run's, a folder that
// holds something, or, with `resume`, something else; Cancelled when asked to
// stop.
absl::StatusOr<Report> RemoveFiltersOfRun(const FilterRemovalOptions& options);

}  // namespace tritlab

#endif  // TRITLAB_EXPERIMENTS_FILTERS_REMOVE_FILTERS_H_
