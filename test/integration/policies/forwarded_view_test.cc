// What a rule saw is what is forwarded, however a client writes it. The oracle reads the bytes that the next hop gets,
// as leniently as a backend may.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/forwarded.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/policies/authorization/authorization_config.h"
#include "dataplane/snapshot/admission.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using Slashes = snapshot::ClientSettings::EscapedSlashes;

std::shared_ptr<const AuthorizationConfig> Rules(const std::string& text) {
  xds::v1::Authorization message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return *AuthorizationConfig::Compile(message);
}

// What the data plane does with the bytes of a head, up to the policy and behind it.
struct Passage {
  bool allowed = false;
  std::string forwarded;  // the head for the next hop, if it is allowed or not
};

// nullopt: refused before any policy.
std::optional<Passage> Pass(std::string bytes, Slashes slashes, const AuthorizationConfig& rules) {
  BlockPool pool;
  Cancellation cancellation;
  Exchange x(&pool);
  x.Begin(cancellation);
  http::h1::RequestParser parser{http::h1::HeadLimits{}};
  if (parser.Parse({bytes.data(), bytes.size()}, x.request) != http::h1::Progress::kDone) return std::nullopt;
  snapshot::ClientSettings settings;
  settings.escaped_slashes = slashes;
  if (!snapshot::AdmitAuthority(x.request, "http", x.arena).ok()) return std::nullopt;
  if (!snapshot::AdmitPath(x.request, settings, x.arena).ok()) return std::nullopt;
  http::StripRequest(x.request.headers);
  http::WriteForwarding(x.request.headers,
                        {.peer = "192.0.2.1", .scheme = "http", .authority = x.request.authority, .port = "80"},
                        x.arena);
  Passage passage;
  passage.allowed = rules.Decide(x).kind == AuthorizationDecision::Kind::kAllowed;
  char head[8192];
  size_t size = http::h1::WriteRequestHead(x.request, false, head);
  if (size == 0) return std::nullopt;
  passage.forwarded.assign(head, size);
  return passage;
}

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  size_t Below(size_t n) { return engine_() % n; }
  template <size_t N>
  std::string_view Of(const std::string_view (&pieces)[N]) {
    return pieces[Below(N)];
  }

 private:
  std::mt19937 engine_;
};

// Paths.

// A path near /admin: some characters escaped, dots, empty segments, what hides separators.
std::string AnyPath(Random& random) {
  constexpr std::string_view kSegments[] = {
      "admin",    "admin",     "admin",     "Admin",     "administrator", "users",     ".",
      "..",       "",          "a.b",       "adm%69n",   "%2e",           "%2E%2e",    ".%2E",
      "adm%2fin", "x%2Fadmin", "admin%5Cx", "admin;v=1", "admin%3B",      "%2561dmin", "adm in",
      "admin%00", "%zz",       "caf%c3%a9", "admin%20",  "admin|x",       "\\admin"};
  std::string path;
  for (size_t i = 1 + random.Below(4); i-- > 0;) {
    std::string segment(random.Of(kSegments));
    std::string written;
    for (char c : segment) {
      constexpr std::string_view kLower = "0123456789abcdef";
      constexpr std::string_view kUpper = "0123456789ABCDEF";
      bool escape = c != '%' && random.Below(12) == 0 && segment.find('%') == std::string::npos;
      const std::string_view digits = random.Below(2) == 0 ? kLower : kUpper;
      auto byte = static_cast<unsigned char>(c);
      if (escape) {
        written += {'%', digits[byte >> 4], digits[byte & 15]};
      } else {
        written += c;
      }
    }
    path += (random.Below(8) == 0 ? "//" : "/") + written;
  }
  if (random.Below(4) == 0) path += "/";
  if (random.Below(4) == 0) path += "?to=/admin/users";
  return path;
}

// PATH with the escapes of KEPT left as they are.
std::string Unescaped(std::string_view path, std::string_view kept) {
  std::string text;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%' || i + 2 >= path.size()) {
      text += path[i];
      continue;
    }
    char c = static_cast<char>(std::stoi(std::string(path.substr(i + 1, 2)), nullptr, 16));
    if (kept.find(c) != std::string_view::npos) {
      text += path.substr(i, 3);
    } else {
      text += c;
    }
    i += 2;
  }
  return text;
}

// PATH without the parameters of its segments.
std::string WithoutParameters(std::string_view path) {
  std::string text;
  bool inside = false;
  for (char c : path) {
    inside = c != '/' && (inside || c == ';');
    if (!inside) text += c;
  }
  return text;
}

// The path that a backend serves which drops parameters, unescapes, resolves dots and merges slashes, in this order.
// Where a listener keeps what hides separators, it is one that does not take them for such.
std::string Served(std::string_view forwarded, Slashes slashes) {
  std::string_view target = forwarded.substr(forwarded.find(' ') + 1);
  target = target.substr(0, target.find(' '));
  std::string_view raw = target.substr(0, target.find('?'));
  bool keep = slashes == Slashes::kKeep;
  std::string path = keep ? Unescaped(raw, "/\\") : Unescaped(WithoutParameters(raw), "");
  std::vector<std::string> segments;
  bool slash_at_end = false;
  for (size_t begin = 1; begin <= path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string segment = path.substr(begin, end - begin);
    slash_at_end = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!slash_at_end) segments.push_back(segment);
    begin = end + 1;
  }
  std::string served;
  for (const std::string& segment : segments) served += "/" + segment;
  return served.empty() || slash_at_end ? served + "/" : served;
}

