// Fortified headers define open and write inline; here they are functions.
#undef _FORTIFY_SOURCE

#include "base/watched_folder.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

namespace tritlab {
namespace {

// A file or a folder, whatever it is called; the watched folder is 0.
using Node = int;

struct Call {
  enum Kind {
    kCreate,    // `name` in `folder` stands for the new file or folder `node`
    kRename,    // `name` becomes `new_name`
    kRemove,    // `name` is gone
    kWrite,     // `bytes` at `offset` of `node`
    kTruncate,  // `node` is `offset` bytes long
    kFlush,     // of the file or folder `node`
    kMark,
  };
  Kind kind;
  Node node = 0;
  Node folder = 0;
  bool is_folder = false;  // what is created
  std::string name = {}, new_name = {};
  int64_t offset = 0;
  std::string bytes = {};
};

std::mutex watching_mutex;
WatchedFolder::Recorder* watching = nullptr;

}  // namespace

class WatchedFolder::Recorder {
 public:
  explicit Recorder(const std::string& root) : root_(root) {
    paths_[root] = {0, true};
  }

  bool Watches(const std::string& path) const {
    return path == root_ || path.rfind(root_ + "/", 0) == 0;
  }
  bool WatchesDescriptor(int descriptor) const {
    return descriptors_.count(descriptor) > 0;
  }
  bool Exists(const std::string& path) const { return paths_.count(path) > 0; }

  // Whether a call that needs room finds some.
  bool TakeRoom() {
    ++calls_for_room;
    return calls_for_room <= full_after;
  }

  void Opened(int descriptor, const std::string& path, int flags) {
    if (!Exists(path)) Created(path, /*is_folder=*/false);
    const Node node = paths_[path].node;
    if (flags & O_TRUNC) Add({.kind = Call::kTruncate, .node = node});
    if (flags & O_TRUNC) sizes_[node] = 0;
    descriptors_[descriptor] = {node, 0, (flags & O_APPEND) != 0};
  }
  void Closed(int descriptor) { descriptors_.erase(descriptor); }

  void Created(const std::string& path, bool is_folder) {
    const Node node = ++last_node_;
    Add({.kind = Call::kCreate,
         .node = node,
         .folder = FolderOf(path),
         .is_folder = is_folder,
         .name = NameOf(path)});
    paths_[path] = {node, is_folder};
  }

  void Written(int descriptor, const void* bytes, int64_t count) {
    Open& open = descriptors_[descriptor];
    int64_t& size = sizes_[open.node];
    if (open.append) open.offset = size;
    Add({.kind = Call::kWrite,
         .node = open.node,
         .offset = open.offset,
         .bytes = std::string(static_cast<const char*>(bytes), count)});
    open.offset += count;
    size = std::max(size, open.offset);
  }
  void Truncated(int descriptor, int64_t size) {
    const Node node = descriptors_[descriptor].node;
    Add({.kind = Call::kTruncate, .node = node, .offset = size});
    sizes_[node] = size;
  }
  void Flushed(int descriptor) {
    Add({.kind = Call::kFlush, .node = descriptors_[descriptor].node});
  }

  void Renamed(const std::string& from, const std::string& to) {
    // Within one folder: all that this project does.
    if (FolderOf(from) != FolderOf(to)) std::abort();
    Add({.kind = Call::kRename,
         .node = paths_[from].node,
         .folder = FolderOf(from),
         .name = NameOf(from),
         .new_name = NameOf(to)});
    paths_[to] = paths_[from];
    paths_.erase(from);
  }
  void Removed(const std::string& path) {
    Add({.kind = Call::kRemove,
         .node = paths_[path].node,
         .folder = FolderOf(path),
         .name = NameOf(path)});
    paths_.erase(path);
  }

  void Add(Call call) { calls_.push_back(std::move(call)); }
  const std::vector<Call>& calls() const { return calls_; }

  int64_t calls_for_room = 0;
  int64_t full_after = std::numeric_limits<int64_t>::max();

 private:
  struct Named {
    Node node = 0;
    bool is_folder = false;
  };
  struct Open {
    Node node = 0;
    int64_t offset = 0;
    bool append = false;
  };

  Node FolderOf(const std::string& path) const {
    return paths_.at(path.substr(0, path.rfind('/'))).node;
  }
  static std::string NameOf(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
  }

  const std::string root_;
  std::map<std::string, Named> paths_;
  std::map<int, Open> descriptors_;
  std::map<Node, int64_t> sizes_;
  Node last_node_ = 0;
  std::vector<Call> calls_;
};

namespace {

// The calls made once more, on a disk that remembers what was flushed.
class Replay {
 public:
  explicit Replay(absl::FunctionRef<void(const DiskState&)> look)
      : look_(look) {
    names_[0] = {};
  }

