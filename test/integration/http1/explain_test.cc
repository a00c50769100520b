// What explain says is what live traffic does.
#include "dataplane/snapshot/explain.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;

uint16_t FreePort() {
  StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
  return io::BoundAddress(*probe)->port();
}

// Three listeners of one port that read paths differently, and routes that answer with their names.
std::vector<snapshot::Resource> Configuration(uint16_t port) {
  auto listener = [port](std::string_view name, std::string_view more) {
    return t::Listener(name, StrCat("port: ", port, " ", more));
  };
  auto reply = [](std::string_view match, std::string_view name) {
    return StrCat("rules { matches { ", match, " } static_reply { status: 200 body: '", name, "' } } ");
  };
  std::string attached =
      "attachments { listener: 'any' } attachments { listener: 'keep' } attachments { listener: 'redirect' } ";
  return {
      listener("any", "client { reason_header: true max_request_body_bytes: 100 }"),
      listener("keep", "hostname: 'keep' client { reason_header: true escaped_slashes: KEEP }"),
      listener("redirect", "hostname: '*.redirect' client { reason_header: true escaped_slashes: REDIRECT }"),
      t::Route(
          "r",
          StrCat(
              attached, reply("prefix: '/a'", "a"), reply("exact: '/a/b'", "ab"),
              reply("prefix: '/a' method: 'POST'", "post"), reply("prefix: '/a' headers { name: 'x' exact: '1' }", "x"),
              reply("prefix: '/a' headers { name: 'x-forwarded-proto' exact: 'http' } query { name: 'q' exact: '1' }",
                    "proto"),
              reply("regex: '/a;.*'", "semicolon")))};
}

struct Answer {
  int status = 0;
  std::string said;  // the reason, or the name of the route's rule
  bool operator==(const Answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.status << " " << answer.said; }

Answer Live(TestGateway& gateway, const snapshot::ExplainRequest& request) {
  std::string head = StrCat(request.method, " ", request.target, " HTTP/1.1\r\n");
  for (const auto& [name, value] : request.fields) head += StrCat(name, ": ", value, "\r\n");
  std::string response = gateway.Send(StrCat(head, "\r\n"));
  Answer answer;
  if (response.size() > 12) answer.status = std::atoi(response.substr(9, 3).c_str());
  constexpr std::string_view kReason = "x-penstock-reason: ";
  size_t reason = response.find(kReason);
  if (reason == std::string::npos) return answer;
  reason += kReason.size();
  answer.said = response.substr(reason, response.find("\r\n", reason) - reason);
  if (answer.said == "static_reply") answer.said = response.substr(response.find("\r\n\r\n") + 4);
  return answer;
}

Answer Explained(const snapshot::Snapshot& snapshot, const snapshot::ExplainRequest& request) {
  snapshot::Explanation explanation = snapshot::Explain(snapshot, request);
  if (explanation.outcome != snapshot::Explanation::Outcome::kRouted) return {explanation.status, explanation.reason};
  constexpr std::string_view kRules[] = {"a", "ab", "post", "x", "proto", "semicolon"};
  size_t rule = static_cast<size_t>(std::atoi(explanation.rule.c_str() + std::string_view("rules[").size()));
  return {200, std::string(kRules[rule])};
}

TEST(Explain, SaysWhatLiveTrafficDoesForEveryKindOfRequest) {
  constexpr const char* kMethods[] = {"GET", "get", "POST", "OPTIONS", "TRACE", "CONNECT", "A_B"};
  constexpr const char* kTargets[] = {"/a",     "/a/b", "/a/b?q=1",      "//a/./b", "/a/../c",
                                      "/a%2Fb", "/a;b", "/a%zz",         "/a%00",   "*",
                                      "/a?q=1", "a",    "http://keep/a", "/a#f",    "/%61"};
  constexpr const char* kHosts[] = {"other", "KEEP:80", "x.redirect", "a b", ""};
  const std::pair<std::string, std::string> kFields[] = {{"y", "1"},
                                                         {"x", "1"},
                                                         {"a_b", "1"},
                                                         {"Expect", "foo"},
                                                         {"Host", "x"},
                                                         {"y ", "1"},
                                                         {"Content-Length", "101"},
                                                         {"Transfer-Encoding", "gzip"},
                                                         {"X-Forwarded-Proto", "https"},
                                                         {"Max-Forwards", "0"}};
  TestGateway gateway;
  uint16_t port = FreePort();
  std::vector<snapshot::Resource> configuration = Configuration(port);
  gateway.Serve(configuration);
  std::shared_ptr<const snapshot::Snapshot> snapshot = t::MustCompile(nullptr, {configuration, {}, {}});
  int compared = 0;
  for (const char* method : kMethods) {
    for (const char* target : kTargets) {
      for (const char* host : kHosts) {
        const auto& [name, value] = kFields[static_cast<size_t>(compared++) % std::size(kFields)];
        snapshot::ExplainRequest request{.address = "",
                                         .port = port,
                                         .scheme = "http",
                                         .server_name = "",
                                         .method = method,
                                         .target = target,
                                         .fields = {{"Host", host}, {"Connection", "close"}, {name, value}}};
        EXPECT_EQ(Explained(*snapshot, request), Live(gateway, request))
            << method << " " << target << " host '" << host << "' " << name << ": " << value;
      }
    }
  }
  EXPECT_GT(compared, 500);
}

}  // namespace
}  // namespace penstock::test
