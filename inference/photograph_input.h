// Photographs of any size as a model's input.
#ifndef TRITLAB_INFERENCE_PHOTOGRAPH_INPUT_H_
#define TRITLAB_INFERENCE_PHOTOGRAPH_INPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/dataset.h"

namespace tritlab {

struct PhotographInput {
  std::vector<uint8_t> pixels;  // [height][width][3]
  std::string how;  // "500x375 pixels, resized to 341x256, of which the ..."
};

// The JPEG at `path` as evaluation shows photographs to a network that takes
// `shape`: resized to the shorter side that datasets/dataset.proto has for the
// crop where nothing else is said, and of that the centre; or as it is where it
// has that size. InvalidArgument, naming the file: what datasets/jpeg.h
// refuses, such as a PNG or a damaged file; or a `shape` without colours.
absl::StatusOr<PhotographInput> ReadPhotographInput(const std::string& path,
                                                    const ImageShape& shape);

// `path` itself, or of a folder its .jpg and .jpeg files in the order of their
// names. NotFound where there are none.
absl::StatusOr<std::vector<std::string>> ListPhotographs(
    const std::string& path);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_PHOTOGRAPH_INPUT_H_
