#include "models/alexnet.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/graph_builder.h"
#include "models/width.h"

namespace tritlab {
namespace {

// Smaller ones leave nothing for the last pooling.
constexpr int64_t kSmallestImage = 63;
constexpr int64_t kDefaultWidth = 96;
constexpr int64_t kHiddenFeatures = 4096;

struct Layer {
  int64_t channels, kernel, stride;
  bool pooled;
};

}  // namespace

absl::StatusOr<Graph> BuildAlexNet(const AlexNetSpec& spec,
                                   const InputOperator& image,
                                   int64_t classes) {
  ASSIGN_OR_RETURN(const int64_t width,
                   WidthOf("alexnet", spec.width(), kDefaultWidth,
                           /*smallest=*/3));
  if (image.height() < kSmallestImage || image.width() < kSmallestImage) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "alexnet needs images of at least %dx%d, not %dx%d; resize them or use "
        "another network",
        kSmallestImage, kSmallestImage, image.height(), image.width()));
  }
  GraphBuilder net("alexnet", image);
  net.graph().set_description(
      "Krizhevsky et al. 2012 in one tower, batch-normalized, without dropout, "
      "as Zhu et al. 2017 train it");
  std::string x = "image";
  int number = 0;
  const auto normalize = [&] {
    x = net.BatchNormalization(absl::StrCat("bn", number), x);
    x = net.Relu(absl::StrCat("relu", number), x);
  };
  for (const Layer& layer :
       {Layer{width, 11, 4, true}, Layer{width * 8 / 3, 5, 1, true},
        Layer{width * 4, 3, 1, false}, Layer{width * 4, 3, 1, false},
        Layer{width * 8 / 3, 3, 1, true}}) {
    ++number;
    // The first convolution takes 224 pixels to 55, as the paper draws it.
    const int64_t padding = layer.kernel == 11 ? 2 : layer.kernel / 2;
    x = net.Convolution(absl::StrCat("conv", number), x, layer.channels,
                        layer.kernel, layer.stride, padding);
    normalize();
    if (layer.pooled) x = net.MaxPool(absl::StrCat("pool", number), x, 3, 2);
  }
  for (int hidden = 0; hidden < 2; ++hidden) {
    ++number;
    x = net.Linear(absl::StrCat("fc", number), x,
                   kHiddenFeatures * width / kDefaultWidth);
    normalize();
  }
  net.Linear("fc8", x, classes);
  return net.graph();
}

}  // namespace tritlab
