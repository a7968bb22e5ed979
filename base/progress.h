// A progress line for work that takes a while: bar, rate, time left.
//
//   full_precision epoch 3/24 [=====>    ]  52%  1,840 images/s  0:14 left loss
//   0.81
//
// On a terminal the line is cut to its width and redrawn in place, ten times a
// second at most.
// Elsewhere (a log file, CI) a plain line is printed every ten seconds.
#ifndef TRITLAB_BASE_PROGRESS_H_
#define TRITLAB_BASE_PROGRESS_H_

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tritlab {

class Progress {
 public:
  struct Options {
    std::string unit = "images";           // what is counted, in the plural
    int64_t already_done = 0;              // where a resumed run takes up again
    FILE* stream = stderr;                 // not owned
    std::optional<bool> terminal = {};     // default: whether `stream` is one
    std::optional<int> columns = {};       // default: the terminal's, or 80
    std::function<double()> seconds = {};  // the clock; default: steady time
    double terminal_interval = 0.1;        // seconds between redrawn lines
    double plain_interval = 10.0;          // seconds between plain lines
  };

  // `total` units of work, 0 if it is not known.
  Progress(absl::string_view label, int64_t total);
  Progress(absl::string_view label, int64_t total, Options options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` units are done; `note` (a loss, say) ends the line. A call that
  // prints nothing costs a look at the clock. For one thread.
  void Update(int64_t done, absl::string_view note = "");

  // Prints the last line with the whole time taken. Later calls do nothing.
  // The destructor only clears the line.
  void Finish(absl::string_view note = "");

 private:
  std::string Line(int64_t done, double now, absl::string_view note) const;
  size_t Width() const;  // how much of a line there is room for
  void Clear();

  const std::string label_;
  const int64_t total_;
  Options options_;
  const bool terminal_;
  double start_;
  double next_print_;
  int64_t done_ = 0;
  bool finished_ = false;
  size_t drawn_width_ = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_BASE_PROGRESS_H_
