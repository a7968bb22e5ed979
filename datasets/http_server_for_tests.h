// A web server on this machine that does what a test tells it to: what a
// download meets that goes wrong.
#ifndef TRITLAB_DATASETS_HTTP_SERVER_FOR_TESTS_H_
#define TRITLAB_DATASETS_HTTP_SERVER_FOR_TESTS_H_

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace tritlab {

// Plain HTTP, one connection at a time, one request each.
class HttpServer {
 public:
  struct Request {
    std::string path;
    std::map<std::string, std::string> headers;  // names in lower case
  };
  // One client's connection; it ends with the handler.
  class Connection {
   public:
    explicit Connection(int socket) : socket_(socket) {}
    void Send(absl::string_view bytes) const;
    // Until the client has gone or the server ends.
    void Wait() const;

   private:
    const int socket_;
  };
  using Handler = std::function<void(const Request&, const Connection&)>;

  // On a free port of the loopback interface.
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "http://127.0.0.1:PORT" + path
  std::string Url(absl::string_view path) const;
  // Those so far.
  std::vector<Request> requests() const;

 private:
  void Serve();
  void Answer(int socket);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  int connected_ = -1;             // guarded by mutex_
  std::vector<Request> requests_;  // guarded by mutex_
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

// The start of an answer: "HTTP/1.1 STATUS", then headers.
std::string HttpHead(absl::string_view status,
                     const std::vector<std::string>& headers);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_HTTP_SERVER_FOR_TESTS_H_
