// A page before it is rendered: which headings, sentences, tables and pictures
// stand on it, and in which order. That is decided once (report_page.h,
// runs_page.h); html.h, markdown.h and latex.h only lay it out.
#ifndef TRITLAB_REPORTS_PAGE_PAGE_H_
#define TRITLAB_REPORTS_PAGE_PAGE_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "reports/page/plot.h"
#include "reports/page/table.h"
#include "reports/report.pb.h"

namespace tritlab {

struct Heading {
  std::string text;
};

struct Paragraph {
  std::string text;
};

struct Notes {
  std::vector<std::string> lines;
};

struct PageTable {
  Table table;
  // Unique on its page; a link and a \ref name it so. PageName of anything.
  std::string name;
  // A heading of its own, under which html folds the table away.
  std::string title = {};
  bool open = false;      // folded, but open at first
  bool sortable = false;  // by its columns, where scripts run
};

struct Figure {
  // Stands on its own: what, on which data, at what setting, which seed.
  std::string caption;
  Plot plot;
  int height = 360;  // in pixels, whatever the width
};

struct KernelFigure {
  std::string caption;
  std::string title;  // for readers who hear the page
  KernelPicture kernels;
};

using PageElement =
    std::variant<Heading, Paragraph, Notes, PageTable, Figure, KernelFigure>;

struct Page {
  std::string title;
  std::string lead;  // one sentence on what this is about
  std::vector<PageElement> elements;
};

// Lower-case letters and digits of `text`, a hyphen for what is between them.
std::string PageName(absl::string_view text);

// The page as words and numbers: without pictures, and without the headings
// that then have nothing below them.
Page WithoutPictures(const Page& page);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_PAGE_PAGE_H_
