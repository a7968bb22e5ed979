// A profile as a trace: JSON that chrome://tracing and Perfetto open.
#ifndef TRITLAB_TRAINING_CHROME_TRACE_H_
#define TRITLAB_TRAINING_CHROME_TRACE_H_

#include <span>
#include <string>

#include "training/step_profile.h"

namespace tritlab {

// The Trace Event Format's complete events ("ph": "X"), in microseconds since
// the first one began. An event's category is its kind.
std::string ChromeTrace(std::span<const StepProfile::Event> events);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_CHROME_TRACE_H_
