#include "experiments/packing/compare_integer_forms.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "experiments/packing/integer_form.h"
#include "experiments/packing/packed_network.h"
#include "inference/accuracy.h"
#include "inference/calibration.h"
#include "inference/model.h"
#include "inference/packed_model.h"
#include "reports/page/number_format.h"
#include "training/program.h"

namespace tritlab {
namespace {

constexpr int64_t kBatch = 100;

struct Method {
  ClipMethod method;
  const char* name;
};
constexpr Method kMethods[] = {{ClipMethod::kLargest, "largest"},
                               {ClipMethod::kPercentile, "percentile"},
                               {ClipMethod::kSquares, "squares"}};

struct FirstAndLast {
  PackedModelDescription::Arithmetic arithmetic;
  const char* name;
};
constexpr FirstAndLast kFirstAndLast[] = {
    {PackedModelDescription::INT8, "int8"},
    {PackedModelDescription::F32, "f32"}};

}  // namespace

absl::StatusOr<Table> CompareIntegerForms(FinishedPhase& phase) {
  const Dataset& train = *phase.inputs.train;
  const Dataset& test = *phase.inputs.test;
  ASSIGN_OR_RETURN(PackedModel model,
                   MakePackedModel(*phase.network, train, phase.spec.name()));
  ASSIGN_OR_RETURN(
      const auto program,
      Program::Compile(
          phase.network->graph(), phase.network->Values(/*training=*/false),
          {.batch = phase.phase.batch_size(), .type = phase.type}));
  Table table;
  table.caption = absl::StrCat(
      "Top-1 on the ", FormatCount(test.size()),
      " test images over bytes, after phase ", phase.phase.name(),
      ", by how the ranges of activations are chosen on training images, what "
      "the first and the last layer are computed in, and whether TTQ's two "
      "scales take one product or two (exact). Ranges: the largest magnitude; "
      "the one that 99.99 % do not exceed; the one of the least squared "
      "error.");
  table.columns = {{"ranges", false},
                   {"first and last", false},
                   {"products", false},
                   {"top-1 %", true},
                   {"weights in memory, bytes", true}};
  for (const Method& method : kMethods) {
    RETURN_IF_ERROR(Calibrate(*program, train, method.method, model));
    for (const FirstAndLast& ends : kFirstAndLast) {
      model.description.set_first_and_last(ends.arithmetic);
      for (const bool exact : {false, true}) {
        ASSIGN_OR_RETURN(const auto packed,
                         Model::Create(model, kBatch, exact));
        ASSIGN_OR_RETURN(const double top1, Top1(*packed, test));
        table.rows.push_back(
            {method.name, ends.name, exact ? "exact" : "one",
             FormatFixed(top1, 2),
             FormatCount(static_cast<uint64_t>(packed->weight_bytes()))});
      }
    }
  }
  return table;
}

}  // namespace tritlab
