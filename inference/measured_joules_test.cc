#include "inference/measured_joules.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/file.h"
#include "gtest/gtest.h"
#include "inference/pack_network.h"
#include "models/build.h"
#include "models/parameters.h"

namespace tritlab {
namespace {

std::unique_ptr<Model> TinyModel() {
  ModelSpec spec;
  spec.mutable_cifar_resnet()->set_depth(8);
  spec.mutable_cifar_resnet()->set_width(2);
  InputOperator image;
  image.set_height(8);
  image.set_width(8);
  image.set_channels(3);
  NetworkToPack network;
  network.graph = *BuildGraph(spec, image, 2);
  const Parameters parameters = *InitialParameters(network.graph, 1);
  for (const ParameterTensor& tensor : parameters.tensors)
    network.values[tensor.name] = tensor.values;
  PackedModel packed = *PackNetwork(network, TernaryPacking::kBits);
  for (int i = 0; i < network.graph.nodes_size(); ++i)
    packed.description.add_clips(4);
  for (int c = 0; c < 3; ++c) {
    packed.description.add_mean(0.5f);
    packed.description.add_deviation(0.25f);
  }
  packed.description.add_classes("cat");
  packed.description.add_classes("dog");
  return *Model::Create(packed, /*batch=*/2);
}

TEST(MeasuredJoules, AreThoseOfTheCounters) {
  const std::string root = JoinPath(testing::TempDir(), "powercap");
  const std::string zone = JoinPath(root, "intel-rapl:0");
  const auto model = TinyModel();
  EXPECT_TRUE(absl::IsNotFound(MeasureJoules(*model, root).status()));
  ASSERT_TRUE(MakeDirectories(zone).ok());
  for (const auto& [file, text] :
       {std::pair("name", "package-0\n"), std::pair("energy_uj", "12345\n"),
        std::pair("max_energy_range_uj", "262143328850\n")})
    ASSERT_TRUE(WriteFileAtomically(JoinPath(zone, file), text).ok());
  // This counter stands still.
  const auto measured = MeasureJoules(*model, root);
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_EQ(measured->packages, 1u);
  EXPECT_EQ(measured->per_image, 0);
  EXPECT_EQ(measured->watts, 0);
}

}  // namespace
}  // namespace tritlab
