#include "experiments/packing/model_file.h"

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "experiments/packing/integer_form.h"
#include "experiments/packing/packed_network.h"
#include "inference/packed_model.h"

namespace tritlab {

absl::Status WriteModelFile(const TrainedNetwork& network, Program& program,
                            const Dataset& train, const Dataset& test,
                            const ModelOrigin& origin,
                            const std::string& folder, Report& report) {
  ASSIGN_OR_RETURN(
      PackedModel model,
      MakePackedModel(network, train,
                      absl::StrCat(origin.experiment, ", ", origin.phase,
                                   ", seed ", origin.seed)));
  RETURN_IF_ERROR(Calibrate(program, train, ClipMethod::kSquares, model));
  RETURN_IF_ERROR(WritePackedModel(model, JoinPath(folder, "model.trit")));
  *report.mutable_model_file() = DescribeModelFile(model, origin.phase);
  return DescribeIntegerProgram(model, test, report);
}

}  // namespace tritlab
