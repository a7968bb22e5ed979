// What a report shows, as tables and sentences of finished text. The terminal,
// report.md and report.html render these and format no number themselves.
#ifndef TRITLAB_REPORTS_RUN_REPORT_TABLES_H_
#define TRITLAB_REPORTS_RUN_REPORT_TABLES_H_

#include <string>
#include <vector>

#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {

// "Run: resnet20 on cifar10, bf16, seed 1": what every caption
// ends with, so that a table or picture taken from its page still says what
// it is.
std::string SettingOf(const Report& report);

// The same with how one phase was trained ("...; ttq: TTQ, t = 0.05, 24
// epochs"), and with how each was.
std::string SettingOf(const Report& report, const PhaseResult& phase);
std::string SettingOfPhases(const Report& report);

// What the report is called: the experiment's name and seed.
std::string TitleOf(const Report& report);

enum class SummaryDetail {
  kTerminal,  // what fits a terminal's line
  kPage,      // also the best epoch and images a second
};

// One row a phase. The columns "paper %" and "difference" (this run minus the
// paper, in points of top-1) are there only when the paper reports something;
// "× smaller" compares with 4 bytes for each weight.
Table SummaryTableOf(const Report& report, SummaryDetail detail);

// Of the phases that start from another one: top-1 before and after, and what
// the phase changed, beside what the paper's figures changed. This is what can
// be compared on data on which the paper's own figures cannot be reached. No
// rows when no phase starts from another.
Table ChangeTableOf(const Report& report);

// What the packed model's file holds, in bytes; no rows when there is none.
Table ModelFileTableOf(const Report& report);

// What each phase's training took: epochs, wall time, multiply-adds, and these
// as a multiple of the phase that it starts from; so that re-training by one
// method can be held against another's.
Table CostTableOf(const Report& report);

// Picojoules of one image, memory included, zero weights skipped: the energy
// where a page shows one alone.
double SparseEnergyOf(const EnergyEntry& entry);

// The modelled energy of one image (energy.h): a row for each phase, process
// and format of activations; operations and energies in columns of their own,
// dense, with zero weights and with zero activations skipped. No rows when no
// phase has an estimate.
Table EnergyTableOf(const Report& report);

// The same rows: the traffic by level of memory, in bytes and in energy.
Table MemoryTrafficTableOf(const Report& report);

// One sentence for each figure of the paper, with its source and the
// difference; also for those whose phase did not run.
std::vector<std::string> PaperNotes(const Report& report);

// What was run: two columns, a name and its value. Phases that another run
// trained (PhaseResult.trained_by) have rows of their own.
Table ProvenanceTableOf(const Report& report);

// What is promised to whoever runs it again, with the threads of each phase
// that another run trained.
std::string RepetitionSentence(const Report& report);

// One row an epoch; the last is marked as the result, the best beside it.
Table EpochTableOf(const Report& report, const PhaseResult& phase);

// One row a layer: sparsity, what the quantizer learned, bytes.
Table LayerTableOf(const Report& report, const PhaseResult& phase);

// One row a layer, and one of all: zeros among the activations that it reads,
// and the share of multiply-adds in which neither factor is 0. No rows when
// they were not counted.
Table ActivationTableOf(const Report& report, const PhaseResult& phase);

// One row a layer whose weights are in sets (EpochResult.weight_sets): zeros
// and changes of set in the first and the last epoch, gradients in the last. No
// rows when there is none.
Table WeightSetTableOf(const Report& report, const PhaseResult& phase);

// One row a layer, of one of the phase's estimates: how it is computed,
// operations and the energy of computing, dense and with zeros skipped, and the
// traffic by level of memory. No rows when the estimate has no layers.
Table LayerEnergyTableOf(const Report& report, const PhaseResult& phase,
                         const EnergyResult& energy);

// One row a layer whose values are a small set: filters and kernels that are
// zero, equal to others or read by nobody. No rows when there is none.
Table FilterTableOf(const Report& report, const PhaseResult& phase);

// What the picture of a layer's kernels shows; for a layer that has one.
std::string KernelCaptionOf(const Report& report, const PhaseResult& phase,
                            const LayerResult& layer);

// "Top-1 86.41 %, loss 0.4321 after the last of 24 epochs (best: 86.52 % after
// epoch 22), starting from full_precision, 31.25 % before the first step; 3
// steps were skipped, ...": each part where there is something to say.
std::string ResultSentence(const PhaseResult& phase);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_RUN_REPORT_TABLES_H_
