#include "experiments/sweep/sweep_runs.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/one_line.h"
#include "base/status_macros.h"
#include "experiments/run_folder.h"
#include "experiments/spec_file.h"
#include "reports/report.pb.h"

extern char** environ;

namespace tritlab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(20);
constexpr auto kNextTry = std::chrono::milliseconds(500);

std::string SpecFileOf(const SweepRun& run) {
  return run.folder + ".textproto";
}
std::string LogOf(const SweepRun& run) { return run.folder + ".log"; }
std::string FailureFileOf(const SweepRun& run) {
  return run.folder + ".failed";
}

std::string ParentOf(const SweepRun& run) {
  return std::filesystem::path(run.folder).parent_path().string();
}

std::string LockFileOf(const SweepRun& run) {
  const std::string name =
      std::filesystem::path(run.folder).filename().string();
  return JoinPath(ParentOf(run), absl::StrCat(".", name, ".lock"));
}

// The last line that says something.
std::string LastLine(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return "";
  const absl::string_view all = absl::StripAsciiWhitespace(*text);
  const size_t newline = all.rfind('\n');
  return OneLine(absl::StripPrefix(
      newline == absl::string_view::npos ? all : all.substr(newline + 1),
      "error: "));
}

// The number of threads that a run began with, which it must go on with; 0 when
// it has not begun.
int ThreadsOf(const SweepRun& run) {
  const std::string path = ProvenanceIn(run.folder);
  Provenance provenance;
  if (!FileExists(path) || !ReadTextProto(path, provenance).ok()) return 0;
  return static_cast<int>(provenance.threads());
}

// What posix_spawn is told, freed at the end.
struct SpawnSettings {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnSettings() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
  }
};

class Execution {
 public:
  Execution(const std::vector<SweepRun>& runs, const SweepRunOptions& options)
      : runs_(runs), options_(options), states_(runs.size()) {
    for (const SweepRun& run : runs_) shared_ += run.point < 0;
    // Of the shared phases, only those that something still needs.
    std::vector<bool> needed(runs_.size(), false);
    for (size_t i = runs_.size(); i-- > 0;) {
      const bool is_point = runs_[i].point >= 0;
      if (!runs_[i].wanted || !(is_point || needed[i])) {
        states_[i].stage = kNotWanted;
        continue;
      }
      ++wanted_;
      if (FinishedReport(runs_[i]).ok()) continue;
      states_[i].failure_before =
          ReadFile(FailureFileOf(runs_[i])).value_or("");
      for (const int need : runs_[i].needs) needed[need] = true;
    }
  }

  absl::StatusOr<int> Execute() {
    while (true) {
      PassOnStops();
      for (size_t i = 0; i < runs_.size(); ++i) RETURN_IF_ERROR(Advance(i));
      const bool over =
          std::none_of(states_.begin(), states_.end(), [&](const State& state) {
            return state.stage == kRunning ||
                   (state.stage == kWaiting && stops_ == 0);
          });
      if (over) break;
      std::this_thread::sleep_for(kPause);
    }
    if (stops_ > 0) {
      return absl::CancelledError(
          "stopped as asked to; the same command goes on from here");
    }
    return failed_;
  }

  // Nothing is left running behind an error.
  ~Execution() {
    for (const State& state : states_) {
      if (state.stage == kRunning) kill(state.process, SIGTERM);
    }
  }

 private:
  enum Stage { kWaiting, kRunning, kDone, kFailed, kNotWanted };
  struct State {
    Stage stage = kWaiting;
    pid_t process = -1;
    std::unique_ptr<FileLock> lock;
    Clock::time_point begun;
    Clock::time_point next_try;
    bool elsewhere = false;      // said that another process is at it
    std::string failure_before;  // what FOLDER.failed said at the start
  };

  void Say(size_t i, const std::string& what) {
    std::fprintf(stderr, "[%d/%d] %s: %s\n", over_, wanted_,
                 runs_[i].name.c_str(), OneLine(what).c_str());
  }