  void Make(const Call& call) {
    hashes_.erase(call.node);
    switch (call.kind) {
      case Call::kCreate:
        if (call.is_folder) {
          names_[call.node] = {};
        } else {
          files_[call.node] = {};
        }
        changes_.push_back(call);
        break;
      case Call::kRename:
      case Call::kRemove:
        changes_.push_back(call);
        break;
      case Call::kWrite: {
        std::string& bytes = files_[call.node].now;
        const size_t end = call.offset + call.bytes.size();
        if (bytes.size() < end) bytes.resize(end);
        bytes.replace(call.offset, call.bytes.size(), call.bytes);
        break;
      }
      case Call::kTruncate:
        files_[call.node].now.resize(call.offset);
        break;
      case Call::kFlush:
        Flush(call.node);
        break;
      case Call::kMark:
        ++marks_;
        break;
    }
  }

  // All states that the power may leave if it goes now.
  void LosePower() {
    constexpr size_t kMostForSubsets = 4;
    const size_t count = changes_.size();
    for (const Bytes bytes : {kThere, kLost, kInPart, kZeros}) {
      if (count <= kMostForSubsets) {
        for (unsigned kept = 0; kept < 1u << count; ++kept)
          Show(bytes, [&](size_t i) { return (kept >> i & 1) != 0; });
        continue;
      }
      for (size_t end = 0; end <= count; ++end) {
        Show(bytes, [&](size_t i) { return i < end; });
        Show(bytes, [&](size_t i) { return i != end; });
      }
    }
  }

 private:
  struct File {
    std::string now, flushed;
  };
  enum Bytes { kThere, kLost, kInPart, kZeros };  // those not flushed
  using Names = std::map<std::string, Node>;

  static void Apply(const Call& change, Names& names) {
    switch (change.kind) {
      case Call::kRename:
        if (const auto at = names.find(change.name);
            at != names.end() && at->second == change.node)
          names.erase(at);
        names[change.new_name] = change.node;
        break;
      case Call::kRemove:
        names.erase(change.name);
        break;
      default:
        names[change.name] = change.node;
    }
  }

  void Flush(Node node) {
    if (const auto file = files_.find(node); file != files_.end()) {
      file->second.flushed = file->second.now;
      return;
    }
    for (const Call& change : changes_) {
      if (change.folder == node) Apply(change, names_[node]);
    }
    changes_.erase(
        std::remove_if(changes_.begin(), changes_.end(),
                       [&](const Call& c) { return c.folder == node; }),
        changes_.end());
  }

  static std::string Remains(const File& file, Bytes bytes) {
    if (bytes == kLost) return file.flushed;
    std::string remains = file.now;
    if (bytes == kThere || remains.size() <= file.flushed.size())
      return remains;
    if (bytes == kInPart) {
      remains.resize((remains.size() + file.flushed.size()) / 2);
    } else {
      std::fill(remains.begin() + file.flushed.size(), remains.end(), '\0');
    }
    return remains;
  }

  void Show(Bytes bytes, const std::function<bool(size_t)>& is_kept) {
    std::map<Node, Names> names = names_;
    for (size_t i = 0; i < changes_.size(); ++i) {
      if (is_kept(i)) Apply(changes_[i], names[changes_[i].folder]);
    }
    std::string key = std::to_string(marks_);
    ForEachPath(names, 0, "", [&](const std::string& path, Node node) {
      key.append("|").append(path);
      if (files_.count(node) > 0)
        key.append("|").append(std::to_string(HashOf(node, bytes)));
    });
    if (!seen_.insert(key).second) return;
    DiskState state;
    state.marks = marks_;
    ForEachPath(names, 0, "", [&](const std::string& path, Node node) {
      if (const auto file = files_.find(node); file != files_.end()) {
        state.files[path] = Remains(file->second, bytes);
      } else {
        state.folders.insert(path);
      }
    });
    look_(state);
  }

  // Of what remains of a file; kept, for most files stay as they are.
  size_t HashOf(Node node, Bytes bytes) {
    const auto [at, is_new] = hashes_[node].try_emplace(bytes);
    if (is_new)
      at->second = std::hash<std::string>()(Remains(files_[node], bytes));
    return at->second;
  }

  void ForEachPath(
      const std::map<Node, Names>& names, Node folder,
      const std::string& prefix,
      absl::FunctionRef<void(const std::string& path, Node node)> visit) const {
    for (const auto& [name, node] : names.at(folder)) {
      visit(prefix + name, node);
      if (files_.count(node) == 0)
        ForEachPath(names, node, prefix + name + "/", visit);
    }
  }

  const absl::FunctionRef<void(const DiskState&)> look_;
  std::map<Node, File> files_;
  std::map<Node, Names> names_;  // of each folder, those that were flushed
  std::vector<Call> changes_;    // to names, not flushed
  int64_t marks_ = 0;
  std::set<std::string> seen_;
  std::map<Node, std::map<Bytes, size_t>> hashes_;
};

}  // namespace

void DiskState::WriteTo(const std::string& folder) const {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const std::string& path : folders)
    std::filesystem::create_directory(folder + "/" + path);
  for (const auto& [path, contents] : files) {
    std::ofstream file(folder + "/" + path, std::ios::binary);
    file << contents;
    file.close();
    if (!file) {
      std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
      std::abort();
    }
  }
}

WatchedFolder::WatchedFolder(const std::string& path)
    : recorder_(std::make_unique<Recorder>(path)) {
  const std::lock_guard<std::mutex> lock(watching_mutex);
  if (watching != nullptr) std::abort();
  watching = recorder_.get();
}

