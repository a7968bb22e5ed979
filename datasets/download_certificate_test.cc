// A download over TLS from a server whose certificate may not be trusted. The
// server and its certificates are the openssl command's.
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "datasets/download.h"
#include "datasets/sha256.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;

constexpr char kContents[] = "what was published";

// `openssl s_server`, which serves the files of `folder` to whoever speaks TLS.
class TlsServer {
 public:
  TlsServer(const std::string& folder, const std::string& name) {
    int output[2];
    if (pipe(output) != 0) return;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, output[1], 1);
    posix_spawn_file_actions_addclose(&files, output[0]);
    posix_spawn_file_actions_addchdir_np(&files, folder.c_str());
    std::vector<std::string> arguments = {"openssl",
                                          "s_server",
                                          "-WWW",
                                          "-accept",
                                          "127.0.0.1:0",
                                          "-cert",
                                          absl::StrCat(name, ".pem"),
                                          "-key",
                                          absl::StrCat(name, ".key")};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (posix_spawnp(&process_, "openssl", &files, nullptr, argv.data(),
                     environ) != 0)
      process_ = -1;
    posix_spawn_file_actions_destroy(&files);
    close(output[1]);
    // "ACCEPT 127.0.0.1:PORT", once it listens.
    said_ = fdopen(output[0], "r");
    char line[256];
    while (port_.empty() && std::fgets(line, sizeof(line), said_) != nullptr) {
      constexpr char kAccept[] = "ACCEPT 127.0.0.1:";
      if (absl::StartsWith(line, kAccept))
        port_ = std::to_string(std::atoi(line + sizeof(kAccept) - 1));
    }
  }
  ~TlsServer() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    if (said_ != nullptr) std::fclose(said_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // Empty when it could not be started.
  const std::string& port() const { return port_; }

 private:
  pid_t process_ = -1;
  FILE* said_ = nullptr;  // open as long as it may write
  std::string port_;
};

class DownloadCertificateTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("openssl version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "there is no openssl command to serve TLS with";
    setenv("no_proxy", "127.0.0.1", 1);
    folder_ = JoinPath(
        testing::TempDir(),
        absl::StrCat(
            "certificate_",
            testing::UnitTest::GetInstance()->current_test_info()->name()));
    ASSERT_TRUE(MakeDirectories(folder_).ok());
    ASSERT_TRUE(WriteFileAtomically(JoinPath(folder_, "file"), kContents).ok());
    // Self-signed; for this server, and for another one.
    MakeCertificate("own", "IP:127.0.0.1");
    MakeCertificate("other", "DNS:elsewhere.example");
  }
  void MakeCertificate(const std::string& name, const std::string& server) {
    const std::string command = absl::StrCat(
        "cd '", folder_, "' && openssl req -x509 -newkey ec -pkeyopt ",
        "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test ",
        "-addext subjectAltName=", server, " -keyout ", name, ".key -out ",
        name, ".pem 2>/dev/null");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  absl::Status Fetch(const TlsServer& server, const std::string& trusted) {
    DownloadOptions options;
    options.attempts = 1;
    if (!trusted.empty())
      options.authorities = JoinPath(folder_, trusted + ".pem");
    return Download(
        {.url = absl::StrCat("https://127.0.0.1:", server.port(), "/file"),
         .bytes = sizeof(kContents) - 1,
         .sha256 = Sha256(kContents)},
        path(), options);
  }
  void ExpectRefused(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("certificate"));
    EXPECT_FALSE(FileExists(path()));
    // Nothing of what it sent was taken, either.
    EXPECT_EQ(FileSize(path() + ".part").value_or(0), 0);
  }
  std::string path() const { return JoinPath(folder_, "downloaded"); }

  std::string folder_;
};

// The system trusts nobody who signs for himself.
TEST_F(DownloadCertificateTest, ASelfSignedOneIsRefused) {
  const TlsServer server(folder_, "own");
  ASSERT_FALSE(server.port().empty());
  ExpectRefused(Fetch(server, ""));
}

// Protects the other tests: it is not TLS as such that fails there.
TEST_F(DownloadCertificateTest, ATrustedOneIsTaken) {
  const TlsServer server(folder_, "own");
  ASSERT_FALSE(server.port().empty());
  const absl::Status status = Fetch(server, "own");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ReadFile(path()).value(), kContents);
}

TEST_F(DownloadCertificateTest, ATrustedOneOfAnotherServerIsRefused) {
  const TlsServer server(folder_, "other");
  ASSERT_FALSE(server.port().empty());
  ExpectRefused(Fetch(server, "other"));
}

}  // namespace
}  // namespace tritlab
