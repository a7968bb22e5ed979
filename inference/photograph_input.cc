#include "inference/photograph_input.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/decode_photograph.h"
#include "datasets/region.h"

namespace tritlab {
namespace {

std::string Describe(const ImageSize& image, int shorter_side,
                     const ImageShape& shape) {
  const ImageSize resized = ResizedSize(image, shorter_side);
  return absl::StrFormat(
      "%dx%d pixels, resized to %dx%d, of which the model sees the centre's "
      "%dx%d",
      image.width, image.height, resized.width, resized.height, shape.width,
      shape.height);
}

}  // namespace

absl::StatusOr<PhotographInput> ReadPhotographInput(const std::string& path,
                                                    const ImageShape& shape) {
  if (shape.channels != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the model takes images of ", shape.channels,
                     " channels, not photographs"));
  }
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  const int shorter_side =
      DefaultShorterSide(std::max(shape.height, shape.width));
  PhotographInput input;
  input.pixels.resize(shape.size());
  RETURN_IF_ERROR(DecodePhotograph(
      bytes, path,
      [&](const ImageSize& image) -> std::vector<Region> {
        if (image.height == shape.height && image.width == shape.width) {
          input.how = absl::StrFormat("%dx%d pixels, as the model takes them",
                                      image.width, image.height);
          return {{0, 0, static_cast<double>(image.height),
                   static_cast<double>(image.width)}};
        }
        input.how = Describe(image, shorter_side, shape);
        return {CenterRegion(image, shorter_side, {shape.height, shape.width})};
      },
      shape, input.pixels));
  return input;
}

absl::StatusOr<std::vector<std::string>> ListPhotographs(
    const std::string& path) {
  if (!IsDirectory(path)) return std::vector<std::string>{path};
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(path));
  std::vector<std::string> photographs;
  for (const std::string& name : names) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (absl::StartsWith(name, ".")) continue;
    if (absl::EndsWith(lower, ".jpg") || absl::EndsWith(lower, ".jpeg"))
      photographs.push_back(JoinPath(path, name));
  }
  if (photographs.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path, ": the folder has no .jpg or .jpeg files"));
  }
  return photographs;
}

}  // namespace tritlab