WatchedFolder::~WatchedFolder() {
  const std::lock_guard<std::mutex> lock(watching_mutex);
  watching = nullptr;
}

void WatchedFolder::Mark() {
  const std::lock_guard<std::mutex> lock(watching_mutex);
  recorder_->Add({.kind = Call::kMark});
}

int64_t WatchedFolder::calls_for_room() const {
  const std::lock_guard<std::mutex> lock(watching_mutex);
  return recorder_->calls_for_room;
}

void WatchedFolder::FillUpAfter(int64_t calls_for_room) {
  const std::lock_guard<std::mutex> lock(watching_mutex);
  recorder_->full_after = recorder_->calls_for_room + calls_for_room;
}

void WatchedFolder::Empty() {
  const std::lock_guard<std::mutex> lock(watching_mutex);
  recorder_->full_after = std::numeric_limits<int64_t>::max();
}

void WatchedFolder::ForEachLossOfPower(
    absl::FunctionRef<void(const DiskState& state)> look) const {
  std::vector<Call> calls;
  {
    const std::lock_guard<std::mutex> lock(watching_mutex);
    calls = recorder_->calls();
  }
  Replay replay(look);
  replay.LosePower();
  for (const Call& call : calls) {
    replay.Make(call);
    replay.LosePower();
  }
}

namespace {

// The C library's function of that name.
template <typename Function>
Function* Original(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int OpenWatched(const char* path, int flags, mode_t mode) {
  static auto* const original = Original<int(const char*, int, ...)>("open");
  const std::lock_guard<std::mutex> lock(watching_mutex);
  const bool watched = watching != nullptr && watching->Watches(path);
  if (watched && (flags & O_CREAT) && !watching->Exists(path) &&
      !watching->TakeRoom()) {
    errno = ENOSPC;
    return -1;
  }
  const int descriptor = original(path, flags, mode);
  // What was there before is only read.
  if (watched && descriptor >= 0 &&
      (watching->Exists(path) || (flags & O_CREAT)))
    watching->Opened(descriptor, path, flags);
  return descriptor;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;
}

}  // namespace
}  // namespace tritlab

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = tritlab::ModeOf(flags, arguments);
  va_end(arguments);
  return tritlab::OpenWatched(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = tritlab::ModeOf(flags, arguments);
  va_end(arguments);
  return tritlab::OpenWatched(path, flags | O_LARGEFILE, mode);
}

int close(int descriptor) {
  static auto* const original = tritlab::Original<int(int)>("close");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  if (tritlab::watching != nullptr) tritlab::watching->Closed(descriptor);
  return original(descriptor);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static auto* const original =
      tritlab::Original<ssize_t(int, const void*, size_t)>("write");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  const bool watched = tritlab::watching != nullptr &&
                       tritlab::watching->WatchesDescriptor(descriptor);
  if (watched && !tritlab::watching->TakeRoom()) {
    errno = ENOSPC;
    return -1;
  }
  const ssize_t written = original(descriptor, bytes, count);
  if (watched && written > 0)
    tritlab::watching->Written(descriptor, bytes, written);
  return written;
}

int fsync(int descriptor) {
  static auto* const original = tritlab::Original<int(int)>("fsync");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  const bool watched = tritlab::watching != nullptr &&
                       tritlab::watching->WatchesDescriptor(descriptor);
  // A real flush would only make the tests slow.
  if (!watched) return original(descriptor);
  tritlab::watching->Flushed(descriptor);
  return 0;
}

int ftruncate(int descriptor, off_t size) noexcept {
  static auto* const original = tritlab::Original<int(int, off_t)>("ftruncate");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  const bool watched = tritlab::watching != nullptr &&
                       tritlab::watching->WatchesDescriptor(descriptor);
  const int result = original(descriptor, size);
  if (watched && result == 0) tritlab::watching->Truncated(descriptor, size);
  return result;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const original =
      tritlab::Original<int(const char*, const char*)>("rename");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  const int result = original(from, to);
  if (result == 0 && tritlab::watching != nullptr &&
      tritlab::watching->Watches(from))
    tritlab::watching->Renamed(from, to);
  return result;
}

int unlink(const char* path) noexcept {
  static auto* const original = tritlab::Original<int(const char*)>("unlink");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  const int result = original(path);
  if (result == 0 && tritlab::watching != nullptr &&
      tritlab::watching->Watches(path))
    tritlab::watching->Removed(path);
  return result;
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const original =
      tritlab::Original<int(const char*, mode_t)>("mkdir");
  const std::lock_guard<std::mutex> lock(tritlab::watching_mutex);
  const bool watched =
      tritlab::watching != nullptr && tritlab::watching->Watches(path);
  if (watched && !tritlab::watching->Exists(path) &&
      !tritlab::watching->TakeRoom()) {
    errno = ENOSPC;
    return -1;
  }
  const int result = original(path, mode);
  if (watched && result == 0)
    tritlab::watching->Created(path, /*is_folder=*/true);
  return result;
}

}  // extern "C"
