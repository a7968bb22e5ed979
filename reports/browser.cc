#include "reports/browser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "datasets/dataset.h"
#include "datasets/jpeg.h"

namespace tritlab {
namespace {

// Chromium makes no narrower ones, so a page stands in a frame of its screen's
// width.
constexpr int kNarrowestWindow = 600;

std::string Framed(absl::string_view html, int width, int height) {
  return absl::StrCat(
      "<!DOCTYPE html><meta charset=\"utf-8\"><meta name=\"color-scheme\" "
      "content=\"light dark\"><body style=\"margin:0\"><iframe style=\"",
      "border:0;display:block;width:", width, "px;height:", height,
      "px\" srcdoc=\"",
      absl::StrReplaceAll(html, {{"&", "&amp;"}, {"\"", "&quot;"}}),
      "\"></iframe>");
}

}  // namespace

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
                   "--hide-scrollbars --force-device-scale-factor=1 "
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
                                            int height, ColorScheme scheme,
                                            const std::string& file) const {
  std::remove(file.c_str());
  RETURN_IF_ERROR(
      Open(Framed(html, width, height),
           absl::StrCat("--window-size=", std::max(width, kNarrowestWindow),
                        ",", height, " --blink-settings=preferredColorScheme=",
                        scheme == ColorScheme::kDark ? 0 : 1, " --screenshot='",
                        file, "'"))
          .status());
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
  ASSIGN_OR_RETURN(const auto shape, JpegShape(bytes, file));
  Picture window{.height = static_cast<int>(shape.height),
                 .width = static_cast<int>(shape.width),
                 .pixels = std::vector<uint8_t>(shape.size())};
  RETURN_IF_ERROR(DecodeJpeg(bytes, file, shape, window.pixels.data()));
  if (window.height != height || window.width < width) {
    return absl::InternalError(absl::StrCat("the screenshot is ", window.width,
                                            "x", window.height, " pixels"));
  }
  Picture picture{.height = height, .width = width, .pixels = {}};
  for (int y = 0; y < height; ++y) {
    picture.pixels.insert(picture.pixels.end(), window.at(y, 0),
                          window.at(y, 0) + 3 * width);
  }
  return picture;
}

absl::StatusOr<std::string> Browser::Evaluate(
    absl::string_view html, int width, absl::string_view expression) const {
  static constexpr char kBegin[] = "<pre id=\"value\">", kEnd[] = "</pre>";
  ASSIGN_OR_RETURN(
      const std::string dom,
      Open(absl::StrCat(Framed(html, width, /*height=*/1000), kBegin, kEnd,
                        "<script>\naddEventListener('load', () => {\n"
                        "const view = frames[0], page = view.document;\n"
                        "let value;\ntry { value = ",
                        expression,
                        "; } catch (error) { value = error; }\n"
                        "document.getElementById('value').textContent = "
                        "value;\n});\n</script>"),
           "--dump-dom"));
  // The frame's page, an attribute, has its angle brackets in it.
  const size_t begin = dom.rfind(kBegin);
  const size_t end = dom.find(kEnd, begin);
  if (begin == std::string::npos || end == std::string::npos)
    return absl::InternalError(absl::StrCat("no value in: ", dom));
  return absl::StrReplaceAll(
      absl::string_view(dom).substr(begin + sizeof(kBegin) - 1,
                                    end - begin - sizeof(kBegin) + 1),
      {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}});
}

}  // namespace tritlab
