// What TensorBoard shows of a network's weights after an epoch.
#ifndef TRITLAB_TRAINING_WEIGHT_PICTURES_H_
#define TRITLAB_TRAINING_WEIGHT_PICTURES_H_

#include <string>

#include "training/tensorboard.h"
#include "training/trained_network.h"

namespace tritlab {

// Of every quantized layer a histogram of its latent weights,
// PHASE/LAYER/latent_weights; of the first and the last quantized convolution
// whose kernels are larger than 1x1 a picture of the quantized ones,
// PHASE/LAYER/kernels. Histograms point into the network, whose computed
// weights must be those of its latent ones.
TensorBoardPictures PicturesOfWeights(const std::string& phase,
                                      const TrainedNetwork& network);

}  // namespace tritlab

#endif  // TRITLAB_TRAINING_WEIGHT_PICTURES_H_
