#include "base/file_lock.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using testing::HasSubstr;

std::string Path(const std::string& name) {
  return JoinPath(testing::TempDir(), name);
}

TEST(FileLockTest, OneAtATime) {
  const std::string path = Path("one");
  auto first = FileLock::Try(path);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(*first, nullptr);
  EXPECT_EQ(LastOwner(path), ThisProcess());
  const auto second = FileLock::Try(path);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(*second, nullptr);
  first->reset();
  const auto third = FileLock::Wait(path);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_NE(*third, nullptr);
}

// A process that is killed leaves the file, and no lock; a process that it has
// started and given the descriptor to keeps it.
TEST(FileLockTest, ADeadOwnerLocksNothing) {
  const std::string path = Path("dead");
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const auto lock = FileLock::Wait(path);
    // Signal-safe from here on; the descriptor goes on in the child's child.
    const pid_t heir = fork();
    if (heir == 0) {
      pause();
      _exit(0);
    }
    (void)!write(ready[1], &heir, sizeof(heir));
    pause();
    _exit(0);
  }
  pid_t heir = 0;
  ASSERT_EQ(read(ready[0], &heir, sizeof(heir)),
            static_cast<ssize_t>(sizeof(heir)));
  close(ready[0]);
  close(ready[1]);
  const auto held = [&] { return *FileLock::Try(path) == nullptr; };
  EXPECT_TRUE(held());
  EXPECT_THAT(LastOwner(path), HasSubstr(absl::StrCat("process ", owner)));
  ASSERT_EQ(kill(owner, SIGKILL), 0);
  ASSERT_EQ(waitpid(owner, nullptr, 0), owner);
  EXPECT_TRUE(held());
  ASSERT_EQ(kill(heir, SIGKILL), 0);
  // Returns when the kernel has ended it.
  const auto lock = FileLock::Wait(path);
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(LastOwner(path), ThisProcess());
}

TEST(FileLockTest, AFolderThatIsMissingIsNamed) {
  EXPECT_THAT(
      std::string(FileLock::Try(Path("nowhere/lock")).status().message()),
      HasSubstr("nowhere/lock: cannot open"));
}

// Protects: a link that somebody has put there in time does not lead the lock's
// text into another file, nor is that file emptied.
TEST(FileLockTest, ALinkIsNotFollowed) {
  const std::string elsewhere = Path("elsewhere");
  ASSERT_TRUE(WriteFileAtomically(elsewhere, "precious").ok());
  for (const std::string& target : {elsewhere, Path("not there yet")}) {
    const std::string link = Path("link");
    ASSERT_EQ(symlink(target.c_str(), link.c_str()), 0);
    EXPECT_THAT(std::string(FileLock::Try(link).status().message()),
                HasSubstr("link: is not a regular file; remove it"));
    ASSERT_EQ(unlink(link.c_str()), 0);
  }
  EXPECT_EQ(ReadFile(elsewhere).value(), "precious");
  EXPECT_FALSE(FileExists(Path("not there yet")));
}

TEST(FileLockTest, APipeIsRefused) {
  const std::string pipe = Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(std::string(FileLock::Wait(pipe).status().message()),
              HasSubstr("pipe: is not a regular file; remove it"));
}

}  // namespace
}  // namespace tritlab