  // At first by SIGUSR1, which ends no run: whoever has stopped this process
  // may have sent the runs a SIGTERM himself. Then by two signals, for the
  // first SIGTERM that a run sees asks as well.
  void PassOnStops() {
    if (!options_.stops) return;
    for (const int stops = options_.stops(); stops_ < stops; ++stops_) {
      for (const State& state : states_) {
        if (state.stage != kRunning) continue;
        if (stops_ == 0) {
          kill(state.process, SIGUSR1);
        } else {
          kill(state.process, SIGTERM);
          kill(state.process, SIGINT);
        }
      }
    }
  }

  // One look at run i.
  absl::Status Advance(size_t i) {
    State& state = states_[i];
    if (state.stage == kRunning) return LookAfter(i);
    if (state.stage != kWaiting) return absl::OkStatus();
    if (stops_ > 0 || running_ >= options_.jobs) return absl::OkStatus();
    // A point that is done needs nothing any more.
    const Clock::time_point now = Clock::now();
    if (now < state.next_try) return absl::OkStatus();
    if (FinishedReport(runs_[i]).ok()) return End(i, kDone, "done before");
    for (const int need : runs_[i].needs) {
      if (states_[need].stage == kFailed) {
        return Fail(i, absl::StrCat("it starts from what failed: ",
                                    FailureOf(runs_[need])));
      }
      if (states_[need].stage != kDone) {
        state.next_try = now + kPause * 5;
        return absl::OkStatus();
      }
    }
    return Start(i);
  }

  absl::Status Start(size_t i) {
    const SweepRun& run = runs_[i];
    State& state = states_[i];
    RETURN_IF_ERROR(MakeDirectories(ParentOf(run)));
    ASSIGN_OR_RETURN(state.lock, FileLock::Try(LockFileOf(run)));
    if (state.lock == nullptr) {
      if (!state.elsewhere) {
        Say(i, absl::StrCat(LastOwner(LockFileOf(run)), " is at it; waiting"));
      }
      state.elsewhere = true;
      state.next_try = Clock::now() + kNextTry;
      return absl::OkStatus();
    }
    // Whoever had the lock may have done it.
    if (FinishedReport(run).ok())
      return End(i, kDone, "done by another process");
    const std::string failure = FailureFileOf(run);
    if (const std::string now = ReadFile(failure).value_or("");
        !now.empty() && now != state.failure_before) {
      return End(i, kFailed,
                 absl::StrCat("FAILED in another process: ", FailureOf(run)));
    }
    if (unlink(failure.c_str()) != 0 && errno != ENOENT)
      return FileError(errno, failure, "remove");
    RETURN_IF_ERROR(WriteFileAtomically(SpecFileOf(run), ToText(run.spec)));
    RETURN_IF_ERROR(Spawn(run, state));
    state.stage = kRunning;
    state.begun = Clock::now();
    ++running_;
    Say(i, "started");
    return absl::OkStatus();
  }

  // Shared phases run before there is anything else to do, so they divide the
  // threads among themselves.
  int ThreadsFor(const SweepRun& run) const {
    if (const int begun_with = ThreadsOf(run); begun_with > 0)
      return begun_with;
    const int at_once =
        run.point < 0 ? std::min(options_.jobs, shared_) : options_.jobs;
    return std::max(1, options_.threads / at_once);
  }

  absl::Status Spawn(const SweepRun& run, State& state) {
    std::vector<std::string> arguments = {
        options_.run_binary,
        absl::StrCat("--spec=", SpecFileOf(run)),
        absl::StrCat("--data_root=", options_.data_root),
        absl::StrCat("--output_dir=", run.folder),
        absl::StrCat("--shared_phases=", options_.shared_phases),
        absl::StrCat("--threads=", ThreadsFor(run)),
        "--resume"};
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);

