#include "datasets/download.h"

#include <curl/curl.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/disk_space.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "datasets/partial_download.h"
#include "datasets/sha256.h"

namespace tritlab {
namespace {

constexpr long kMostRedirects = 5;
constexpr long kStalledBytesPerSecond = 1000;
constexpr int64_t kProgressUnit = 1000;  // bytes
// An attempt that brought less was in vain: a server may send a byte at a time.
constexpr int64_t kWorthwhileBytes = 1 << 20;

// One request for what is missing of the file, and what comes of it.
class Request {
 public:
  Request(const DownloadSource& source, const DownloadOptions& options,
          PartialDownload& part, Progress& progress)
      : source_(source), part_(part), progress_(progress) {
    // Once in the program, by whichever thread comes first.
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (initialized == CURLE_OK) curl_.reset(curl_easy_init());
    if (curl_ == nullptr) return;
    const char* const protocols = options.allow_http ? "http,https" : "https";
    Set(CURLOPT_URL, source.url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, protocols);
    Set(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    Set(CURLOPT_FOLLOWLOCATION, 1L);
    Set(CURLOPT_MAXREDIRS, kMostRedirects);
    if (!options.authorities.empty())
      Set(CURLOPT_CAINFO, options.authorities.c_str());
    Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    Set(CURLOPT_CONNECTTIMEOUT, long{options.connect_seconds});
    Set(CURLOPT_LOW_SPEED_LIMIT, kStalledBytesPerSecond);
    Set(CURLOPT_LOW_SPEED_TIME, long{options.stalled_seconds});
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_USERAGENT, "tritlab");
    Set(CURLOPT_ERRORBUFFER, error_);
    Set(CURLOPT_HEADERFUNCTION, OnHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_WRITEFUNCTION, OnBody);
    Set(CURLOPT_WRITEDATA, this);
    offset_ = part.size();
    if (offset_ == 0) return;
    // Not CURLOPT_RESUME_FROM, with which the whole file is an error.
    Set(CURLOPT_RANGE, absl::StrCat(offset_, "-").c_str());
    if (part.validator().empty()) return;
    headers_.reset(curl_slist_append(
        nullptr, absl::StrCat("If-Range: ", part.validator()).c_str()));
    Set(CURLOPT_HTTPHEADER, headers_.get());
  }

  // OK when the file is whole.
  absl::Status Perform() {
    if (curl_ == nullptr)
      return absl::InternalError("libcurl cannot be initialized");
    // Without one of its options a request may allow what it should not.
    if (refused_ != CURLE_OK) {
      return absl::FailedPreconditionError(absl::StrCat(
          source_.url, ": libcurl refuses ", refused_option_, ": ",
          curl_easy_strerror(refused_), "; this needs libcurl 7.85 or later"));
    }
    const CURLcode result = curl_easy_perform(curl_.get());
    RETURN_IF_ERROR(status_);
    if (result != CURLE_OK) return FromCurl(result);
    // Without a body nothing has been looked at yet.
    if (!begun_) RETURN_IF_ERROR(Begin());
    if (part_.size() == source_.bytes) return absl::OkStatus();
    return Unavailable(absl::StrCat("the connection ended at byte ",
                                    part_.size(), " of ", source_.bytes));
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    const CURLcode result = curl_easy_setopt(curl_.get(), option, value);
    if (result == CURLE_OK || refused_ != CURLE_OK) return;
    refused_ = result;
    const curl_easyoption* const known = curl_easy_option_by_id(option);
    refused_option_ = known == nullptr ? absl::StrCat("option ", int{option})
                                       : absl::StrCat("CURLOPT_", known->name);
  }

  static size_t OnHeader(char* data, size_t size, size_t count, void* self) {
    static_cast<Request*>(self)->Header(absl::string_view(data, size * count));
    return size * count;
  }
  static size_t OnBody(char* data, size_t size, size_t count, void* self) {
    auto& request = *static_cast<Request*>(self);
    request.status_ = request.Body(absl::string_view(data, size * count));
    return request.status_.ok() ? size * count : 0;
  }

