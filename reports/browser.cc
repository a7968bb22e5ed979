#include "reports/browser.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/dataset.h"
#include "datasets/jpeg.h"

namespace tritlab {

absl::StatusOr<Browser> Browser::Find(absl::string_view required,
                                      std::string folder) {
  std::vector<std::string> programs = {"chromium", "google-chrome",
                                       "chromium-browser"};
  if (!required.empty()) programs = {std::string(required)};
  for (const std::string& program : programs) {
    Browser browser(program, folder);
    // A snap starts, and cannot read the page.
    const auto read = browser.Open("<p>can be read", "--dump-dom");
    if (read.ok() && absl::StrContains(*read, "can be read")) return browser;
    if (!required.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat(required, " is no browser that reads pages in ", folder,
                       ": ", read.ok() ? *read : read.status().message()));
    }
  }
  return absl::NotFoundError(
      "no Chromium on this machine: tools/setup browser installs one");
}

absl::StatusOr<std::string> Browser::Open(absl::string_view html,
                                          absl::string_view flags) const {
  const std::string page = JoinPath(folder_, "page.html");
  const std::string output = JoinPath(folder_, "output");
  const std::string log = JoinPath(folder_, "log");
  RETURN_IF_ERROR(WriteFileAtomically(page, html));
  const int status = std::system(
      absl::StrCat("timeout 100 '", program_,
                   "' --headless --no-sandbox --disable-gpu --disable-quic "
                   "--disable-dev-shm-usage --disable-background-networking "
                   "--disable-component-update --disable-sync --no-first-run "
                   "--user-data-dir='",
                   folder_, "/profile' ", flags, " 'file://", page, "' > '",
                   output, "' 2> '", log, "'")
          .c_str());
  if (status == 0) return ReadFile(output);
  return absl::InternalError(absl::StrCat(program_, " ended with status ",
                                          status, ": ",
                                          ReadFile(log).value_or("")));
}

absl::StatusOr<Picture> Browser::Screenshot(absl::string_view html, int width,
                                            int height,
                                            ColorScheme scheme) const {
  const std::string file = JoinPath(folder_, "page.jpeg");
  std::remove(file.c_str());
  RETURN_IF_ERROR(
      Open(html,
           absl::StrCat("--hide-scrollbars --force-device-scale-factor=1 ",
                        "--window-size=", width, ",", height,
                        " --blink-settings=preferredColorScheme=",
                        scheme == ColorScheme::kDark ? 0 : 1, " --screenshot='",
                        file, "'"))
          .status());
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
  ASSIGN_OR_RETURN(const auto shape, JpegShape(bytes, file));
  Picture picture{.height = static_cast<int>(shape.height),
                  .width = static_cast<int>(shape.width),
                  .pixels = std::vector<uint8_t>(shape.size())};
  RETURN_IF_ERROR(DecodeJpeg(bytes, file, shape, picture.pixels.data()));
  return picture;
}

}  // namespace tritlab
