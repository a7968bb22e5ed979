#include "models/resnet.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "models/graph_builder.h"
#include "models/width.h"

namespace tritlab {
namespace {

constexpr int kStages = 3;
constexpr int64_t kDefaultWidth = 16;
constexpr int kDeepest = 1202;  // of He et al. 2015

// The shortcut where a stage begins: half the size, twice the channels, no
// parameters. Subsampling is an average over a window of one pixel.
std::string PaddedShortcut(GraphBuilder& net, const std::string& block,
                           const std::string& input, int64_t window,
                           int64_t in_channels, int64_t out_channels) {
  const int64_t before = (out_channels - in_channels) / 2;
  const std::string pooled =
      net.AveragePool(block + "/shortcut_pool", input, window, 2);
  return net.ChannelPad(block + "/shortcut_pad", pooled, before,
                        out_channels - in_channels - before);
}

// relu(shortcut(x) + bn(conv(relu(bn(conv(x))))))
std::string OriginalBlock(GraphBuilder& net, const std::string& block,
                          const std::string& input, int64_t in_channels,
                          int64_t out_channels) {
  const bool shrinks = in_channels != out_channels;
  std::string x = net.Convolution(block + "/conv1", input, out_channels, 3,
                                  shrinks ? 2 : 1);
  x = net.BatchNormalization(block + "/bn1", x);
  x = net.Relu(block + "/relu1", x);
  x = net.Convolution(block + "/conv2", x, out_channels, 3, 1);
  x = net.BatchNormalization(block + "/bn2", x);
  const std::string shortcut =
      shrinks ? PaddedShortcut(net, block, input, /*window=*/1, in_channels,
                               out_channels)
              : input;
  x = net.Add(block + "/add", x, shortcut);
  return net.Relu(block + "/relu2", x);
}

// shortcut(x) + conv(relu(bn(conv(relu(bn(x)))))); the first block of the
// network shares its first activation with the shortcut, since nothing has
// normalized the image's features before.
std::string PreActivationBlock(GraphBuilder& net, const std::string& block,
                               const std::string& input, int64_t in_channels,
                               int64_t out_channels, bool first) {
  const bool shrinks = in_channels != out_channels;
  std::string x = net.BatchNormalization(block + "/bn1", input);
  x = net.Relu(block + "/relu1", x);
  std::string shortcut = first ? x : input;
  x = net.Convolution(block + "/conv1", x, out_channels, 3, shrinks ? 2 : 1);
  x = net.BatchNormalization(block + "/bn2", x);
  x = net.Relu(block + "/relu2", x);
  x = net.Convolution(block + "/conv2", x, out_channels, 3, 1);
  if (shrinks)
    shortcut = PaddedShortcut(net, block, shortcut, /*window=*/2, in_channels,
                              out_channels);
  return net.Add(block + "/add", x, shortcut);
}

}  // namespace

absl::StatusOr<Graph> BuildCifarResNet(const CifarResNetSpec& spec,
                                       const InputOperator& image,
                                       int64_t classes) {
  if (spec.depth() < 8 || spec.depth() > kDeepest ||
      (spec.depth() - 2) % 6 != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("cifar_resnet.depth is %d; it must be 6n + 2 with n at "
                        "least 1: 8, 20, 32, 44, 56, 110",
                        spec.depth()));
  }
  ASSIGN_OR_RETURN(const int64_t width,
                   WidthOf("cifar_resnet", spec.width(), kDefaultWidth));
  const bool pre_activation = spec.variant() == CifarResNetSpec::PRE_ACTIVATION;
  const int blocks = (spec.depth() - 2) / 6;

  GraphBuilder net(absl::StrCat("resnet", spec.depth()), image);
  net.graph().set_description(
      pre_activation ? "pre-activation, average-pooled shortcuts padded with "
                       "zero channels (as in the TTQ authors' code)"
                     : "He et al. 2015, parameter-free shortcuts (option A)");
  std::string x = net.Convolution("conv1", "image", width, 3, 1);
  if (!pre_activation) x = net.Relu("relu1", net.BatchNormalization("bn1", x));
  int64_t channels = width;
  for (int stage = 1; stage <= kStages; ++stage) {
    const int64_t out_channels = width << (stage - 1);
    for (int block = 1; block <= blocks; ++block) {
      const std::string name = absl::StrCat("stage", stage, "/block", block);
      x = pre_activation
              ? PreActivationBlock(net, name, x, channels, out_channels,
                                   /*first=*/stage == 1 && block == 1)
              : OriginalBlock(net, name, x, channels, out_channels);
      channels = out_channels;
    }
  }
  if (pre_activation)
    x = net.Relu("relu_last", net.BatchNormalization("bn_last", x));
  net.Linear("fc", net.GlobalAveragePool("pool", x), classes);
  return net.graph();
}

}  // namespace tritlab
