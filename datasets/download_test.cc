// Each test is a way in which a server or the way to it fails.
#include "datasets/download.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "datasets/http_server_for_tests.h"
#include "datasets/sha256.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Request = HttpServer::Request;
using Connection = HttpServer::Connection;

std::string Contents(size_t bytes) {
  std::string contents(bytes, '\0');
  for (size_t i = 0; i < contents.size(); ++i)
    contents[i] = static_cast<char>(i * i >> 4);
  return contents;
}

// The first byte that is asked for.
size_t Begin(const Request& request) {
  const auto range = request.headers.find("range");
  size_t begin = 0;
  if (range == request.headers.end()) return 0;
  absl::string_view text = range->second;
  absl::ConsumePrefix(&text, "bytes=");
  absl::ConsumeSuffix(&text, "-");
  EXPECT_TRUE(absl::SimpleAtoi(text, &begin)) << range->second;
  return begin;
}

std::string Length(size_t bytes) {
  return absl::StrCat("Content-Length: ", bytes);
}

std::string WholeHead(const std::string& contents) {
  return HttpHead("200 OK", {Length(contents.size()), "ETag: \"one\""});
}

std::string PartHead(const std::string& contents, size_t begin) {
  return HttpHead("206 Partial Content",
                  {Length(contents.size() - begin),
                   absl::StrCat("Content-Range: bytes ", begin, "-",
                                contents.size() - 1, "/", contents.size())});
}

// As a good server does.
void SendRest(const std::string& contents, const Request& request,
              const Connection& connection) {
  const size_t begin = Begin(request);
  connection.Send(begin == 0 ? WholeHead(contents) : PartHead(contents, begin));
  connection.Send(absl::string_view(contents).substr(begin));
}

class DownloadTest : public testing::Test {
 protected:
  void SetUp() override {
    // A proxy is not to be asked for this machine.
    setenv("no_proxy", "127.0.0.1", 1);
    folder_ = JoinPath(
        testing::TempDir(),
        absl::StrCat(
            "download_",
            testing::UnitTest::GetInstance()->current_test_info()->name()));
    ASSERT_TRUE(MakeDirectories(folder_).ok());
    path_ = JoinPath(folder_, "file.tar.gz");
    options_.allow_http = true;
    options_.pause_seconds = 0;
  }
  absl::Status Fetch(const std::string& url) {
    return Download({.url = url,
                     .bytes = static_cast<int64_t>(contents_.size()),
                     .sha256 = Sha256(contents_)},
                    path_, options_);
  }
  absl::Status FetchFrom(const HttpServer& server) {
    return Fetch(server.Url("/file.tar.gz"));
  }
  void ExpectWhole(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(ReadFile(path_).value(), contents_);
    EXPECT_FALSE(FileExists(path_ + ".part"));
    EXPECT_FALSE(FileExists(path_ + ".part.validator"));
    EXPECT_FALSE(FileExists(path_ + ".lock"));
  }
  void ExpectNothing(const absl::Status& status, absl::StatusCode code,
                     const std::string& what) {
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_FALSE(FileExists(path_));
  }

  std::string contents_ = Contents(100000);
  std::string folder_;
  std::string path_;
  DownloadOptions options_;
};

