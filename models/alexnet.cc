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
constexpr float kDropoutRate = 0.5f;

struct Layer {
  int64_t channels, kernel, stride;
  // Of the original network: the two processors that it was trained on.
  int64_t groups;
  bool response_normalized;
  bool pooled;
};

class AlexNetBuilder {
 public:
  AlexNetBuilder(bool original, int64_t width, const InputOperator& image)
      : net_("alexnet", image), original_(original), width_(width) {
    net_.graph().set_description(
        original ? "Krizhevsky et al. 2012 as in Caffe's bvlc_alexnet, with "
                   "local response normalization, groups and dropout"
                 : "Krizhevsky et al. 2012 in one tower, batch-normalized, "
                   "without dropout, as Zhu et al. 2017 train it");
  }

  Graph Build(int64_t classes) {
    const int64_t thirds = width_ * 8 / 3;
    for (const Layer& layer : {Layer{width_, 11, 4, 1, true, true},
                               Layer{thirds, 5, 1, 2, true, true},
                               Layer{width_ * 4, 3, 1, 1, false, false},
                               Layer{width_ * 4, 3, 1, 2, false, false},
                               Layer{thirds, 3, 1, 2, false, true}}) {
      Convolution(layer);
    }
    for (int hidden = 0; hidden < 2; ++hidden) {
      ++number_;
      x_ = net_.Linear(Numbered("fc"), x_,
                       kHiddenFeatures * width_ / kDefaultWidth);
      Activate();
      if (original_) x_ = net_.Dropout(Numbered("drop"), x_, kDropoutRate);
    }
    net_.Linear("fc8", x_, classes);
    return net_.graph();
  }

 private:
  void Convolution(const Layer& layer) {
    ++number_;
    // The first convolution takes 224 pixels to 55, as the paper draws it.
    const int64_t padding = layer.kernel == 11 ? 2 : layer.kernel / 2;
    x_ = net_.Convolution(Numbered("conv"), x_, layer.channels, layer.kernel,
                          layer.stride, padding, /*bias=*/original_,
                          original_ ? layer.groups : 1);
    Activate();
    if (original_ && layer.response_normalized)
      x_ = net_.LocalResponseNormalization(Numbered("norm"), x_);
    if (layer.pooled) x_ = net_.MaxPool(Numbered("pool"), x_, 3, 2);
  }
  void Activate() {
    if (!original_) x_ = net_.BatchNormalization(Numbered("bn"), x_);
    x_ = net_.Relu(Numbered("relu"), x_);
  }
  std::string Numbered(const char* node) const {
    return absl::StrCat(node, number_);
  }

  GraphBuilder net_;
  const bool original_;
  const int64_t width_;
  std::string x_ = "image";  // the newest node
  int number_ = 0;           // of the newest layer
};

}  // namespace

absl::StatusOr<Graph> BuildAlexNet(const AlexNetSpec& spec,
                                   const InputOperator& image,
                                   int64_t classes) {
  ASSIGN_OR_RETURN(const int64_t width,
                   WidthOf("alexnet", spec.width(), kDefaultWidth,
                           /*smallest=*/3));
  const bool original = spec.variant() == AlexNetSpec::CAFFE;
  // All layers with groups then have an even number of channels.
  constexpr int64_t kMultiple = 6;
  if (original && width % kMultiple != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "alexnet.width is %d; with alexnet.variant CAFFE it must be a multiple "
        "of %d",
        width, kMultiple));
  }
  if (image.height() < kSmallestImage || image.width() < kSmallestImage) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "alexnet needs images of at least %dx%d, not %dx%d; resize them or use "
        "another network",
        kSmallestImage, kSmallestImage, image.height(), image.width()));
  }
  return AlexNetBuilder(original, width, image).Build(classes);
}

}  // namespace tritlab
