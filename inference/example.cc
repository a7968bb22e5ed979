// Names what is on a picture: `example model.trit picture.jpg`.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/one_line.h"
#include "inference/model.h"
#include "inference/photograph_input.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: example MODEL PICTURE\n");
    return 2;
  }
  const auto model = tritlab::Model::Load(argv[1]);
  absl::Status status = model.status();
  std::vector<float> logits;
  if (status.ok()) {
    const auto picture = tritlab::ReadPhotographInput(
        argv[2], {static_cast<int>((*model)->height()),
                  static_cast<int>((*model)->width()),
                  static_cast<int>((*model)->channels())});
    logits.resize((*model)->classes().size());
    status = picture.ok() ? (*model)->Run(picture->pixels, logits)
                          : picture.status();
  }
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n",
                 tritlab::OneLine(status.message()).c_str());
    return 2;
  }
  const auto best = std::max_element(logits.begin(), logits.end());
  const std::string& name = (*model)->classes()[best - logits.begin()];
  std::printf("%s\n", tritlab::OneLine(name).c_str());
}
