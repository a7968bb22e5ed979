// For tests of pages: the machine's Chromium, without a window.
#ifndef TRITLAB_REPORTS_BROWSER_H_
#define TRITLAB_REPORTS_BROWSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

enum class ColorScheme { kLight, kDark };

struct Picture {
  int height = 0, width = 0;
  std::vector<uint8_t> pixels;  // [height][width][3]

  const uint8_t* at(int y, int x) const {
    return &pixels[(static_cast<size_t>(y) * width + x) * 3];
  }
};

class Browser {
 public:
  // `required` where it is not empty: FailedPrecondition when that is no
  // browser that reads pages in `folder`. Otherwise the first that the machine
  // has; NotFound when there is none. Its files are put into `folder`.
  static absl::StatusOr<Browser> Find(absl::string_view required,
                                      std::string folder);

  // The page as it is drawn on a screen of so many pixels; kept as `file`, a
  // JPEG. Internal when the browser draws none.
  absl::StatusOr<Picture> Screenshot(absl::string_view html, int width,
                                     int height, ColorScheme scheme,
                                     const std::string& file) const;

  // The value of a JavaScript expression, as text, when the page has been
  // loaded on a screen of this width. In it `page` is the page's document and
  // `view` its window. It is not the page's own script: whether that may run is
  // decided by the page's Content-Security-Policy, which stays in force.
  // Internal when there is no value.
  absl::StatusOr<std::string> Evaluate(absl::string_view html, int width,
                                       absl::string_view expression) const;

 private:
  Browser(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  // Gives it the page; what it writes to standard output.
  absl::StatusOr<std::string> Open(absl::string_view html,
                                   absl::string_view flags) const;

  std::string program_;
  std::string folder_;
};

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_BROWSER_H_
