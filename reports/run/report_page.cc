#include "reports/run/report_page.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reports/page/page.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/dynamics_figures.h"
#include "reports/run/figures.h"
#include "reports/run/filter_removal.h"
#include "reports/run/iteration_cost.h"
#include "reports/run/measured_energy.h"
#include "reports/run/report_tables.h"

namespace tritlab {
namespace {

bool Quantizes(const PhaseResult& phase) {
  return std::any_of(phase.layers().begin(), phase.layers().end(),
                     [](const LayerResult& layer) {
                       return layer.quantizer() != "full_precision";
                     });
}

// Elements that have nothing to show are left out, with their headings.
class PageWriter {
 public:
  explicit PageWriter(Page* page) : page_(page) {}

  // What is called after phases whose names differ in signs or case alone would
  // be called the same.
  void Add(PageElement element) {
    if (auto* const table = std::get_if<PageTable>(&element)) {
      table->name = Unique(table->name, "-");
    } else if (auto* const figure = std::get_if<Figure>(&element)) {
      figure->plot.name = Unique(figure->plot.name, "_");
    }
    page_->elements.push_back(std::move(element));
  }

  void AddTable(PageTable table, absl::string_view heading = "") {
    if (table.table.rows.empty()) return;
    if (!heading.empty()) Add(Heading{std::string(heading)});
    Add(std::move(table));
  }

  void AddFigure(Figure figure, absl::string_view heading) {
    if (figure.plot.series.empty()) return;
    Add(Heading{std::string(heading)});
    Add(std::move(figure));
  }

 private:
  // `name`, or "NAME_2" and so on where it was given before.
  std::string Unique(const std::string& name, absl::string_view joint) {
    std::string unique = name;
    for (int i = 2; !names_.insert(unique).second; ++i)
      unique = absl::StrCat(name, joint, i);
    return unique;
  }

  Page* page_;
  std::set<std::string> names_;
};

void AddKernels(const Report& report, PageWriter& page) {
  // Of the last phase only: the pictures are large.
  const PhaseResult& phase = report.results(report.results_size() - 1);
  bool first = true;
  for (const LayerResult& layer : phase.layers()) {
    if (!layer.has_kernels()) continue;
    if (std::exchange(first, false)) page.Add(Heading{"Kernels"});
    page.Add(KernelFigure{KernelCaptionOf(report, phase, layer),
                          absl::StrCat("Kernels of layer ", layer.name()),
                          layer.kernels()});
  }
}

void AddPhase(const Report& report, const PhaseResult& phase,
              PageWriter& page) {
  page.Add(Heading{absl::StrCat("Phase ", phase.name())});
  page.Add(Paragraph{ResultSentence(phase)});
  const auto add = [&](Table table, const std::string& title, bool open) {
    page.AddTable({.table = std::move(table),
                   .name = PageName(absl::StrCat(phase.name(), " ", title)),
                   .title = title,
                   .open = open});
  };
  for (Figure& figure : DynamicsFigures(report, phase))
    page.Add(std::move(figure));
  add(StageTableOf(report, phase), "Cost of the stages", true);
  add(ExtrapolationTableOf(report, phase), "Cost with ImageNet", true);
  add(RemovedFiltersTableOf(report, phase), "Removed filters", true);
  add(LayerTableOf(report, phase), "Layers", Quantizes(phase));
  add(ActivationTableOf(report, phase), "Activations", false);
  add(WeightSetTableOf(report, phase), "Changes of set", false);
  for (const EnergyResult& energy : phase.energy()) {
    add(LayerEnergyTableOf(report, phase, energy),
        absl::StrCat("Energy by layer, ", energy.process(), ", ",
                     energy.activations()),
        false);
  }
  add(FilterTableOf(report, phase), "Filters", false);
  add(EpochTableOf(report, phase), "Accuracy by epoch", false);
}

}  // namespace

Page ReportPage(const Report& report) {
  Page made;
  made.title = TitleOf(report);
  made.lead = SettingOf(report);
  PageWriter page(&made);
  if (report.results_size() == 0) {
    page.Add(Paragraph{"No phase has finished."});
  }
  page.AddTable({SummaryTableOf(report, SummaryDetail::kPage), "summary"});
  if (report.paper_size() > 0) page.Add(Notes{PaperNotes(report)});
  page.AddTable({ChangeTableOf(report), "change"});
  page.AddTable({FilterRemovalTableOf(report), "filter-removal"});
  if (report.results_size() > 0) {
    page.AddFigure(AccuracyFigure(report), "Accuracy by epoch");
    page.AddFigure(SparsityFigure(report), "Sparsity by layer");
    page.AddFigure(ActivationSparsityFigure(report), "Activations by layer");
    page.AddFigure(BothNonzeroFigure(report), "Multiply-adds without a zero");
    AddKernels(report, page);
  }
  page.AddTable({ModelFileTableOf(report), "model-file"}, "The packed model");
  page.AddTable({CostTableOf(report), "cost"}, "Cost of training");
  page.AddTable({EnergyTableOf(report), "energy"}, "Energy");
  page.AddTable({MemoryTrafficTableOf(report), "memory-traffic"});
  if (std::string energy = MeasuredEnergySentence(report); !energy.empty())
    page.Add(Paragraph{std::move(energy)});
  for (const PhaseResult& phase : report.results()) {
    AddPhase(report, phase, page);
  }
  page.AddTable({ProvenanceTableOf(report), "provenance"}, "What was run");
  page.Add(Paragraph{RepetitionSentence(report)});
  return made;
}

}  // namespace tritlab
