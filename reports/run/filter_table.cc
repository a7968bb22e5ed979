#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reports/page/number_format.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"
#include "reports/run/report_tables.h"
#include "reports/run/table_parts.h"

namespace tritlab {

Table FilterTableOf(const Report& report, const PhaseResult& phase) {
  std::vector<const LayerResult*> layers;
  for (const LayerResult& layer : phase.layers()) {
    if (layer.has_filters()) layers.push_back(&layer);
  }
  Table table;
  table.caption = absl::StrCat(
      "Filters of the quantized layers after phase ", phase.name(),
      ". A filter makes one output channel; a kernel is its part for one input "
      "channel, and of a linear layer as large as its input image. \"Zero\" "
      "are "
      "those without a weight that is not 0. \"Equal\" filters repeat an "
      "earlier "
      "one, \"negated\" ones are minus an earlier one and equal to none; zero "
      "ones are not counted among them. \"Equal signs\" and \"negated "
      "signs\" count likewise by the signs of ternary weights, whatever their "
      "scales. \"Removable\" are filters that can go without a change of the "
      "network's output, up to rounding (models/remove_filters.h); duplicates "
      "stay, for merged weights would leave the codebook. \"Unread\" are input "
      "channels "
      "that all filters leave out. \"Possible\" is how many kernels the values "
      "of the codebook can form. ",
      SettingOf(report, phase), ".");
  using Layer = const LayerResult*;
  ColumnWriter columns(&table);
  const auto count = [&](const char* title, auto value) {
    columns.Add(title, true, layers,
                [&](Layer l) { return FormatCount(value(l->filters())); });
  };
  using Counts = FilterCounts;
  columns.Add("layer", false, layers, [](Layer l) { return l->name(); });
  columns.Add("kernel", true, layers, [](Layer l) {
    return absl::StrCat(l->filters().kernel_height(), "\u00d7",
                        l->filters().kernel_width());
  });
  count("filters", [](const Counts& c) { return c.filters(); });
  count("zero filters", [](const Counts& c) { return c.zero_filters(); });
  count("equal", [](const Counts& c) { return c.duplicate_filters(); });
  count("negated", [](const Counts& c) { return c.negated_filters(); });
  const auto known = [&](const char* title, auto has, auto value) {
    columns.Add(title, true, layers, [&](Layer l) -> std::string {
      return has(*l) ? FormatCount(value(*l)) : kNothing;
    });
  };
  using Result = LayerResult;
  known(
      "equal signs",
      [](const Result& l) { return l.filters().has_duplicate_sign_patterns(); },
      [](const Result& l) { return l.filters().duplicate_sign_patterns(); });
  known(
      "negated signs",
      [](const Result& l) { return l.filters().has_negated_sign_patterns(); },
      [](const Result& l) { return l.filters().negated_sign_patterns(); });
  known(
      "removable", [](const Result& l) { return l.has_removable_filters(); },
      [](const Result& l) { return l.removable_filters(); });
  count("input channels", [](const Counts& c) { return c.inputs(); });
  count("unread", [](const Counts& c) { return c.unread_inputs(); });
  count("kernels", [](const Counts& c) { return c.kernels(); });
  count("zero kernels", [](const Counts& c) { return c.zero_kernels(); });
  columns.Add("zero kernels %", true, layers, [](Layer l) {
    const Counts& c = l->filters();
    return c.kernels() == 0
               ? kNothing
               : Percent(static_cast<double>(c.zero_kernels()) / c.kernels());
  });
  count("distinct kernels",
        [](const Counts& c) { return c.distinct_kernels(); });
  columns.Add("possible", true, layers, [](Layer l) {
    const double possible = l->filters().possible_kernels();
    return possible >= 0 && possible < 1e9
               ? FormatCount(static_cast<uint64_t>(possible))
               : FormatSignificant(possible);
  });
  return table;
}

std::string KernelCaptionOf(const Report& report, const PhaseResult& phase,
                            const LayerResult& layer) {
  const KernelPicture& shown = layer.kernels();
  const FilterCounts& all = layer.filters();
  const auto of = [](uint64_t part, uint64_t whole) {
    return part < whole ? absl::StrCat("the first ", part, " of ", whole)
                        : absl::StrCat("all ", part);
  };
  return absl::StrCat(
      "Kernels of layer ", layer.name(), " after phase ", phase.name(),
      ": the quantized weights, blue where they are positive, orange where "
      "negative, grey where zero. A row is a filter (",
      of(shown.filters(), all.filters()),
      "), a column one of its input channels (",
      of(shown.inputs(),
         all.filters() == 0 ? 0 : all.kernels() / all.filters()),
      "); each kernel has ", shown.kernel_height(), "\u00d7",
      shown.kernel_width(), " weights. ", SettingOf(report, phase), ".");
}

}  // namespace tritlab
