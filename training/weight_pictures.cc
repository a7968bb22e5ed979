#include "training/weight_pictures.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "training/kernel_image.h"

namespace tritlab {
namespace {

bool HasKernels(const TrainedNetwork::Layer& layer) {
  return layer.node->has_convolution() &&
         layer.node->convolution().kernel_height() *
                 layer.node->convolution().kernel_width() >
             1;
}

}  // namespace

TensorBoardPictures PicturesOfWeights(const std::string& phase,
                                      const TrainedNetwork& network) {
  TensorBoardPictures pictures;
  std::vector<const TrainedNetwork::Layer*> with_kernels;
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    if (layer.quantizer == nullptr) continue;
    pictures.histograms.push_back(
        {absl::StrCat(phase, "/", layer.node->name(), "/latent_weights"),
         network.latent(layer)});
    if (HasKernels(layer)) with_kernels.push_back(&layer);
  }
  if (with_kernels.size() > 2)
    with_kernels = {with_kernels.front(), with_kernels.back()};
  for (const TrainedNetwork::Layer* layer : with_kernels) {
    const ConvolutionOperator& convolution = layer->node->convolution();
    const auto weights = network.computed(*layer);
    const auto inputs = static_cast<int>(
        static_cast<int64_t>(weights.size()) /
        (convolution.out_channels() * convolution.kernel_height() *
         convolution.kernel_width()));
    KernelImage image = DrawKernelImage(convolution, inputs, weights);
    pictures.images.push_back(
        {absl::StrCat(phase, "/", layer->node->name(), "/kernels"),
         image.height, image.width, std::move(image.jpeg)});
  }
  return pictures;
}

}  // namespace tritlab
