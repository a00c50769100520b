#include "dataplane/telemetry/scrape/status_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace penstock::telemetry {
namespace {

std::string Exchange(int fd, std::string_view request) {
  send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<size_t>(n));
  close(fd);
  return answer;
}

int ConnectTcp(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return fd;
}

int ConnectUnix(const std::string& path) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return fd;
}

// The path of a Unix socket has at most 107 bytes, which TEST_TMPDIR often has already.
std::string SocketPath() {
  char folder[] = "/tmp/penstock-XXXXXX";
  return std::string(mkdtemp(folder)) + "/s";
}

void RemoveFolderOf(const std::string& path) {
  unlink(path.c_str());
  rmdir(path.substr(0, path.rfind('/')).c_str());
}

std::vector<StatusPage> Pages() {
  return {
      {"GET", "/live", "always 200", [](const StatusRequest&) { return StatusReply{200, "text/plain", "alive\n"}; }},
      {"POST", "/echo", "what was sent", [](const StatusRequest& request) {
         return StatusReply{200, "text/plain", request.query + "|" + request.body};
       }}};
}

class StatusServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = StatusServer::Start("127.0.0.1:0", Pages());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string Send(std::string_view request) { return Exchange(ConnectTcp(server_->port()), request); }

  std::unique_ptr<StatusServer> server_;
};

TEST_F(StatusServerTest, ServesAPage) {
  std::string answer = Send("GET /live HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), "alive\n");
}

TEST_F(StatusServerTest, AnswersHeadWithoutABody) {
  std::string answer = Send("HEAD /live HTTP/1.1\r\n\r\n");
  EXPECT_NE(answer.find("content-length: 6"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(StatusServerTest, TakesABodyAndAQuery) {
  std::string answer = Send("POST /echo?a=b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(answer.ends_with("a=b|hello")) << answer;
}

TEST_F(StatusServerTest, ListsItsPages) {
  EXPECT_NE(Send("GET / HTTP/1.1\r\n\r\n").find("POST /echo  what was sent"), std::string::npos);
  EXPECT_EQ(Send("GET /nothing HTTP/1.1\r\n\r\n").substr(9, 3), "404");
  EXPECT_EQ(Send("GET /echo HTTP/1.1\r\n\r\n").substr(9, 3), "405");
}

TEST_F(StatusServerTest, RefusesWhatItDoesNotUnderstandAndGoesOn) {
  EXPECT_EQ(Send("\r\n\r\n").substr(9, 3), "400");
  EXPECT_EQ(Send("GET /live HTTP/2\r\n\r\n").substr(9, 3), "400");
  EXPECT_EQ(Send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").substr(9, 3), "400");
  EXPECT_EQ(Send("POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n").substr(9, 3), "400");
  EXPECT_EQ(Send("POST /echo HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n").substr(9, 3), "413");
  EXPECT_EQ(Send(std::string(StatusServer::kMaxHeadBytes + 10'000, 'a')).substr(9, 3), "413");
  EXPECT_EQ(Send("GET /live HTTP/1.0\r\n\r\n").substr(9, 3), "200");
}

TEST(StatusServer, ServesAUnixSocketThatOnlyItsOwnerMayUse) {
  std::string path = SocketPath();
  auto server = StatusServer::Start("unix:" + path, Pages());
  ASSERT_TRUE(server.ok()) << server.status();
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_TRUE(Exchange(ConnectUnix(path), "GET /live HTTP/1.1\r\n\r\n").ends_with("alive\n"));
  EXPECT_FALSE(StatusServer::Start("unix:" + path, Pages()).ok()) << "somebody serves it";
  server->reset();
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  RemoveFolderOf(path);
}

TEST(StatusServer, ReplacesASocketThatACrashLeftBehind) {
  std::string path = SocketPath();
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  close(fd);
  EXPECT_TRUE(StatusServer::Start("unix:" + path, Pages()).ok());
  RemoveFolderOf(path);
}

TEST(StatusServer, SaysWhatIsWrongWithAnAddress) {
  EXPECT_EQ(StatusServer::Start("localhost", {}).status().message(),
            "\"localhost\" is not ADDRESS:PORT, like 127.0.0.1:9464 or [::1]:9464");
  auto server = StatusServer::Start("127.0.0.1:0", {});
  std::string taken = "127.0.0.1:" + std::to_string((*server)->port());
  EXPECT_EQ(StatusServer::Start(taken, {}).status().message(),
            "cannot listen at " + taken +
                ": Address already in use; another process listens there: choose another address or stop it");
}

}  // namespace
}  // namespace penstock::telemetry
