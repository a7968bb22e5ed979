// What a packed model's file holds, for a terminal.
#ifndef TRITLAB_INFERENCE_MODEL_TABLE_H_
#define TRITLAB_INFERENCE_MODEL_TABLE_H_

#include <string>

#include "inference/packed_model.h"

namespace tritlab {

// One line a tensor of weights (packing, values, bytes, bits a weight), then
// what each part of the file takes (and, of a model read from an archive, the
// archive), how often the file goes into the weights at 4 bytes each, and what
// the first and the last layer are computed in.
std::string ModelTable(const PackedModel& model);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_MODEL_TABLE_H_
