#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/monotonic_clock.h"

namespace tritlab {
namespace {

constexpr int kBarWidth = 20;

// 12345 as 12,345.
std::string Grouped(int64_t value) {
  std::string digits = absl::StrCat(value);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(i, 1, ',');
  }
  return digits;
}

// Seconds as 1:02:03 or 2:03.
std::string ClockTime(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole >= 3600) {
    return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60,
                           whole % 60);
  }
  return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
}

std::string Rate(int64_t done, double seconds, const std::string& unit) {
  const double rate = seconds > 0 ? done / seconds : 0;
  return rate < 10 ? absl::StrFormat("%.2f %s/s", rate, unit)
                   : absl::StrCat(Grouped(std::llround(rate)), " ", unit, "/s");
}

// The first bytes of a line that fill no more than `width` columns; no
// character of several bytes is cut in two.
std::string Cut(std::string line, size_t width) {
  if (line.size() <= width) return line;
  while (width > 0 && (line[width] & 0xc0) == 0x80) --width;
  line.resize(width);
  return line;
}

}  // namespace

Progress::Progress(absl::string_view label, int64_t total)
    : Progress(label, total, Options()) {}

Progress::Progress(absl::string_view label, int64_t total, Options options)
    : label_(label),
      total_(total),
      options_(std::move(options)),
      terminal_(options_.terminal.has_value()
                    ? *options_.terminal
                    : isatty(fileno(options_.stream)) == 1) {
  if (!options_.seconds) options_.seconds = MonotonicSeconds;
  done_ = options_.already_done;
  start_ = options_.seconds();
  next_print_ = start_ + (terminal_ ? options_.terminal_interval
                                    : options_.plain_interval);
}

Progress::~Progress() {
  if (!finished_) Clear();
}

std::string Progress::Line(int64_t done, double now,
                           absl::string_view note) const {
  const double seconds = now - start_;
  std::string line = label_;
  if (total_ > 0) {
    const double fraction =
        std::clamp(static_cast<double>(done) / total_, 0.0, 1.0);
    if (terminal_) {
      const int filled = static_cast<int>(fraction * kBarWidth);
      std::string bar(filled, '=');
      if (filled < kBarWidth) bar += '>';
      bar.resize(kBarWidth, ' ');
      absl::StrAppend(&line, " [", bar, "]");
    }
    absl::StrAppendFormat(&line, " %3d%%", static_cast<int>(fraction * 100));
  } else {
    absl::StrAppend(&line, " ", Grouped(done), " ", options_.unit);
  }
  absl::StrAppend(&line, "  ",
                  Rate(done - options_.already_done, seconds, options_.unit));
  const int64_t done_here = done - options_.already_done;
  if (total_ > 0 && done_here > 0 && done < total_) {
    absl::StrAppend(&line, "  ",
                    ClockTime(seconds / done_here * (total_ - done)), " left");
  }
  if (!note.empty()) absl::StrAppend(&line, "  ", note);
  return line;
}

size_t Progress::Width() const {
  int columns = options_.columns.value_or(0);
  winsize size;
  if (columns <= 0 && ioctl(fileno(options_.stream), TIOCGWINSZ, &size) == 0) {
    columns = size.ws_col;
  }
  // The last column stays free: a terminal may go to the next line after it.
  return columns > 0 ? columns - 1 : 79;
}

void Progress::Clear() {
  if (drawn_width_ == 0) return;
  absl::FPrintF(options_.stream, "\r%s\r", std::string(drawn_width_, ' '));
  fflush(options_.stream);
  drawn_width_ = 0;
}

void Progress::Update(int64_t done, absl::string_view note) {
  if (finished_) return;
  done_ = done;
  const double now = options_.seconds();
  if (now < next_print_) return;
  std::string line = Line(done, now, note);
  if (terminal_) {
    const size_t width = Width();
    line = Cut(std::move(line), width);
    drawn_width_ = std::min(drawn_width_, width);
    // Spaces wipe what a longer line before has left.
    const size_t left_over =
        drawn_width_ > line.size() ? drawn_width_ - line.size() : 0;
    absl::FPrintF(options_.stream, "\r%s%s", line, std::string(left_over, ' '));
    drawn_width_ = line.size();
    next_print_ = now + options_.terminal_interval;
  } else {
    absl::FPrintF(options_.stream, "%s\n", line);
    next_print_ = now + options_.plain_interval;
  }
  fflush(options_.stream);
}

void Progress::Finish(absl::string_view note) {
  if (finished_) return;
  Clear();
  finished_ = true;
  const double seconds = options_.seconds() - start_;
  std::string line = absl::StrCat(
      label_, "  ", Rate(done_ - options_.already_done, seconds, options_.unit),
      "  ",
      seconds < 10 ? absl::StrFormat("%.1f s", seconds) : ClockTime(seconds));
  if (!note.empty()) absl::StrAppend(&line, "  ", note);
  absl::FPrintF(options_.stream, "%s\n", line);
  fflush(options_.stream);
}

}  // namespace tritlab
