#include "training/tensorboard.h"

#include <cstdint>
#include <span>
#include <string>

#include "training/tensorboard.pb.h"

namespace tritlab {

std::string TensorBoardFileVersion(double wall_time) {
  tensorboard::Event event;
  event.set_wall_time(wall_time);
  event.set_file_version("brain.Event:2");
  return event.SerializeAsString();
}

std::string TensorBoardScalars(double wall_time, int64_t step,
                               std::span<const TensorBoardScalar> scalars) {
  tensorboard::Event event;
  event.set_wall_time(wall_time);
  event.set_step(step);
  for (const TensorBoardScalar& scalar : scalars) {
    tensorboard::Summary::Value* value = event.mutable_summary()->add_value();
    value->set_tag(scalar.tag);
    value->set_simple_value(static_cast<float>(scalar.value));
  }
  return event.SerializeAsString();
}

}  // namespace tritlab