  void Header(absl::string_view line) {
    // Of a redirected request the last answer counts.
    if (absl::StartsWith(line, "HTTP/")) {
      entity_tag_.clear();
      date_.clear();
      range_.clear();
      return;
    }
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) return;
    const absl::string_view name = line.substr(0, colon);
    const std::string value(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    if (absl::EqualsIgnoreCase(name, "ETag")) entity_tag_ = value;
    if (absl::EqualsIgnoreCase(name, "Last-Modified")) date_ = value;
    if (absl::EqualsIgnoreCase(name, "Content-Range")) range_ = value;
  }

  absl::Status Body(absl::string_view bytes) {
    if (!begun_) RETURN_IF_ERROR(Begin());
    if (static_cast<int64_t>(bytes.size()) > source_.bytes - part_.size()) {
      RETURN_IF_ERROR(part_.Clear());
      return Another(
          absl::StrCat("it is longer than ", source_.bytes, " bytes"));
    }
    RETURN_IF_ERROR(part_.Append(bytes));
    progress_.Update(part_.size() / kProgressUnit);
    return absl::OkStatus();
  }

  // Before the first byte: what kind of answer it is.
  absl::Status Begin() {
    begun_ = true;
    long code = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &code);
    if (code == 206) {
      if (!absl::StartsWith(range_, absl::StrCat("bytes ", offset_, "-"))) {
        RETURN_IF_ERROR(part_.Clear());
        return Unavailable(
            "the server sends another part than it is asked for");
      }
    } else if (code == 200) {
      // The whole file: the first request, or there is another version now, or
      // the server knows no parts.
      RETURN_IF_ERROR(part_.Clear(Validator()));
    } else {
      return FromResponse(code);
    }
    curl_off_t length = -1;
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0 && length != source_.bytes - part_.size()) {
      const std::string total = absl::StrCat(part_.size() + length);
      RETURN_IF_ERROR(part_.Clear());
      return Another(
          absl::StrCat("it has ", total, " bytes, not ", source_.bytes));
    }
    return absl::OkStatus();
  }

  // If-Range takes no weak ETag.
  std::string Validator() const {
    if (!entity_tag_.empty() && !absl::StartsWith(entity_tag_, "W/"))
      return entity_tag_;
    return date_;
  }

  absl::Status FromResponse(long code) {
    const std::string what =
        absl::StrCat(source_.url, ": the server answers ", code);
    if (code == 416) {  // there is no more than what was there already
      RETURN_IF_ERROR(part_.Clear());
      return Unavailable("the server has less than was downloaded");
    }
    if (code == 404 || code == 410)
      return absl::NotFoundError(absl::StrCat(what, " (it is not there)"));
    if (code == 401 || code == 403 || code == 407)
      return absl::PermissionDeniedError(what);
    // Too early, too often, or trouble of the server's own.
    if (code == 408 || code == 425 || code == 429 || code >= 500)
      return absl::UnavailableError(what);
    return absl::FailedPreconditionError(what);
  }

  absl::Status FromCurl(CURLcode result) const {
    const std::string what =
        absl::StrCat(source_.url, ": ",
                     error_[0] != '\0' ? error_ : curl_easy_strerror(result));
    switch (result) {
      case CURLE_UNSUPPORTED_PROTOCOL:
        return absl::FailedPreconditionError(
            absl::StrCat(what, "; only HTTPS is allowed"));
      case CURLE_URL_MALFORMAT:
      case CURLE_TOO_MANY_REDIRECTS:
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_ISSUER_ERROR:
      case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return absl::FailedPreconditionError(what);
      default:
        return absl::UnavailableError(what);
    }
  }

  absl::Status Unavailable(absl::string_view what) const {
    return absl::UnavailableError(absl::StrCat(source_.url, ": ", what));
  }
  // Asking again would not help.
  absl::Status Another(absl::string_view what) const {
    return absl::DataLossError(absl::StrCat(
        source_.url, ": is not the file that was published: ", what));
  }

