#include "models/vgg.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/graph_builder.h"

namespace tritlab {
namespace {

constexpr int kStages = 3;
constexpr int64_t kImageMultiple = 1 << kStages;  // each stage halves it
constexpr int64_t kDefaultWidth = 128;
constexpr int64_t kHiddenFeatures = 8;  // of the linear layer, in widths

bool Halves(int64_t side) { return side > 0 && side % kImageMultiple == 0; }

}  // namespace

absl::StatusOr<Graph> BuildVggSmall(const VggSmallSpec& spec,
                                    const InputOperator& image,
                                    int64_t classes) {
  const int64_t width = spec.width() == 0 ? kDefaultWidth : spec.width();
  if (width < 0 || width > 1024) {
    return absl::InvalidArgumentError(
        absl::StrFormat("vgg_small.width is %d; it must be 1 to 1024", width));
  }
  if (!Halves(image.height()) || !Halves(image.width())) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "vgg_small halves the image three times, but the image is %dx%d; both "
        "sides must be multiples of %d: resize the images or use cifar_resnet",
        image.height(), image.width(), kImageMultiple));
  }

  GraphBuilder net("vgg_small", image);
  net.graph().set_description(
      "the VGG-7 of Li et al. 2016 (Ternary Weight Networks), section 3");
  std::string x = "image";
  const auto normalize = [&](int layer) {
    x = net.BatchNormalization(absl::StrCat("bn", layer), x);
    x = net.Relu(absl::StrCat("relu", layer), x);
  };
  int layer = 0;
  for (int stage = 1; stage <= kStages; ++stage) {
    for (int i = 0; i < 2; ++i) {
      ++layer;
      x = net.Convolution(absl::StrCat("conv", layer), x, width << (stage - 1),
                          3, 1);
      normalize(layer);
    }
    x = net.MaxPool(absl::StrCat("pool", stage), x, 2, 2);
  }
  // Batch normalization takes the linear layer's bias out again; a linear layer
  // always has one.
  x = net.Linear("fc1", x, kHiddenFeatures * width);
  normalize(++layer);
  net.Linear("fc2", x, classes);
  return net.graph();
}

}  // namespace tritlab
