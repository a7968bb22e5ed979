#include "datasets/fetch_dataset.h"

#include <stdlib.h>

#include <atomic>
#include <future>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "datasets/http_server_for_tests.h"
#include "datasets/sha256.h"
#include "datasets/tar_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FetchDatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("no_proxy", "127.0.0.1", 1);
    folder_ = JoinPath(
        testing::TempDir(),
        absl::StrCat(
            "fetch_",
            testing::UnitTest::GetInstance()->current_test_info()->name()));
    options_.allow_http = true;
    options_.pause_seconds = 0;
  }
  PublishedDataset Published(const HttpServer& server) const {
    return {.name = "small",
            .archive = {.url = server.Url("/pub/small.tar.gz"),
                        .bytes = static_cast<int64_t>(archive_.size()),
                        .sha256 = Sha256(archive_)},
            .folder = "small-set",
            .unpacked_bytes = 100};
  }
  HttpServer::Handler Sending(const std::string& bytes) const {
    return
        [bytes](const HttpServer::Request&, const HttpServer::Connection& to) {
          to.Send(HttpHead("200 OK",
                           {absl::StrCat("Content-Length: ", bytes.size())}));
          to.Send(bytes);
        };
  }

  const std::string archive_ =
      MakeTar({{"small-set/data.bin", "images"}}, /*gzip=*/true);
  std::string folder_;
  DownloadOptions options_;
};

TEST_F(FetchDatasetTest, TheFolderIsThereAndTheArchiveIsGone) {
  const HttpServer server(Sending(archive_));
  const PublishedDataset dataset = Published(server);
  const absl::Status status = FetchDataset(dataset, folder_, options_);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(ListDirectory(folder_).value(),
              ElementsAre(".small-set.lock", "small-set"));
  EXPECT_EQ(ReadFile(JoinPath(folder_, "small-set/data.bin")).value(),
            "images");
  // Once is enough.
  EXPECT_TRUE(FetchDataset(dataset, folder_, options_).ok());
  EXPECT_THAT(server.requests(), SizeIs(1));
}

// Nothing is unpacked of what is not the file that was published.
TEST_F(FetchDatasetTest, AWrongArchiveIsNotUnpacked) {
  std::string other =
      MakeTar({{"small-set/data.bin", "damage"}}, /*gzip=*/true);
  other.resize(archive_.size());
  const HttpServer server(Sending(other));
  EXPECT_EQ(FetchDataset(Published(server), folder_, options_).code(),
            absl::StatusCode::kDataLoss);
  EXPECT_FALSE(FileExists(JoinPath(folder_, "small-set")));
  EXPECT_FALSE(FileExists(JoinPath(folder_, "small.tar.gz")));
}

// The second comes in the middle of the first one's download.
TEST_F(FetchDatasetTest, TwoAtOnceFetchItOnce) {
  std::atomic_flag asked;
  std::promise<void> downloading;
  const HttpServer server([&](const HttpServer::Request& request,
                              const HttpServer::Connection& to) {
    if (!asked.test_and_set()) downloading.set_value();
    Sending(archive_)(request, to);
  });
  const auto fetch = [&, dataset = Published(server)] {
    return FetchDataset(dataset, folder_, options_);
  };
  std::future<absl::Status> first = std::async(std::launch::async, fetch);
  downloading.get_future().wait();
  for (const absl::Status& status : {fetch(), first.get()})
    EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(ListDirectory(folder_).value(),
              ElementsAre(".small-set.lock", "small-set"));
  EXPECT_EQ(ReadFile(JoinPath(folder_, "small-set/data.bin")).value(),
            "images");
  EXPECT_THAT(server.requests(), SizeIs(1));
}

// The user's own, or whole from a program that was killed while it unpacked.
TEST_F(FetchDatasetTest, AnArchiveThatIsThereIsUsedAndKept) {
  const HttpServer server(Sending(archive_));
  ASSERT_TRUE(MakeDirectories(folder_).ok());
  ASSERT_TRUE(
      WriteFileAtomically(JoinPath(folder_, "small.tar.gz"), archive_).ok());
  ASSERT_TRUE(FetchDataset(Published(server), folder_, options_).ok());
  EXPECT_TRUE(FileExists(JoinPath(folder_, "small-set/data.bin")));
  EXPECT_EQ(ReadFile(JoinPath(folder_, "small.tar.gz")).value(), archive_);
  EXPECT_THAT(server.requests(), SizeIs(0));
}

TEST(FindPublishedDatasetTest, Cifar10IsPinnedAndComesOverHttps) {
  const auto dataset = FindPublishedDataset("cifar10");
  ASSERT_TRUE(dataset.ok());
  EXPECT_TRUE(absl::StartsWith(dataset->archive.url, "https://"));
  EXPECT_THAT(dataset->archive.sha256, SizeIs(64));
  EXPECT_EQ(dataset->folder, "cifar-10-batches-bin");
  EXPECT_GE(dataset->unpacked_bytes, 60000 * 3073);
}

TEST(FindPublishedDatasetTest, OthersAreNamed) {
  const absl::Status status = FindPublishedDataset("imagenet").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("give cifar10"));
}

}  // namespace
}  // namespace tritlab