    ASSIGN_OR_RETURN(const int log,
                     OpenForWriting(LogOf(run), O_WRONLY | O_APPEND));
    SpawnSettings settings;
    posix_spawn_file_actions_addopen(&settings.files, 0, "/dev/null", O_RDONLY,
                                     0);
    posix_spawn_file_actions_adddup2(&settings.files, log, 1);
    posix_spawn_file_actions_adddup2(&settings.files, 1, 2);
    // The lock lives on in the process, should this one be killed. (A copy of a
    // descriptor to itself stays open in the new program.)
    const int lock = state.lock->descriptor();
    posix_spawn_file_actions_adddup2(&settings.files, lock, lock);
    // A group of its own: Ctrl-C reaches it once, through PassOnStops, for a
    // second signal ends a run without a checkpoint.
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&settings.attributes, 0);
    const int error = posix_spawn(&state.process, options_.run_binary.c_str(),
                                  &settings.files, &settings.attributes,
                                  argv.data(), environ);
    close(log);
    if (error != 0)
      return FileError(error, options_.run_binary, "cannot be started");
    return absl::OkStatus();
  }

  // Whether a process has ended, and how.
  absl::Status LookAfter(size_t i) {
    State& state = states_[i];
    int status = 0;
    const pid_t ended = waitpid(state.process, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return absl::OkStatus();
    if (ended < 0) return FileError(errno, options_.run_binary, "wait");
    --running_;
    // Who has asked for a stop just now may have asked the run, too.
    const bool stopped = stops_ > 0 || (options_.stops && options_.stops() > 0);
    if (stopped && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
      state.stage = kWaiting;
      Say(i, "stopped");
      return absl::OkStatus();
    }
    if (WIFSIGNALED(status)) {
      return Fail(
          i, absl::StrFormat("it was ended by signal %d (%s)", WTERMSIG(status),
                             strsignal(WTERMSIG(status))));
    }
    if (WEXITSTATUS(status) != 0) {
      const std::string log = LogOf(runs_[i]);
      const std::string line = LastLine(log);
      return Fail(
          i, line.empty() ? absl::StrCat("it said nothing in ", log) : line);
    }
    const absl::StatusOr<Report> report = FinishedReport(runs_[i]);
    if (!report.ok()) return Fail(i, report.status().message());
    const std::chrono::duration<double> took = Clock::now() - state.begun;
    return End(
        i, kDone,
        absl::StrFormat("done in %.0f s, top-1 %.2f %%", took.count(),
                        report->results(report->results_size() - 1).top1()));
  }

  absl::Status End(size_t i, Stage stage, const std::string& how) {
    states_[i].stage = stage;
    states_[i].lock.reset();
    ++over_;
    failed_ += stage == kFailed;
    Say(i, how);
    return absl::OkStatus();
  }

  absl::Status Fail(size_t i, absl::string_view why) {
    const std::string line = OneLine(why);
    // One that was never tried has no folder yet, nor a lock.
    RETURN_IF_ERROR(MakeDirectories(ParentOf(runs_[i])));
    std::unique_ptr<FileLock>& lock = states_[i].lock;
    if (lock == nullptr) {
      ASSIGN_OR_RETURN(lock, FileLock::Try(LockFileOf(runs_[i])));
    }
    absl::Status status;
    if (lock != nullptr) {  // else another process is at it
      // Whose attempt it was tells it from one that failed the same way before.
      status.Update(
          WriteFileAtomically(FailureFileOf(runs_[i]),
                              absl::StrCat(ThisProcess(), "\n", line, "\n")));
    }
    status.Update(End(i, kFailed, absl::StrCat("FAILED: ", line)));
    return status;
  }

  const std::vector<SweepRun>& runs_;
  const SweepRunOptions& options_;
  std::vector<State> states_;
  int wanted_ = 0;
  int shared_ = 0;  // of the whole sweep, whatever this shard has of it
  int running_ = 0;
  int over_ = 0;
  int failed_ = 0;
  int stops_ = 0;  // passed on so far
};

}  // namespace

absl::StatusOr<int> ExecuteRuns(const std::vector<SweepRun>& runs,
                                const SweepRunOptions& options) {
  return Execution(runs, options).Execute();
}

std::string FailureOf(const SweepRun& run) {
  const std::string path = FailureFileOf(run);
  return FileExists(path) ? LastLine(path) : "";
}

}  // namespace tritlab
