#include "models/googlenet.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/graph_builder.h"
#include "models/shape_inference.h"
#include "models/width.h"

namespace tritlab {
namespace {

constexpr int64_t kSmallestImage = 32;
constexpr int64_t kDefaultWidth = 64;
constexpr int64_t kSmallestWidth = 4;  // leaves every branch a channel
constexpr float kDropoutRate = 0.4f;   // section 6
// Of auxiliary classifiers, section 5.
constexpr int64_t kHeadWindow = 5;
constexpr int64_t kHeadStride = 3;
constexpr int64_t kHeadChannels = 128;
constexpr int64_t kHeadFeatures = 1024;
constexpr float kHeadDropoutRate = 0.7f;
constexpr float kHeadLossWeight = 0.3f;

// Output channels of one module's convolutions, as table 1 lists them.
struct Module {
  const char* name;
  int64_t ones;
  int64_t threes_reduce, threes;
  int64_t fives_reduce, fives;
  int64_t pool;
  const char* pooling_behind;  // nullptr: none
};
constexpr Module kModules[] = {
    {"3a", 64, 96, 128, 16, 32, 32, nullptr},
    {"3b", 128, 128, 192, 32, 96, 64, "pool3"},
    {"4a", 192, 96, 208, 16, 48, 64, nullptr},
    {"4b", 160, 112, 224, 24, 64, 64, nullptr},
    {"4c", 128, 128, 256, 24, 64, 64, nullptr},
    {"4d", 112, 144, 288, 32, 64, 64, nullptr},
    {"4e", 256, 160, 320, 32, 128, 128, "pool4"},
    {"5a", 256, 160, 320, 32, 128, 128, nullptr},
    {"5b", 384, 192, 384, 48, 128, 128, nullptr},
};

class GoogLeNetBuilder {
 public:
  GoogLeNetBuilder(const GoogLeNetSpec& spec, int64_t width,
                   const InputOperator& image)
      : net_("googlenet", image),
        normalized_(spec.batch_normalization()),
        small_(spec.stem() == GoogLeNetSpec::SMALL_IMAGES),
        heads_(spec.auxiliary_heads()),
        width_(width) {
    net_.graph().set_description(absl::StrCat(
        "Szegedy et al. 2015, ", heads_ ? "with" : "without",
        " auxiliary classifiers", heads_ ? " in training" : "", ", ",
        normalized_ ? "batch-normalized, without dropout"
                    : "with local response normalization and dropout",
        small_ ? ", 3x3 stem for small images" : ""));
  }

  absl::StatusOr<Graph> Build(int64_t classes) {
    std::string x = Stem();
    for (const Module& module : kModules) {
      x = Inception(module, x);
      if (module.pooling_behind != nullptr)
        x = net_.CeilMaxPool(module.pooling_behind, x, 3, 2);
    }
    x = net_.GlobalAveragePool("pool", x);
    if (!normalized_) x = net_.Dropout("dropout", x, kDropoutRate);
    net_.Linear("fc", x, classes);
    if (heads_) {
      RETURN_IF_ERROR(Head("aux1", "inception4a/concat", classes));
      RETURN_IF_ERROR(Head("aux2", "inception4d/concat", classes));
    }
    return net_.graph();
  }

 private:
  std::string Stem() {
    std::string x = "image";
    if (small_) {
      x = Convolution("", "1", x, 64, 3);
    } else {
      x = Convolution("", "1", x, 64, 7, /*stride=*/2);
      x = net_.CeilMaxPool("pool1", x, 3, 2);
    }
    if (!normalized_) x = net_.LocalResponseNormalization("norm1", x);
    x = Convolution("", "2_reduce", x, 64, 1);
    x = Convolution("", "2", x, 192, 3);
    if (!normalized_) x = net_.LocalResponseNormalization("norm2", x);
    return net_.CeilMaxPool("pool2", x, 3, 2);
  }

  std::string Inception(const Module& module, const std::string& input) {
    const std::string name = absl::StrCat("inception", module.name, "/");
    const std::string ones = Convolution(name, "_1x1", input, module.ones, 1);
    std::string threes =
        Convolution(name, "_3x3_reduce", input, module.threes_reduce, 1);
    threes = Convolution(name, "_3x3", threes, module.threes, 3);
    std::string fives =
        Convolution(name, "_5x5_reduce", input, module.fives_reduce, 1);
    fives = Convolution(name, "_5x5", fives, module.fives, 5);
    std::string pool = net_.MaxPool(name + "pool", input, 3, 1, /*padding=*/1);
    pool = Convolution(name, "_pool", pool, module.pool, 1);
    return net_.Concat(name + "concat", {ones, threes, fives, pool});
  }

  absl::Status Head(const std::string& name, const std::string& input,
                    int64_t classes) {
    ASSIGN_OR_RETURN(const Shape shape, NetworkShapeOf(input));
    net_.BeginTrainingHead(kHeadLossWeight);
    const std::string prefix = name + "/";
    const bool fits = std::min(shape.height, shape.width) >= kHeadWindow;
    std::string x = fits ? net_.AveragePool(prefix + "pool", input, kHeadWindow,
                                            kHeadStride)
                         : net_.GlobalAveragePool(prefix + "pool", input);
    x = Convolution(prefix, "", x, kHeadChannels, 1);
    x = net_.Linear(prefix + "fc1", x, kHeadFeatures * width_ / kDefaultWidth);
    x = net_.Relu(prefix + "relu_fc1", x);
    x = net_.Dropout(prefix + "dropout", x, kHeadDropoutRate);
    net_.Linear(prefix + "fc2", x, classes);
    return absl::OkStatus();
  }

  // Of a node of the network itself.
  absl::StatusOr<Shape> NetworkShapeOf(const std::string& node) {
    const Graph& graph = net_.graph();
    ASSIGN_OR_RETURN(const ShapedGraph shaped, InferShapes(graph, /*batch=*/1));
    int i = 0;
    while (graph.nodes(i).name() != node) ++i;
    return shaped.shapes[i];
  }

  // A convolution of PREFIXconvSUFFIX and what activates it; `channels` as the
  // paper has them.
  std::string Convolution(const std::string& prefix, const std::string& suffix,
                          const std::string& input, int64_t channels,
                          int64_t kernel, int64_t stride = 1) {
    std::string x = net_.Convolution(absl::StrCat(prefix, "conv", suffix),
                                     input, channels * width_ / kDefaultWidth,
                                     kernel, stride, kernel / 2,
                                     /*bias=*/!normalized_);
    if (normalized_)
      x = net_.BatchNormalization(absl::StrCat(prefix, "bn", suffix), x);
    return net_.Relu(absl::StrCat(prefix, "relu", suffix), x);
  }

  GraphBuilder net_;
  const bool normalized_;
  const bool small_;
  const bool heads_;
  const int64_t width_;
};

}  // namespace

absl::StatusOr<Graph> BuildGoogLeNet(const GoogLeNetSpec& spec,
                                     const InputOperator& image,
                                     int64_t classes) {
  ASSIGN_OR_RETURN(const int64_t width, WidthOf("googlenet", spec.width(),
                                                kDefaultWidth, kSmallestWidth));
  if (image.height() < kSmallestImage || image.width() < kSmallestImage) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "googlenet needs images of at least %dx%d, not %dx%d; resize them or "
        "use another network",
        kSmallestImage, kSmallestImage, image.height(), image.width()));
  }
  return GoogLeNetBuilder(spec, width, image).Build(classes);
}

}  // namespace tritlab
