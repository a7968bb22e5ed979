// How many of the activations that convolutions and linear layers read are 0,
// and in how many of their multiply-adds neither factor is: counted, not
// estimated, on images that are spread evenly over those of an evaluation,
// since datasets are often in the order of their classes.
#ifndef TRITLAB_TRAINING_ACTIVATION_COUNTER_H_
#define TRITLAB_TRAINING_ACTIVATION_COUNTER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/loader.h"
#include "kernels/convolution_shape.h"
#include "models/graph.pb.h"
#include "training/communicator.h"
#include "training/position.pb.h"
#include "training/program.h"
#include "training/trained_network.h"

namespace tritlab {

class ActivationCounter {
 public:
  // Of an evaluation of so many images: a quarter, for counting an image takes
  // about a fifth of evaluating it; 1,000 at most, which are enough for shares;
  // and 100 at least, where there are.
  static int64_t CountedOf(int64_t images);

  // InferShapes' errors.
  static absl::StatusOr<std::unique_ptr<ActivationCounter>> Create(
      const Graph& graph);

  // Runs the program on a batch of an evaluation of so many images, as
  // Program::Forward does, and counts those of the batch whose turn it is:
  // CountedOf of the whole, evenly spread. While no image is left out, which
  // ones depends neither on the size of batches nor on the number of ranks.
  // Each view of an image counts alike.
  const void* Forward(Program& program, const Batch& batch,
                      int64_t images_per_epoch);
  // Adds up what the ranks have counted; then all of them have the same.
  // Collective.
  void AddUp(Communicator& ranks);

  // Of what was counted so far, with the weights that the network computes
  // with: one entry a layer. Empty when nothing was counted.
  ActivationStatistics Statistics(const TrainedNetwork& network) const;

 private:
  struct Layer {
    int node = 0;
    ConvolutionShape shape;  // a linear layer's, of an image of 1x1
    // [place in the image], how often it was not 0: in what the layer computed
    // with, and before its activations were quantized (empty where they are
    // not).
    std::vector<int32_t> nonzeros;
    std::vector<int32_t> before_quantization;
  };

  ActivationCounter() = default;

  int64_t images_ = 0;
  int64_t views_ = 0;          // of all images together
  std::vector<Layer> layers_;  // in the order of WeightedNodes
};

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_ACTIVATION_COUNTER_H_
