#include "datasets/http_server_for_tests.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tritlab {
namespace {

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

// Up to the empty line behind the headers; empty when the client has gone.
std::string ReadHead(int socket) {
  std::string head;
  char byte;
  while (head.find("\r\n\r\n") == std::string::npos) {
    if (recv(socket, &byte, 1, 0) != 1) return "";
    head += byte;
  }
  return head;
}

HttpServer::Request Parse(const std::string& head) {
  HttpServer::Request request;
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> first = absl::StrSplit(lines[0], ' ');
  if (first.size() > 1) request.path = first[1];
  for (const std::string& line : lines) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    request.headers[absl::AsciiStrToLower(header.first)] = header.second;
  }
  return request;
}

}  // namespace

void HttpServer::Connection::Send(absl::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client has had enough
    bytes.remove_prefix(sent);
  }
}

void HttpServer::Connection::Wait() const {
  char byte;
  while (recv(socket_, &byte, 1, 0) > 0) {
  }
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Demand(listener_ >= 0, "socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  Demand(bind(listener_, generic, length) == 0, "bind");
  Demand(listen(listener_, 8) == 0, "listen");
  Demand(getsockname(listener_, generic, &length) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

HttpServer::~HttpServer() {
  ending_ = true;
  shutdown(listener_, SHUT_RDWR);  // wakes accept
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (connected_ >= 0) shutdown(connected_, SHUT_RDWR);
  }
  thread_.join();
  close(listener_);
}

std::string HttpServer::Url(absl::string_view path) const {
  return absl::StrCat("http://127.0.0.1:", port_, path);
}

std::vector<HttpServer::Request> HttpServer::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

void HttpServer::Serve() {
  while (!ending_) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      connected_ = client;
    }
    if (!ending_) Answer(client);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      connected_ = -1;
    }
    close(client);
  }
}

void HttpServer::Answer(int socket) {
  const std::string head = ReadHead(socket);
  if (head.empty()) return;
  const Request request = Parse(head);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(request);
  }
  handler_(request, Connection(socket));
}

std::string HttpHead(absl::string_view status,
                     const std::vector<std::string>& headers) {
  std::string head = absl::StrCat("HTTP/1.1 ", status, "\r\n");
  for (const std::string& header : headers)
    absl::StrAppend(&head, header, "\r\n");
  return absl::StrCat(head, "Connection: close\r\n\r\n");
}

}  // namespace tritlab