TEST_F(DownloadTest, AWholeFile) {
  const HttpServer server([&](const Request& request, const Connection& to) {
    SendRest(contents_, request, to);
  });
  ExpectWhole(FetchFrom(server));
  // What is there and right is not downloaded again.
  ExpectWhole(FetchFrom(server));
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST_F(DownloadTest, WithoutADeclaredLength) {
  const HttpServer server([&](const Request&, const Connection& to) {
    to.Send(HttpHead("200 OK", {}));
    to.Send(contents_);
  });
  ExpectWhole(FetchFrom(server));
}

// The server cuts each connection off; the next one goes on where it ended, of
// the same version of the file.
TEST_F(DownloadTest, TruncatedConnectionsAreGoneOnFrom) {
  const HttpServer server([&](const Request& request, const Connection& to) {
    const size_t begin = Begin(request);
    to.Send(begin == 0 ? WholeHead(contents_) : PartHead(contents_, begin));
    to.Send(absl::string_view(contents_).substr(begin, 40000));
  });
  ExpectWhole(FetchFrom(server));
  const std::vector<Request> requests = server.requests();
  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_EQ(requests[1].headers.at("range"), "bytes=40000-");
  EXPECT_EQ(requests[1].headers.at("if-range"), "\"one\"");
}

// A program that was killed left a part, which another one goes on with.
TEST_F(DownloadTest, WhatAnotherProgramLeftIsGoneOnFrom) {
  ASSERT_TRUE(
      WriteFileAtomically(path_ + ".part", contents_.substr(0, 70000)).ok());
  const HttpServer server([&](const Request& request, const Connection& to) {
    SendRest(contents_, request, to);
  });
  ExpectWhole(FetchFrom(server));
  ASSERT_THAT(server.requests(), SizeIs(1));
  EXPECT_EQ(Begin(server.requests()[0]), 70000u);
}

// It was of something else: all of it is wrong, and is downloaded anew.
TEST_F(DownloadTest, AWrongPartIsThrownAway) {
  ASSERT_TRUE(
      WriteFileAtomically(path_ + ".part", std::string(70000, 'x')).ok());
  const HttpServer server([&](const Request& request, const Connection& to) {
    SendRest(contents_, request, to);
  });
  ExpectWhole(FetchFrom(server));
  EXPECT_THAT(server.requests(), SizeIs(2));
}

// If-Range: the file has changed since, so the server sends all of it.
TEST_F(DownloadTest, AnotherVersionIsDownloadedFromItsBeginning) {
  ASSERT_TRUE(
      WriteFileAtomically(path_ + ".part", std::string(70000, 'x')).ok());
  ASSERT_TRUE(WriteFileAtomically(path_ + ".part.validator", "\"old\"").ok());
  const HttpServer server([&](const Request& request, const Connection& to) {
    EXPECT_EQ(request.headers.at("if-range"), "\"old\"");
    to.Send(WholeHead(contents_));
    to.Send(contents_);
  });
  ExpectWhole(FetchFrom(server));
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST_F(DownloadTest, AServerWithoutPartsSendsTheWhole) {
  bool first = true;
  const HttpServer server([&](const Request&, const Connection& to) {
    to.Send(WholeHead(contents_));
    to.Send(absl::string_view(contents_).substr(0, first ? 10 : 100000));
    first = false;
  });
  ExpectWhole(FetchFrom(server));
}

// Two lies about a part: other bytes than were asked for, or none beyond.
TEST_F(DownloadTest, APartThatWasNotAskedForIsNotTaken) {
  std::atomic<int> asked = 0;  // the server has a thread of its own
  const HttpServer server([&](const Request& request, const Connection& to) {
    if (++asked == 1) {
      to.Send(WholeHead(contents_));
      to.Send(absl::string_view(contents_).substr(0, 1000));
    } else if (asked == 2) {
      to.Send(PartHead(contents_, 500));
      to.Send(absl::string_view(contents_).substr(500));
    } else if (asked == 3) {
      to.Send(WholeHead(contents_));
      to.Send(absl::string_view(contents_).substr(0, 2000));
    } else if (asked == 4) {
      to.Send(HttpHead("416 Range Not Satisfiable", {Length(0)}));
    } else {
      SendRest(contents_, request, to);
    }
  });
  options_.attempts = 10;
  ExpectWhole(FetchFrom(server));
  EXPECT_EQ(asked, 5);
}

// Worth the while each time, and yet it never gets any farther.
TEST_F(DownloadTest, TheSameBytesAgainAreNoProgress) {
  contents_ = Contents(3 << 20);
  const HttpServer server([&](const Request& request, const Connection& to) {
    if (Begin(request) == 0) {
      to.Send(WholeHead(contents_));
      to.Send(absl::string_view(contents_).substr(0, 2 << 20));
    } else {
      to.Send(HttpHead("416 Range Not Satisfiable", {Length(0)}));
    }
  });
  ExpectNothing(FetchFrom(server), absl::StatusCode::kUnavailable,
                "the same command goes on where it stopped");
  EXPECT_THAT(server.requests(), SizeIs(1 + options_.attempts));
}

TEST_F(DownloadTest, AServerThatStallsIsGivenUpAndWhatCameIsKept) {
  const HttpServer server([&](const Request& request, const Connection& to) {
    if (Begin(request) == 0) {
      to.Send(WholeHead(contents_));
      to.Send(absl::string_view(contents_).substr(0, 30000));
    }
    to.Wait();
  });
  options_.stalled_seconds = 1;
  options_.attempts = 1;
  ExpectNothing(FetchFrom(server), absl::StatusCode::kUnavailable,
                "the same command goes on where it stopped");
  EXPECT_EQ(FileSize(path_ + ".part").value(), 30000);
}

TEST_F(DownloadTest, NobodyListens) {
  std::string url;
  {
    const HttpServer server([](const Request&, const Connection&) {});
    url = server.Url("/file.tar.gz");
  }
  ExpectNothing(Fetch(url), absl::StatusCode::kUnavailable, url);
}

TEST_F(DownloadTest, AConnectionThatIsClosedAtOnceIsTriedAFewTimes) {
  const HttpServer server([](const Request&, const Connection&) {});
  ExpectNothing(FetchFrom(server), absl::StatusCode::kUnavailable, "127.0.0.1");
  EXPECT_THAT(server.requests(), SizeIs(options_.attempts));
}

TEST_F(DownloadTest, OtherBytesOfTheRightLength) {
  const HttpServer server([&](const Request&, const Connection& to) {
    std::string other = contents_;
    other[77] ^= 1;
    to.Send(WholeHead(other));
    to.Send(other);
  });
  ExpectNothing(FetchFrom(server), absl::StatusCode::kDataLoss,
                Sha256(contents_));
  EXPECT_EQ(FileSize(path_ + ".part").value(), 0);
}

TEST_F(DownloadTest, AnotherDeclaredLengthIsRefusedBeforeItsBytes) {
  for (const size_t length : {contents_.size() - 1, size_t{1} << 40}) {
    const HttpServer server([&](const Request&, const Connection& to) {
      to.Send(HttpHead("200 OK", {Length(length)}));
      to.Send("some bytes");
      to.Wait();
    });
    ExpectNothing(FetchFrom(server), absl::StatusCode::kDataLoss,
                  absl::StrCat("it has ", length, " bytes, not 100000"));
    EXPECT_THAT(server.requests(), SizeIs(1));
  }
}

// Without a declared length, a server could fill the disk.
TEST_F(DownloadTest, NoMoreIsTakenThanWasPublished) {
  const HttpServer server([&](const Request&, const Connection& to) {
    to.Send(HttpHead("200 OK", {}));
    to.Send(contents_);
    to.Send(contents_);
  });
  ExpectNothing(FetchFrom(server), absl::StatusCode::kDataLoss,
                "it is longer than 100000 bytes");
  EXPECT_LE(FileSize(path_ + ".part").value(), 100000);
}

TEST_F(DownloadTest, ARedirectIsFollowed) {
  const HttpServer server([&](const Request& request, const Connection& to) {
    if (request.path == "/file.tar.gz") {
      to.Send(HttpHead("302 Found", {"Location: /moved", Length(3)}));
      to.Send("no!");
    } else {
      SendRest(contents_, request, to);
    }
  });
  ExpectWhole(FetchFrom(server));
}

TEST_F(DownloadTest, RedirectsWithoutEndAreRefused) {
  const HttpServer server([](const Request&, const Connection& to) {
    to.Send(HttpHead("302 Found", {"Location: /again", Length(0)}));
  });
  ExpectNothing(FetchFrom(server), absl::StatusCode::kFailedPrecondition,
                "redirects");
  EXPECT_THAT(server.requests(), SizeIs(6));
}

TEST_F(DownloadTest, ARedirectToAFileOfThisMachineIsRefused) {
  const HttpServer server([](const Request&, const Connection& to) {
    to.Send(HttpHead("302 Found", {"Location: file:///etc/passwd", Length(0)}));
  });
  ExpectNothing(FetchFrom(server), absl::StatusCode::kFailedPrecondition,
                "only HTTPS is allowed");
}

TEST_F(DownloadTest, PlainHttpIsRefusedUnlessItIsAskedFor) {
  const HttpServer server([&](const Request& request, const Connection& to) {
    SendRest(contents_, request, to);
  });
  options_.allow_http = false;
  ExpectNothing(FetchFrom(server), absl::StatusCode::kFailedPrecondition,
                "only HTTPS is allowed");
  EXPECT_THAT(server.requests(), SizeIs(0));
}

// The page of an error must not become the file.
TEST_F(DownloadTest, AnErrorPageIsNotTheFile) {
  const std::vector<std::pair<std::string, absl::StatusCode>> answers = {
      {"404 Not Found", absl::StatusCode::kNotFound},
      {"403 Forbidden", absl::StatusCode::kPermissionDenied},
      {"503 Service Unavailable", absl::StatusCode::kUnavailable},
      {"204 No Content", absl::StatusCode::kFailedPrecondition}};
  for (const auto& [answer, code] : answers) {
    const HttpServer server(
        [&, &answer = answer](const Request&, const Connection& to) {
          to.Send(HttpHead(answer, {Length(4)}));
          to.Send("page");
        });
    ExpectNothing(FetchFrom(server), code,
                  absl::StrCat("the server answers ", answer.substr(0, 3)));
  }
}

TEST_F(DownloadTest, AnotherFileOfThatNameIsNotOverwritten) {
  ASSERT_TRUE(WriteFileAtomically(path_, "mine").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Fetch("https://127.0.0.1:1/")));
  EXPECT_EQ(ReadFile(path_).value(), "mine");
}

// A link that somebody has put there must not lead the bytes elsewhere.
TEST_F(DownloadTest, ALinkInPlaceOfThePartIsNotFollowed) {
  const std::string elsewhere = JoinPath(folder_, "elsewhere");
  ASSERT_EQ(symlink(elsewhere.c_str(), (path_ + ".part").c_str()), 0);
  EXPECT_FALSE(Fetch("https://127.0.0.1:1/").ok());
  EXPECT_FALSE(FileExists(elsewhere));
}

// Opening it would wait for somebody to read from it.
TEST_F(DownloadTest, APipeInPlaceOfThePartIsRefused) {
  ASSERT_EQ(mkfifo((path_ + ".part").c_str(), 0600), 0);
  ExpectNothing(Fetch("https://127.0.0.1:1/"),
                absl::StatusCode::kInvalidArgument,
                "file.tar.gz.part: is not a regular file");
}

TEST_F(DownloadTest, OneProgramAtATime) {
  const std::string part = contents_.substr(0, 70000);
  ASSERT_TRUE(WriteFileAtomically(path_ + ".part", part).ok());
  const HttpServer server([&](const Request& request, const Connection& to) {
    SendRest(contents_, request, to);
  });
  {
    const auto other = FileLock::Try(path_ + ".lock");
    ASSERT_TRUE(other.ok()) << other.status();
    ASSERT_NE(*other, nullptr);
    ExpectNothing(FetchFrom(server), absl::StatusCode::kFailedPrecondition,
                  ThisProcess() + " is downloading it");
    EXPECT_EQ(ReadFile(path_ + ".part").value(), part);
    EXPECT_THAT(server.requests(), SizeIs(0));
  }
  ExpectWhole(FetchFrom(server));
}

// That it is another program's lock is not the answer to everything.
TEST_F(DownloadTest, ALockThatCannotBeMadeIsSaidToBeThat) {
  ASSERT_TRUE(MakeDirectories(path_ + ".lock").ok());
  ExpectNothing(Fetch("https://127.0.0.1:1/"),
                absl::StatusCode::kFailedPrecondition,
                "file.tar.gz.lock: cannot open");
}

// A request goes out with all of its options, or not at all.
TEST_F(DownloadTest, AnOptionThatLibcurlRefusesIsNamed) {
  const HttpServer server([&](const Request& request, const Connection& to) {
    SendRest(contents_, request, to);
  });
  options_.connect_seconds = -1;
  ExpectNothing(FetchFrom(server), absl::StatusCode::kFailedPrecondition,
                "libcurl refuses CURLOPT_CONNECTTIMEOUT");
  EXPECT_THAT(server.requests(), SizeIs(0));
}

TEST_F(DownloadTest, NoRoomIsFoundOutBeforeAnythingIsAskedFor) {
  const absl::Status status = Download({.url = "https://127.0.0.1:1/",
                                        .bytes = int64_t{1} << 60,
                                        .sha256 = std::string()},
                                       path_, options_);
  ExpectNothing(status, absl::StatusCode::kResourceExhausted, folder_);
}

}  // namespace
}  // namespace tritlab