TEST(ForwardedView, IsWhatARuleSawOfThePath) {
  struct Kind {
    const char* condition;
    bool (*is_it)(const std::string& path);
  };
  const Kind kKinds[] = {
      {"prefix: '/admin'", [](const std::string& path) { return path == "/admin" || path.starts_with("/admin/"); }},
      {"exact: '/admin/users'", [](const std::string& path) { return path == "/admin/users"; }},
      {"regex: '/a[a-z]*n/.*'",
       [](const std::string& path) {
         size_t slash = path.find('/', 1);
         std::string first = path.substr(1, slash == std::string::npos ? slash : slash - 1);
         bool letters = first.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
         return slash != std::string::npos && first.size() > 1 && letters && first.front() == 'a' &&
                first.back() == 'n';
       }},
  };
  Random random(11);
  int denied = 0;
  int allowed = 0;
  for (const Kind& kind : kKinds) {
    const std::string condition = StrCat("condition { paths { ", kind.condition, " } } }");
    std::shared_ptr<const AuthorizationConfig> deny = Rules("rules {} rules { deny: true " + condition);
    std::shared_ptr<const AuthorizationConfig> allow = Rules("rules { " + condition);
    for (int round = 0; round < 30'000; ++round) {
      Slashes slashes = static_cast<Slashes>(random.Below(3));
      std::string target = AnyPath(random);
      std::string head = "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
      std::optional<Passage> denying = Pass(head, slashes, *deny);
      std::optional<Passage> allowing = Pass(head, slashes, *allow);
      ASSERT_EQ(denying.has_value(), allowing.has_value());
      if (!denying.has_value()) continue;
      std::string served = Served(denying->forwarded, slashes);
      bool is_it = kind.is_it(served);
      EXPECT_EQ(denying->allowed, !is_it) << target << " is served as " << served;
      EXPECT_EQ(allowing->allowed, is_it) << target << " is served as " << served;
      ++(is_it ? denied : allowed);
    }
  }
  EXPECT_GT(denied, 2000);
  EXPECT_GT(allowed, 2000);
}

// Header fields.

std::string AnyHead(Random& random) {
  constexpr std::string_view kNames[] = {"X-Role",  "x-role",  "X-ROLE",  "X-Role",
                                         "X-Other", "X-Role ", " X-Role", "X_Role"};
  constexpr std::string_view kValues[] = {"admin", "user",   "staff",  "user, staff", "user,admin", "",       ",",
                                          "Admin", "user\t", " staff", "user,",       "admin user", "a\r\n b"};
  constexpr std::string_view kConnections[] = {"close", "x-role", "close, X-Role", "keep-alive, x-other"};
  std::string head = "GET / HTTP/1.1\r\nHost: a.test\r\n";
  for (size_t i = random.Below(5); i-- > 0;) {
    // The names that are refused, seldom: else nothing would pass.
    std::string_view name = random.Below(20) == 0 ? random.Of(kNames) : kNames[random.Below(5)];
    std::string_view value = random.Below(20) == 0 ? random.Of(kValues) : kValues[random.Below(12)];
    head += StrCat(name, ":", random.Below(2) == 0 ? " " : "", value, "\r\n");
    if (random.Below(10) == 0) head += StrCat("Connection: ", random.Of(kConnections), "\r\n");
  }
  return head + "\r\n";
}

std::vector<std::string> RolesOf(std::string_view forwarded) {
  std::vector<std::string> roles;
  while (!forwarded.empty()) {
    std::string_view line = forwarded.substr(0, forwarded.find("\r\n"));
    forwarded.remove_prefix(std::min(line.size() + 2, forwarded.size()));
    if (!line.starts_with("x-role:")) continue;
    std::string rest(line.substr(7));
    for (size_t begin = 0; begin <= rest.size();) {
      size_t end = std::min(rest.find(',', begin), rest.size());
      std::string role = rest.substr(begin, end - begin);
      role.erase(0, std::min(role.find_first_not_of(" \t"), role.size()));
      role.erase(role.find_last_not_of(" \t") + 1);
      roles.push_back(role);
      begin = end + 1;
    }
  }
  return roles;
}

TEST(ForwardedView, IsWhatARuleSawOfHeaderFields) {
  std::shared_ptr<const AuthorizationConfig> deny =
      Rules("rules {} rules { deny: true condition { headers { name: 'x-role' values: 'admin' } } }");
  std::shared_ptr<const AuthorizationConfig> allow =
      Rules("rules { condition { headers { name: 'x-role' values: 'user' values: 'staff' } } }");
  Random random(12);
  int denied = 0;
  int let_in = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string head = AnyHead(random);
    std::optional<Passage> denying = Pass(head, Slashes::kReject, *deny);
    std::optional<Passage> allowing = Pass(head, Slashes::kReject, *allow);
    ASSERT_EQ(denying.has_value(), allowing.has_value());
    if (!denying.has_value()) continue;
    bool has_admin = false;
    std::vector<std::string> roles = RolesOf(denying->forwarded);
    bool all_known = !roles.empty();
    for (const std::string& role : roles) {
      has_admin |= role == "admin";
      all_known &= role == "user" || role == "staff";
    }
    EXPECT_EQ(denying->allowed, !has_admin) << head;
    EXPECT_EQ(allowing->allowed, all_known) << head;
    denied += has_admin;
    let_in += all_known;
  }
  EXPECT_GT(denied, 2000);
  EXPECT_GT(let_in, 2000);
}

}  // namespace
}  // namespace penstock::policies
