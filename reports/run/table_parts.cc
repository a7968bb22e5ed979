#include "reports/run/table_parts.h"

#include "reports/page/number_format.h"

namespace tritlab {

std::string OrNothing(const std::string& text) {
  return text.empty() ? kNothing : text;
}

std::string Percent(double share) { return FormatFixed(100 * share, 2); }

const PaperResult* FindPaper(const Report& report, const std::string& phase) {
  for (const PaperResult& paper : report.paper()) {
    if (paper.phase() == phase) return &paper;
  }
  return nullptr;
}

uint64_t WeightsOf(const PhaseResult& phase) {
  uint64_t weights = 0;
  for (const LayerResult& layer : phase.layers()) weights += layer.weights();
  return weights;
}

uint64_t DenseBytes(const PhaseResult& phase) { return 4 * WeightsOf(phase); }

double MultiplyAddsOf(const PhaseResult& phase) {
  double sum = 0;
  for (const LayerResult& layer : phase.layers()) sum += layer.multiply_adds();
  return sum;
}

std::string TimesSmaller(uint64_t dense_bytes, uint64_t bytes) {
  if (dense_bytes == 0 || bytes == 0) return kNothing;
  return FormatFixed(static_cast<double>(dense_bytes) / bytes, 1);
}

std::string Microjoules(double pj) {
  const double uj = 1e-6 * pj;
  return uj < 1000 ? FormatSignificant(uj) : FormatRounded(uj);
}

std::vector<std::string> InOrder(std::set<std::string> names) {
  std::vector<std::string> ordered;
  for (const char* known : {"w_p", "w_n", "threshold", "threshold_factor"}) {
    if (names.erase(known) > 0) ordered.push_back(known);
  }
  ordered.insert(ordered.end(), names.begin(), names.end());
  return ordered;
}

std::string ValueTitle(const std::string& name) {
  if (name == "w_p") return "W_p";
  if (name == "w_n") return "W_n";
  if (name == "threshold_factor") return "threshold / max |w|";
  return name;
}

}  // namespace tritlab
