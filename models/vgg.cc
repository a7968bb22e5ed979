#include "models/vgg.h"

#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "models/graph_builder.h"
#include "models/width.h"

namespace tritlab {
namespace {

// Of the small one.
constexpr int kSmallStages = 3;
constexpr int64_t kSmallWidth = 128;
constexpr int64_t kSmallHiddenFeatures = 8;  // in widths

// Convolutions of each stage of VGG-16, and their channels in widths.
struct Stage {
  int convolutions;
  int64_t channels;
};
constexpr Stage kStages[] = {{2, 1}, {2, 2}, {3, 4}, {3, 8}, {3, 8}};
constexpr int64_t kWidth = 64;
constexpr int64_t kHiddenFeatures = 64;  // in widths
constexpr float kDropoutRate = 0.5f;     // section 3.1

// `model` halves the image so many times.
absl::Status CheckImage(absl::string_view model, const InputOperator& image,
                        int stages) {
  const int64_t multiple = int64_t{1} << stages;
  for (const int64_t side : {image.height(), image.width()}) {
    if (side > 0 && side % multiple == 0) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s halves the image %d times, but the image is %dx%d; both sides must "
        "be multiples of %d: resize the images or use cifar_resnet",
        model, stages, image.height(), image.width(), multiple));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Graph> BuildVggSmall(const VggSmallSpec& spec,
                                    const InputOperator& image,
                                    int64_t classes) {
  ASSIGN_OR_RETURN(const int64_t width,
                   WidthOf("vgg_small", spec.width(), kSmallWidth));
  RETURN_IF_ERROR(CheckImage("vgg_small", image, kSmallStages));
  GraphBuilder net("vgg_small", image);
  net.graph().set_description(
      "the VGG-7 of Li et al. 2016 (Ternary Weight Networks), section 3");
  std::string x = "image";
  const auto normalize = [&](int layer) {
    x = net.BatchNormalization(absl::StrCat("bn", layer), x);
    x = net.Relu(absl::StrCat("relu", layer), x);
  };
  int layer = 0;
  for (int stage = 1; stage <= kSmallStages; ++stage) {
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
  x = net.Linear("fc1", x, kSmallHiddenFeatures * width);
  normalize(++layer);
  net.Linear("fc2", x, classes);
  return net.graph();
}

absl::StatusOr<Graph> BuildVgg16(const Vgg16Spec& spec,
                                 const InputOperator& image, int64_t classes) {
  ASSIGN_OR_RETURN(const int64_t width, WidthOf("vgg16", spec.width(), kWidth));
  RETURN_IF_ERROR(
      CheckImage("vgg16", image, static_cast<int>(std::size(kStages))));
  GraphBuilder net("vgg16", image);
  net.graph().set_description(
      absl::StrCat("Simonyan and Zisserman 2014, configuration D, ",
                   spec.batch_normalization() ? "batch-normalized, " : "",
                   spec.dropout() ? "with dropout" : "without dropout"));
  std::string x = "image";
  const auto activate = [&](absl::string_view layer) {
    if (spec.batch_normalization())
      x = net.BatchNormalization(absl::StrCat("bn", layer), x);
    x = net.Relu(absl::StrCat("relu", layer), x);
  };
  for (size_t stage = 0; stage < std::size(kStages); ++stage) {
    for (int i = 1; i <= kStages[stage].convolutions; ++i) {
      const std::string layer = absl::StrCat(stage + 1, "_", i);
      x = net.Convolution(absl::StrCat("conv", layer), x,
                          width * kStages[stage].channels, 3, 1, 1,
                          /*bias=*/!spec.batch_normalization());
      activate(layer);
    }
    x = net.MaxPool(absl::StrCat("pool", stage + 1), x, 2, 2);
  }
  for (const char* layer : {"6", "7"}) {
    x = net.Linear(absl::StrCat("fc", layer), x, kHiddenFeatures * width);
    activate(layer);
    if (spec.dropout())
      x = net.Dropout(absl::StrCat("drop", layer), x, kDropoutRate);
  }
  net.Linear("fc8", x, classes);
  return net.graph();
}

}  // namespace tritlab
