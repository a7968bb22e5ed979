#include "reports/page/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "reports/page/escape_html.h"

extern char** environ;

namespace tritlab {
namespace {

// gnuplot knows no CSS, so it draws in colours that nothing else has, and these
// are replaced in its output.
struct Color {
  int red, green, blue;
  const char* css;
};
constexpr Color kMuted = {241, 242, 11, "var(--muted,#5b6169)"};
constexpr Color kGrid = {241, 242, 12, "var(--grid,#e3e5e8)"};
constexpr Color kInk = {241, 242, 13, "var(--ink,#1c1f23)"};
constexpr Color kSeries[kSeriesColors] = {
    {241, 242, 21, "var(--series-1,#1f6fc2)"},
    {241, 242, 22, "var(--series-2,#c2500c)"},
    {241, 242, 23, "var(--series-3,#0c7d5f)"},
    {241, 242, 24, "var(--series-4,#8a3fb0)"},
    {241, 242, 25, "var(--series-5,#9a6b00)"},
    {241, 242, 26, "var(--series-6,#b3265e)"},
    {241, 242, 27, "var(--series-7,#00859c)"},
    {241, 242, 28, "var(--series-8,#7a4b32)"},
    {241, 242, 29, "var(--series-9,#50607a)"}};

std::string InGnuplot(const Color& color) {
  return absl::StrFormat("'#%02X%02X%02X'", color.red, color.green, color.blue);
}

// A folder of its own for one drawing, removed with everything in it.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> Create() {
    const char* parent = std::getenv("TMPDIR");
    std::string path = JoinPath(
        parent == nullptr || *parent == '\0' ? "/tmp" : parent, "plot.XXXXXX");
    if (mkdtemp(path.data()) == nullptr) {
      return FileError(errno, path, "cannot make a folder");
    }
    return TemporaryFolder(std::move(path));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept
      : path_(std::exchange(other.path_, "")) {}
  std::string PathOf(absl::string_view name) const {
    return JoinPath(path_, name);
  }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Runs `gnuplot -d SCRIPT` (without anyone's start-up file) in a fixed locale
// and returns its exit status. No shell is involved.
absl::StatusOr<int> RunGnuplot(const std::string& script,
                               const std::string& errors) {
  std::vector<std::string> variables = {"LC_ALL=C.UTF-8"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    if (!absl::StartsWith(text, "LC_") && !absl::StartsWith(text, "LANG") &&
        !absl::StartsWith(text, "GNUPLOT")) {
      variables.emplace_back(text);
    }
  }
  std::vector<char*> environment;
  environment.reserve(variables.size() + 1);
  for (std::string& variable : variables) {
    environment.push_back(variable.data());
  }
  environment.push_back(nullptr);

  std::string program = "gnuplot", option = "-d", file = script;
  char* const arguments[] = {program.data(), option.data(), file.data(),
                             nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t process = 0;
  const int error = posix_spawnp(&process, program.c_str(), &actions, nullptr,
                                 arguments, environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT || error == EACCES || error == ENOTDIR) {
    return absl::NotFoundError(
        "gnuplot is not installed; install it (Debian: gnuplot-nox) and run "
        "//reports:render");
  }
  if (error != 0) return FileError(error, "gnuplot", "cannot start");
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return FileError(errno, "gnuplot", "cannot wait");
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

std::string Number(double value) {
  return std::isfinite(value) ? absl::StrFormat("%.10g", value) : "NaN";
}

std::string Shortened(const std::string& name) {
  // Bytes, for a name of other than ASCII is rare; never within a character.
  constexpr size_t kMost = 26;
  if (name.size() <= kMost) return name;
  size_t head = 10, tail = name.size() - 15;
  const auto within = [&](size_t at) {
    return (static_cast<unsigned char>(name[at]) & 0xC0) == 0x80;
  };
  while (head > 0 && within(head)) --head;
  while (tail < name.size() && within(tail)) ++tail;
  return absl::StrCat(name.substr(0, head), "\u2026", name.substr(tail));
}

// "20", "50 k", "1 M"; 0.05 as it is.
std::string MarkName(double value) {
  constexpr std::pair<double, const char*> kPrefixes[] = {
      {1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
  for (const auto& [factor, prefix] : kPrefixes) {
    if (value >= factor) return absl::StrFormat("%g%s", value / factor, prefix);
  }
  return absl::StrFormat("%g", value);
}

bool IsDrawn(const Plot& plot, double x, double y) {
  return std::isfinite(x) && std::isfinite(y) && (x > 0 || !plot.log_x);
}

// Marks at 1, 2 and 5 times powers of ten, or where these are more than fit, at
// powers of ten alone; the axis ends on the marks around the data.
std::string LogarithmicAxis(const Plot& plot, int width) {
  double low = INFINITY, high = 0;
  for (const Series& series : plot.series) {
    for (const auto& [x, y] : series.points) {
      if (!IsDrawn(plot, x, y)) continue;
      low = std::min(low, x);
      high = std::max(high, x);
    }
  }
  struct Mark {
    double value;
    bool power;  // of ten
  };
  std::vector<Mark> marks;
  const int last = static_cast<int>(std::floor(std::log10(high))) + 1;
  for (int power = static_cast<int>(std::floor(std::log10(low))); power <= last;
       ++power) {
    for (const int factor : {1, 2, 5})
      marks.push_back({factor * std::pow(10, power), factor == 1});
  }
  // Points stand within the axis, not on its ends.
  while (marks.size() > 2 && marks[1].value < 0.95 * low)
    marks.erase(marks.begin());
  while (marks.size() > 2 && marks[marks.size() - 2].value > 1.05 * high)
    marks.pop_back();
  std::string script =
      absl::StrFormat("set logscale x 10\nset xrange [%s:%s]\nset xtics (",
                      Number(std::min(marks.front().value, 0.95 * low)),
                      Number(std::max(marks.back().value, 1.05 * high)));
  const bool all = static_cast<int>(marks.size()) * 60 <= width;
  bool first = true;
  for (const Mark& mark : marks) {
    if (!all && !mark.power) continue;
    absl::StrAppend(&script, std::exchange(first, false) ? "" : ", ",
                    internal::QuoteForGnuplot(MarkName(mark.value)), " ",
                    Number(mark.value));
  }
  return absl::StrCat(script, ")\n");
}

// What is left of the width beside the names of the y axis, in pixels; an
// estimate, as are the widths of all letters here.
double RoomForX(const Plot& plot, int width) {
  size_t longest = 0;
  for (const std::string& name : plot.y_names)
    longest = std::max(longest, Shortened(name).size());
  return std::max<double>(width - 7.0 * longest, 120);
}

// Moves the label of the x axis to the left, by how much it would stand out of
// the picture on the right if it were in the middle of the axis.
std::string OffsetOfXLabel(const Plot& plot, int width) {
  const double beyond =
      (7.0 * plot.x_label.size() - RoomForX(plot, width)) / 2 + 25;
  if (beyond <= 0) return "";
  return absl::StrFormat(" offset screen %.4f,0", -beyond / width);
}

// Marks at 1, 2 or 5 times a power of ten, about one in 60 pixels.
std::string LinearAxis(const Plot& plot, int width) {
  double low = plot.x_range.first, high = plot.x_range.second;
  const bool given = low < high;
  if (!given) {
    low = INFINITY, high = -INFINITY;
    for (const Series& series : plot.series) {
      for (const auto& [x, y] : series.points) {
        if (!IsDrawn(plot, x, y)) continue;
        low = std::min(low, x);
        high = std::max(high, x);
      }
    }
  }
  // Where all points stand at one place, gnuplot would choose a range of its
  // own, which the steps below need not fit: millions of them, for a large x.
  const double place = std::max(std::abs(low), std::abs(high));
  const bool one_place = high - low <= 1e-7 * place;
  if (!given && one_place) {
    const double room = plot.whole_x ? std::max(1.0, 1e-6 * place)
                        : place > 0  ? 0.1 * place
                                     : 1;
    low -= room;
    high += room;
  }
  std::string script;
  if (given || plot.whole_x || one_place) {
    absl::StrAppendFormat(&script, "set xrange [%s:%s]\n", Number(low),
                          Number(high));
  }
  // Marks closer than numbers are told apart are gnuplot's to choose.
  if (given && !plot.whole_x && (one_place || !std::isfinite(high - low)))
    return script;
  const double wanted = (high - low) * 60 / RoomForX(plot, width);
  double step = 1;
  if (!plot.whole_x) step = std::pow(10, std::floor(std::log10(wanted)));
  while (step < wanted) {
    for (const double factor : {2.0, 2.5, 2.0}) {
      if (step < wanted) step *= factor;
    }
  }
  if (given && !plot.whole_x) {
    // By gnuplot's own names, a million and more would not fit side by side.
    absl::StrAppend(&script, "set xtics (");
    const double first = std::ceil(low / step);
    for (int i = 0; (first + i) * step <= high; ++i) {
      const double mark = (first + i) * step;
      absl::StrAppend(&script, i == 0 ? "" : ", ",
                      internal::QuoteForGnuplot(MarkName(mark)), " ",
                      Number(mark));
    }
    return absl::StrCat(script, ")\n");
  }
  absl::StrAppend(&script, "set xtics ", plot.whole_x ? "0," : "", Number(step),
                  "\n");
  return script;
}

std::string Script(const Plot& plot, const std::string& output, int width,
                   int height) {
  using internal::QuoteForGnuplot;
  std::string script = absl::StrFormat(
      "set encoding utf8\n"
      "set terminal svg size %d,%d fixed font 'system-ui,13' fontscale 1 "
      "noenhanced linewidth 1 butt name %s\n"
      "set output %s\n",
      width, height, QuoteForGnuplot(plot.name), QuoteForGnuplot(output));
  const std::string muted = InGnuplot(kMuted);
  absl::StrAppendFormat(
      &script,
      "set border 3 linecolor rgb %s linewidth 1\n"
      "set xtics nomirror scale 0.5 textcolor rgb %s\n"
      "set ytics nomirror scale %s textcolor rgb %s\n"
      "set grid %s linetype 1 linecolor rgb %s linewidth 1\n"
      "set key tmargin left Left reverse horizontal samplen 1.5 "
      "textcolor rgb %s\n"
      "set rmargin 3\n"
      "set xlabel %s%s textcolor rgb %s\n"
      "set ylabel %s textcolor rgb %s\n",
      muted, muted, plot.y_names.empty() ? "0.5" : "0", muted,
      plot.y_names.empty() ? "ytics" : "xtics ytics", InGnuplot(kGrid),
      InGnuplot(kInk), QuoteForGnuplot(plot.x_label),
      OffsetOfXLabel(plot, width), muted, QuoteForGnuplot(plot.y_label), muted);
  script += plot.log_x ? LogarithmicAxis(plot, width) : LinearAxis(plot, width);
  if (!plot.y_names.empty()) {
    absl::StrAppendFormat(&script, "set yrange [%s:-0.5]\nset ytics (",
                          Number(plot.y_names.size() - 0.5));
    for (size_t i = 0; i < plot.y_names.size(); ++i) {
      // Labels of tics are formats.
      const std::string name =
          absl::StrReplaceAll(Shortened(plot.y_names[i]), {{"%", "%%"}});
      absl::StrAppend(&script, i == 0 ? "" : ", ", QuoteForGnuplot(name), " ",
                      i);
    }
    script += ")\n";
  }
  std::string labels;
  std::vector<std::string> plots;
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const Series& series = plot.series[i];
    const std::string data = absl::StrCat("$series", i);
    const int color =
        (series.color % kSeriesColors + kSeriesColors) % kSeriesColors;
    const std::string colored =
        absl::StrCat(" linecolor rgb ", InGnuplot(kSeries[color]));
    absl::StrAppend(&script, data, " << END\n");
    std::string bars;
    for (size_t j = 0; j < series.points.size(); ++j) {
      const auto& [x, y] = series.points[j];
      const bool drawn = IsDrawn(plot, x, y);
      absl::StrAppend(&script, drawn ? Number(x) : "NaN", " ", Number(y), "\n");
      if (!drawn) continue;
      if (j < series.spreads.size() && std::isfinite(series.spreads[j])) {
        absl::StrAppend(&bars, Number(x), " ", Number(y), " ",
                        Number(series.spreads[j]), "\n");
      }
      if (j < series.labels.size()) {
        absl::StrAppend(&labels, "set label ",
                        QuoteForGnuplot(series.labels[j]), " at ", Number(x),
                        ",", Number(y), " right offset character -0.6,0.5 ",
                        "front textcolor rgb ", InGnuplot(kInk), "\n");
      }
    }
    script += "END\n";
    if (!bars.empty()) {
      absl::StrAppend(&script, "$spreads", i, " << END\n", bars, "END\n");
      plots.push_back(
          absl::StrCat("$spreads", i, " using 1:2:3 with ",
                       plot.y_names.empty() ? "yerrorbars" : "xerrorbars",
                       " linewidth 1 dashtype 1 pointtype 7 pointsize 0",
                       colored, " notitle"));
    }
    plots.push_back(absl::StrCat(
        data, " using 1:2 with ",
        series.steps     ? "steps"
        : !series.line   ? "points"
        : series.markers ? "linespoints"
                         : "lines",
        series.line ? absl::StrCat(" linewidth ", series.dashed ? "1.3" : "2",
                                   " dashtype ", series.dashed ? "'- '" : "1")
                    : "",
        series.markers && !series.steps
            ? absl::StrCat(" pointtype 7 pointsize ",
                           series.line ? "0.35" : "0.7")
            : "",
        colored,
        series.name.empty()
            ? " notitle"
            : absl::StrCat(" title ", QuoteForGnuplot(series.name))));
  }
  // Above the highest point its label needs room, which the key begins after.
  if (!labels.empty()) script += "set offsets 0, 0, graph 0.1, 0\n";
  return absl::StrCat(script, labels, "plot ", absl::StrJoin(plots, ", \\\n  "),
                      "\nunset output\n");
}

// Of a gnuplot file: the <svg> element alone, coloured by CSS, with ids of its
// own, titled, and without the words about the program.
std::string ForPage(std::string svg, const Plot& plot, int width, int height) {
  const size_t begin = svg.find("<g id=");
  if (begin == std::string::npos) return "";
  svg.erase(0, begin);
  svg = absl::StrReplaceAll(
      svg,
      {{"=\"black\"", "=\"currentColor\""},
       {"='black'", "='currentColor'"},
       {"color=\"white\"", "color=\"currentColor\""},
       // What sets a point off from what it covers.
       {"color='white'", "color='var(--ground,#ffffff)'"},
       {"id='gp", absl::StrCat("id='", plot.name, "_")},
       {"xlink:href='#gp", absl::StrCat("href='#", plot.name, "_")},
       {"id=\"gnuplot_canvas\"", absl::StrCat("id=\"", plot.name, "_canvas\"")},
       {"id='textbox'", absl::StrCat("id='", plot.name, "_textbox'")},
       {"id='greybox'", absl::StrCat("id='", plot.name, "_greybox'")}});
  std::vector<Color> colors = {kMuted, kGrid, kInk};
  colors.insert(colors.end(), std::begin(kSeries), std::end(kSeries));
  for (const Color& color : colors) {
    // gnuplot writes lines' colours padded and text's colours not.
    svg = absl::StrReplaceAll(
        svg,
        {{absl::StrFormat("rgb(%3d, %3d, %3d)", color.red, color.green,
                          color.blue),
          color.css},
         {absl::StrFormat("rgb(%d,%d,%d)", color.red, color.green, color.blue),
          color.css}});
  }
  // "<title>NAME_plot_1</title>" would show as a tip over each line.
  std::string without_tips;
  absl::string_view rest = svg;
  while (true) {
    const size_t open = rest.find("<title>");
    if (open == absl::string_view::npos) break;
    const size_t close = rest.find("</title>", open);
    if (close == absl::string_view::npos) break;
    absl::StrAppend(&without_tips, rest.substr(0, open));
    rest.remove_prefix(close + 8);
  }
  absl::StrAppend(&without_tips, rest);
  return absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
      "viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n%s",
      width, height, width, height, EscapeHtml(plot.title), without_tips);
}

}  // namespace

const char kLightPlotColors[] =
    "--ink:#1c1f23;--muted:#5b6169;--grid:#e3e5e8;--series-1:#1f6fc2;"
    "--series-2:#c2500c;--series-3:#0c7d5f;--series-4:#8a3fb0;"
    "--series-5:#9a6b00;--series-6:#b3265e;--series-7:#00859c;"
    "--series-8:#7a4b32;--series-9:#50607a;";
const char kDarkPlotColors[] =
    "--ink:#e8eaed;--muted:#a2a9b3;--grid:#33383f;--series-1:#6aaef0;"
    "--series-2:#f0935a;--series-3:#4fc49f;--series-4:#c792e8;"
    "--series-5:#dcb04a;--series-6:#f07ca6;--series-7:#4cc3d9;"
    "--series-8:#c79a80;--series-9:#9fb0cc;";

namespace internal {

std::string QuoteForGnuplot(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(OneLine(text), {{"'", "''"}}),
                      "'");
}

}  // namespace internal

absl::StatusOr<std::string> DrawSvg(const Plot& plot, int width, int height) {
  bool any = false;
  for (const Series& series : plot.series) {
    for (const auto& [x, y] : series.points) {
      any = any || IsDrawn(plot, x, y);
    }
  }
  if (!any) return absl::InvalidArgumentError("there is nothing to draw");

  ASSIGN_OR_RETURN(const TemporaryFolder folder, TemporaryFolder::Create());
  const std::string script = folder.PathOf("script");
  const std::string errors = folder.PathOf("errors");
  const std::string picture = folder.PathOf("picture.svg");
  RETURN_IF_ERROR(
      WriteFileAtomically(script, Script(plot, picture, width, height)));
  ASSIGN_OR_RETURN(const int status, RunGnuplot(script, errors));
  const absl::StatusOr<std::string> svg = ReadFile(picture);
  const std::string page =
      status == 0 && svg.ok() ? ForPage(*svg, plot, width, height) : "";
  if (page.empty()) {
    std::string words = ReadFile(errors).value_or("");
    std::replace(words.begin(), words.end(), '\n', ' ');
    return absl::InternalError(absl::StrCat(
        "gnuplot failed with status ", status, ": ", words.substr(0, 300)));
  }
  return page;
}

std::string StandaloneSvg(const std::string& svg) {
  const size_t end_of_tag = svg.find('>');
  if (end_of_tag == std::string::npos) return svg;
  // A ground of its own: a viewer's may be white whatever the system prefers.
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
      svg.substr(0, end_of_tag + 1), "\n<style>:root{--ground:#ffffff;",
      kLightPlotColors, "}@media (prefers-color-scheme:dark){:root{",
      "--ground:#16181c;", kDarkPlotColors, "}}</style>\n",
      "<rect width=\"100%\" height=\"100%\" fill=\"var(--ground,#ffffff)\"/>",
      svg.substr(end_of_tag + 1));
}

}  // namespace tritlab
