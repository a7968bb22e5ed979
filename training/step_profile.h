// Where the time of training steps goes: collects what a trainer says of its
// steps' parts and operators.
#ifndef TRITLAB_TRAINING_STEP_PROFILE_H_
#define TRITLAB_TRAINING_STEP_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "models/graph.pb.h"
#include "training/operator_run.h"
#include "training/step_part.h"

namespace tritlab {

// "forward", "backward_weights", ...
const char* Name(Pass pass);

class StepProfile {
 public:
  // Something that ran once, from start to end.
  struct Event {
    std::string name;          // of the node; of a part of the step, its name
    std::string kind;          // "convolution forward", "optimizer"
    double start_seconds = 0;  // of the monotonic clock
    double seconds = 0;
    int64_t multiply_adds = 0;
    int64_t bytes = 0;  // 0 where they are not counted
  };
  // What ran once a step, or a kind of it, over all steps.
  struct Row {
    std::string name;
    double seconds = 0;  // sums
    int64_t runs = 0;
    int64_t multiply_adds = 0;
    int64_t bytes = 0;
  };

  // The program that is observed runs `graph` (TrainedNetwork::whole_graph),
  // which must outlive the profile.
  explicit StepProfile(const Graph& graph) : graph_(graph) {}

  void Add(const OperatorRun& run);
  void Add(const StepPart& part);
  // After each step, which took so long from its beginning to its end.
  void EndStep(double seconds);

  int64_t steps() const { return steps_; }
  double seconds() const { return seconds_; }
  // In the order in which they ran.
  const std::vector<Event>& events() const { return events_; }
  // Sums by kind, and by name and kind ("conv1 convolution forward"), the
  // longest first; then "rest", what the steps took beside all events.
  std::vector<Row> ByKind() const;
  std::vector<Row> ByOperator() const;

 private:
  template <typename Key>
  std::vector<Row> SumsBy(const Key& key) const;

  const Graph& graph_;
  std::vector<Event> events_;
  int64_t steps_ = 0;
  double seconds_ = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_STEP_PROFILE_H_
