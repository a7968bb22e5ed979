#include "models/imagenet_resnet.h"

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/graph_builder.h"
#include "models/width.h"

namespace tritlab {
namespace {

constexpr int kStages = 4;
constexpr int64_t kDefaultWidth = 64;
constexpr int64_t kExpansion = 4;  // of a bottleneck's last convolution

struct Block {
  int64_t channels = 0;  // of its first convolution
  int64_t stride = 1;
  bool projects = false;  // the shortcut changes the shape
};

// relu(shortcut(x) + bn(conv3x3(relu(bn(conv3x3(x))))))
std::string BasicBranch(GraphBuilder& net, const std::string& name,
                        std::string x, const Block& block) {
  x = net.Convolution(name + "/conv1", x, block.channels, 3, block.stride);
  x = net.Relu(name + "/relu1", net.BatchNormalization(name + "/bn1", x));
  x = net.Convolution(name + "/conv2", x, block.channels, 3, 1);
  return net.BatchNormalization(name + "/bn2", x);
}

// 1x1 to fewer channels, 3x3, 1x1 to four times as many.
std::string BottleneckBranch(GraphBuilder& net, const std::string& name,
                             std::string x, const Block& block,
                             bool stride_at_3x3) {
  x = net.Convolution(name + "/conv1", x, block.channels, 1,
                      stride_at_3x3 ? 1 : block.stride);
  x = net.Relu(name + "/relu1", net.BatchNormalization(name + "/bn1", x));
  x = net.Convolution(name + "/conv2", x, block.channels, 3,
                      stride_at_3x3 ? block.stride : 1);
  x = net.Relu(name + "/relu2", net.BatchNormalization(name + "/bn2", x));
  x = net.Convolution(name + "/conv3", x, kExpansion * block.channels, 1, 1);
  return net.BatchNormalization(name + "/bn3", x);
}

}  // namespace

absl::StatusOr<Graph> BuildImageNetResNet(const ImageNetResNetSpec& spec,
                                          const InputOperator& image,
                                          int64_t classes) {
  std::array<int, kStages> blocks;
  switch (spec.depth()) {
    case 18:
      blocks = {2, 2, 2, 2};
      break;
    case 34:
    case 50:
      blocks = {3, 4, 6, 3};
      break;
    default:
      return absl::InvalidArgumentError(absl::StrFormat(
          "imagenet_resnet.depth is %d; it must be 18, 34 or 50",
          spec.depth()));
  }
  ASSIGN_OR_RETURN(const int64_t width,
                   WidthOf("imagenet_resnet", spec.width(), kDefaultWidth));
  const bool bottlenecks = spec.depth() == 50;
  const bool v1 = spec.variant() == ImageNetResNetSpec::V1;
  const bool small = spec.stem() == ImageNetResNetSpec::SMALL_IMAGES;

  GraphBuilder net(absl::StrCat("resnet", spec.depth()), image);
  net.graph().set_description(
      absl::StrCat("He et al. 2015, projection shortcuts (option B)",
                   !bottlenecks ? ""
                   : v1 ? ", v1: strides in the first convolution of a block"
                        : ", v1.5: strides in the 3x3 convolution of a block",
                   small ? ", 3x3 stem for small images" : ""));
  std::string x = small ? net.Convolution("conv1", "image", width, 3, 1)
                        : net.Convolution("conv1", "image", width, 7, 2);
  x = net.Relu("relu1", net.BatchNormalization("bn1", x));
  if (!small) x = net.MaxPool("pool1", x, 3, 2, /*padding=*/1);
  int64_t in_channels = width;
  for (int stage = 1; stage <= kStages; ++stage) {
    for (int number = 1; number <= blocks[stage - 1]; ++number) {
      const std::string name = absl::StrCat("stage", stage, "/block", number);
      Block block = {.channels = width << (stage - 1),
                     .stride = stage > 1 && number == 1 ? 2 : 1};
      const int64_t out_channels =
          block.channels * (bottlenecks ? kExpansion : 1);
      block.projects = block.stride > 1 || in_channels != out_channels;
      const std::string branch =
          bottlenecks ? BottleneckBranch(net, name, x, block, !v1)
                      : BasicBranch(net, name, x, block);
      std::string shortcut = x;
      if (block.projects) {
        shortcut = net.Convolution(name + "/shortcut_conv", x, out_channels, 1,
                                   block.stride);
        shortcut = net.BatchNormalization(name + "/shortcut_bn", shortcut);
      }
      x = net.Relu(name + "/relu", net.Add(name + "/add", branch, shortcut));
      in_channels = out_channels;
    }
  }
  net.Linear("fc", net.GlobalAveragePool("pool", x), classes);
  return net.graph();
}

}  // namespace tritlab