  const DownloadSource& source_;
  PartialDownload& part_;
  Progress& progress_;
  std::unique_ptr<CURL, void (*)(CURL*)> curl_{nullptr, curl_easy_cleanup};
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers_{
      nullptr, curl_slist_free_all};
  CURLcode refused_ = CURLE_OK;  // why libcurl did not take an option, if so
  std::string refused_option_;
  char error_[CURL_ERROR_SIZE] = {};
  int64_t offset_ = 0;  // the first byte that is asked for
  bool begun_ = false;  // an answer with a body
  std::string entity_tag_, date_, range_;
  absl::Status status_;  // of what happened within a callback
};

// Until the file is as long as it should be.
absl::Status Transfer(const DownloadSource& source,
                      const DownloadOptions& options, PartialDownload& part,
                      Progress& progress) {
  absl::Duration pause = absl::Seconds(options.pause_seconds);
  int in_vain = 0;
  // Bytes that come again after a Clear are no progress: a server could send
  // them for ever.
  int64_t farthest = part.size();
  while (part.size() != source.bytes) {
    absl::Status status = Request(source, options, part, progress).Perform();
    if (status.ok()) break;
    if (!absl::IsUnavailable(status)) return status;
    if (part.size() - farthest >= kWorthwhileBytes) {
      farthest = part.size();
      in_vain = 0;
      pause = absl::Seconds(options.pause_seconds);
    } else if (++in_vain >= options.attempts) {
      return absl::UnavailableError(absl::StrCat(
          status.message(), "; the same command goes on where it stopped"));
    }
    absl::SleepFor(pause);
    pause *= 2;
  }
  return absl::OkStatus();
}

// Of a file that is there already.
absl::Status CheckFound(const DownloadSource& source, const std::string& path) {
  ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  if (size == source.bytes) {
    ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(path));
    if (sha256 == source.sha256) return absl::OkStatus();
  }
  return absl::AlreadyExistsError(
      absl::StrCat(path, ": is there already and is not what ", source.url,
                   " was published as; remove it or choose another folder"));
}

}  // namespace

absl::Status Download(const DownloadSource& source, const std::string& path,
                      const DownloadOptions& options) {
  if (FileExists(path)) return CheckFound(source, path);
  const std::string lock_path = absl::StrCat(path, ".lock");
  ASSIGN_OR_RETURN(const std::unique_ptr<FileLock> lock,
                   FileLock::Try(lock_path));
  if (lock == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": ", LastOwner(lock_path),
                     " is downloading it; wait for that one"));
  }
  // Its last owner may have finished it since.
  if (FileExists(path)) return CheckFound(source, path);
  ASSIGN_OR_RETURN(const std::unique_ptr<PartialDownload> part,
                   PartialDownload::Open(path));
  if (part->size() > source.bytes) RETURN_IF_ERROR(part->Clear());
  RETURN_IF_ERROR(
      CheckDiskSpace(std::filesystem::path(path).parent_path().string(),
                     source.bytes - part->size()));
  Progress progress(
      std::filesystem::path(path).filename().string(),
      source.bytes / kProgressUnit,
      {.unit = "kB", .already_done = part->size() / kProgressUnit});
  while (true) {
    const bool resumed = part->size() > 0;
    RETURN_IF_ERROR(Transfer(source, options, *part, progress));
    ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(part->path()));
    if (sha256 == source.sha256) break;
    RETURN_IF_ERROR(part->Clear());
    // What was there may have been of something else.
    if (resumed) continue;
    return absl::DataLossError(absl::StrCat(
        source.url, ": is not the file that was published: its SHA-256 is ",
        sha256, ", not ", source.sha256));
  }
  progress.Finish();
  RETURN_IF_ERROR(part->Commit());
  // Whoever has opened it already, or makes it anew, finds `path` next.
  unlink(lock_path.c_str());
  return absl::OkStatus();
}

}  // namespace tritlab
