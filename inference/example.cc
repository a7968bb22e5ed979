// Names what is on a picture: `example model.trit picture.jpg`.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/file.h"
#include "datasets/jpeg.h"
#include "inference/model.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: example MODEL PICTURE\n");
    return 2;
  }
  const auto model = tritlab::Model::Load(argv[1]);
  const auto file = tritlab::ReadFile(argv[2]);
  if (!model.ok() || !file.ok()) {
    const auto& status = model.ok() ? file.status() : model.status();
    std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
    return 2;
  }
  const tritlab::ImageShape shape = {static_cast<int>((*model)->height()),
                                     static_cast<int>((*model)->width()), 3};
  std::vector<uint8_t> pixels(shape.size());
  std::vector<float> logits((*model)->classes().size());
  absl::Status status =
      tritlab::DecodeJpeg(*file, argv[2], shape, pixels.data());
  if (status.ok()) status = (*model)->Run(pixels, logits);
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
    return 2;
  }
  const auto best = std::max_element(logits.begin(), logits.end());
  std::printf("%s\n", (*model)->classes()[best - logits.begin()].c_str());
}
