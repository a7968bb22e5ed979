#include "experiments/packing/packed_network.h"

#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "inference/pack_network.h"

namespace tritlab {

absl::StatusOr<PackedModel> MakePackedModel(const TrainedNetwork& network,
                                            const Dataset& images,
                                            const std::string& origin) {
  NetworkToPack to_pack;
  to_pack.graph = network.graph();
  for (const ParameterTensor& tensor : network.parameters().tensors)
    to_pack.values[tensor.name] = tensor.values;
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    if (layer.quantizer == nullptr) continue;
    const std::string& name = network.parameters().tensors[layer.weights].name;
    std::optional<CodedWeights> codes =
        layer.quantizer->Encode(network.latent(layer));
    if (codes.has_value()) {
      to_pack.codes[name] = *std::move(codes);
    } else {
      const std::span<const float> computed = network.computed(layer);
      to_pack.values[name] = {computed.begin(), computed.end()};
    }
  }
  ASSIGN_OR_RETURN(PackedModel model,
                   PackNetwork(to_pack, TernaryPacking::kTrits));
  PackedModelDescription& description = model.description;
  const Normalization& normalization = images.normalization();
  description.mutable_mean()->Add(normalization.mean.begin(),
                                  normalization.mean.end());
  description.mutable_deviation()->Add(normalization.std.begin(),
                                       normalization.std.end());
  for (const std::string& name : images.class_names())
    description.add_classes(name);
  description.set_origin(origin);
  for (const TrainedNetwork::Layer& layer : network.layers()) {
    if (layer.activations != nullptr)
      description.set_why_no_integer_form(
          "its layers quantize what they read, which has no integer form yet");
  }
  return model;
}

ModelFile DescribeModelFile(const PackedModel& model,
                            const std::string& phase) {
  const PackedBytesByPart bytes = CountBytes(model);
  ModelFile file;
  file.set_phase(phase);
  file.set_bytes(static_cast<uint32_t>(bytes.file()));
  file.set_coded_weight_bytes(static_cast<uint32_t>(bytes.coded_weights));
  file.set_full_weight_bytes(static_cast<uint32_t>(bytes.full_weights));
  file.set_bias_bytes(static_cast<uint32_t>(bytes.biases));
  file.set_normalization_bytes(static_cast<uint32_t>(bytes.normalization));
  file.set_description_bytes(static_cast<uint32_t>(bytes.description));
  return file;
}

}  // namespace tritlab
