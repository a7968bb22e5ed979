#include "experiments/resume_command.h"

#include <cstdlib>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"

namespace tritlab {
namespace {

std::string ForShell(const std::string& word) {
  constexpr char kPlain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "-_=+:,./@%^";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos)
    return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

}  // namespace

std::string ResumeCommand(const StoppedRun& run) {
  std::vector<std::string> words;
  if (std::getenv("BUILD_WORKSPACE_DIRECTORY") != nullptr) {
    for (const char* word : {"bazel", "run", "//experiments:run", "--"})
      words.push_back(word);
  } else {
    words.push_back(run.command_line[0]);
  }
  const std::set<std::string> with_value = {
      "--spec", "--output_dir", "--data_root", "--shared_phases", "--threads"};
  for (size_t i = 1; i < run.command_line.size(); ++i) {
    const std::string& word = run.command_line[i];
    const std::string name = word.substr(0, word.find('='));
    if (name == "--resume" || name == "--noresume") continue;
    if (with_value.count(name) == 0) {
      words.push_back(word);
    } else if (name == word) {
      ++i;
    }
  }
  // In whatever folder the next command is given; links of Bazel's as what they
  // point to.
  words.push_back("--spec=" + CanonicalPath(run.spec));
  words.push_back("--data_root=" + CanonicalPath(run.data_root));
  words.push_back("--output_dir=" + CanonicalPath(run.folder));
  if (!run.shared_phases.empty())
    words.push_back("--shared_phases=" + CanonicalPath(run.shared_phases));
  words.push_back(absl::StrCat("--threads=", run.threads));
  words.push_back("--resume");
  return absl::StrJoin(words, " ", [](std::string* out, const std::string& w) {
    out->append(ForShell(w));
  });
}

}  // namespace tritlab
