#include "dataplane/telemetry/access_log/entry.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::telemetry {
namespace {

using std::chrono::microseconds;

std::string Format(const AccessLogEntry& entry) {
  std::vector<char> buffer(kMaxAccessLogLine);
  AccessLogFormatter formatter;
  size_t length = formatter.Format(entry, buffer);
  return {buffer.data(), length};
}

// Parses with a JSON parser that is not ours; fails the test if the line is not one object.
google::protobuf::Struct Parse(const std::string& line) {
  google::protobuf::Struct object;
  auto status = google::protobuf::util::JsonStringToMessage(line, &object);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return object;
}

AccessLogEntry Request() {
  AccessLogEntry entry;
  entry.time_unix_ns = 1'767'225'601'123'456'789;
  entry.request_id = "0b9e8c1e";
  entry.generation_epoch = 1;
  entry.generation_number = 42;
  entry.endpoints_epoch = 3;
  entry.listener = "shop/gw/http";
  entry.route = "shop/users";
  entry.rule = 2;
  entry.cluster = "backend/shop/users";
  entry.endpoint = "10.0.0.1:8080";
  entry.protocol = "HTTP/2";
  entry.method = "GET";
  entry.host = "shop.example";
  entry.path = "/users?id=7";
  entry.status = 200;
  entry.bytes_out = 1024;
  entry.duration = microseconds(1234);
  entry.upstream_response = microseconds(800);
  entry.peer = "127.0.0.1:50000";
  entry.client = "203.0.113.7";
  entry.user_agent = "curl/7.88.1";
  entry.tries = 1;
  entry.seed = 18446744073709551615u;
  return entry;
}

TEST(AccessLogEntry, IsOneLineOfJson) {
  EXPECT_EQ(
      Format(Request()),
      R"({"time":"2026-01-01T00:00:01.123456Z","request_id":"0b9e8c1e","generation":"1.42","endpoints_epoch":3,)"
      R"("listener":"shop/gw/http","route":"shop/users","rule":2,"cluster":"backend/shop/users",)"
      R"("endpoint":"10.0.0.1:8080","protocol":"HTTP/2","method":"GET","host":"shop.example","path":"/users?id=7",)"
      R"("status":200,"bytes_in":0,"bytes_out":1024,"duration_ms":1.234,"upstream_response_ms":0.800,"peer":"127.0.0.1:50000",)"
      R"("client":"203.0.113.7","user_agent":"curl/7.88.1","tries":1,"seed":18446744073709551615})"
      "\n");
}

TEST(AccessLogEntry, SaysWhatTlsIsSpokenAndByWhom) {
  AccessLogEntry entry = Request();
  entry.tls_version = "TLSv1.3";
  entry.tls_cipher = "TLS_AES_128_GCM_SHA256";
  EXPECT_NE(
      Format(entry).find(
          R"("client":"203.0.113.7","tls_version":"TLSv1.3","tls_cipher":"TLS_AES_128_GCM_SHA256","user_agent":)"),
      std::string::npos);
  entry.sni = "shop.example";
  entry.alpn = "http/1.1";
  entry.client_identity = "spiffe://shop/orders";
  EXPECT_NE(Format(entry).find(R"(,"sni":"shop.example","alpn":"http/1.1","client_identity":"spiffe://shop/orders",)"),
            std::string::npos);
}

TEST(AccessLogEntry, WritesNumbersOfEveryLength) {
  std::vector<uint64_t> numbers = {0, UINT64_MAX};
  for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
    for (uint64_t digit = 1; digit <= 9; ++digit) {
      numbers.insert(numbers.end(), {power * digit, power * digit - 1, power * digit + 1, power * digit + power / 3});
    }
  }
  for (uint64_t number : numbers) {
    AccessLogEntry entry = Request();
    entry.seed = number;
    EXPECT_NE(Format(entry).find("\"seed\":" + std::to_string(number) + "}"), std::string::npos) << number;
  }
}

TEST(AccessLogEntry, ChangesItsTimeWithEverySecond) {
  AccessLogFormatter formatter;
  std::vector<char> buffer(kMaxAccessLogLine);
  struct Case {
    int64_t ns;
    const char* text;
  };
  const Case cases[] = {{0, "1970-01-01T00:00:00.000000Z"},
                        {1'767'225'599'999'999'999, "2025-12-31T23:59:59.999999Z"},
                        {1'767'225'600'000'000'000, "2026-01-01T00:00:00.000000Z"},
                        {1'767'225'600'000'001'000, "2026-01-01T00:00:00.000001Z"},
                        {-1'000, "1969-12-31T23:59:59.999999Z"}};
  for (const Case& c : cases) {
    AccessLogEntry entry = Request();
    entry.time_unix_ns = c.ns;
    std::string line(buffer.data(), formatter.Format(entry, buffer));
    EXPECT_TRUE(line.starts_with(std::string("{\"time\":\"") + c.text + "\"")) << line;
  }
}

TEST(AccessLogEntry, NamesTheRuleAndWhatExactlyWasWrong) {
  AccessLogEntry entry = Request();
  entry.rule_name = "catalog";
  entry.reason = "bad_request";
  entry.detail = "a space before the colon";
  entry.upgrade = "websocket";
  entry.grpc_status = 0;
  std::string line = Format(entry);
  EXPECT_NE(line.find(R"("grpc_status":0,)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("upgrade":"websocket",)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("rule":2,"rule_name":"catalog",)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("reason":"bad_request","detail":"a space before the colon",)"), std::string::npos) << line;
}

TEST(AccessLogEntry, LeavesOutWhatIsNot) {
  std::string line = Format({});
  for (const char* key :
       {"route", "rule", "rule_name", "cluster", "endpoint", "grpc_status", "upgrade", "reason", "detail", "user_agent",
        "subject", "tls_version", "tls_cipher", "sni", "alpn", "client_identity", "cut"}) {
    EXPECT_EQ(line.find(std::string("\"") + key + "\""), std::string::npos) << key << " in " << line;
  }
  Parse(line);
}

TEST(AccessLogEntry, EscapesEveryByte) {
  for (int c = 0; c < 256; ++c) {
    std::string value = "a" + std::string(1, static_cast<char>(c)) + "b";
    AccessLogEntry entry = Request();
    entry.user_agent = value;
    google::protobuf::Struct object = Parse(Format(entry));
    std::string expected = value;
    if (c >= 0x80) expected = {'a', static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f)), 'b'};
    EXPECT_EQ(object.fields().at("user_agent").string_value(), expected) << c;
  }
}

TEST(AccessLogEntry, KeepsUtf8AndRefusesWhatOnlyLooksLikeIt) {
  struct Case {
    std::string value, escaped;
  };
  const Case cases[] = {
      {"h\xc3\xa9", "h\xc3\xa9"},
      {"\xe2\x82\xac", "\xe2\x82\xac"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\xc0\x80", R"(\u00c0\u0080)"},                      // overlong
      {"\xed\xa0\x80", R"(\u00ed\u00a0\u0080)"},            // surrogate
      {"\xf4\x90\x80\x80", R"(\u00f4\u0090\u0080\u0080)"},  // above U+10FFFF
      {"\xe2\x82", R"(\u00e2\u0082)"},                      // cut short
  };
  for (const Case& c : cases) {
    AccessLogEntry entry = Request();
    entry.user_agent = c.value;
    EXPECT_NE(Format(entry).find("\"user_agent\":\"" + c.escaped + "\""), std::string::npos) << c.escaped;
  }
}

TEST(AccessLogEntry, IsNeverLongerThanItsBufferAndSaysWhenItWasCut) {
  std::string garbage(100'000, '\x01');
  AccessLogEntry entry = Request();
  for (auto* field : {&entry.request_id,  &entry.listener,   &entry.route,  &entry.rule_name, &entry.detail,
                      &entry.cluster,     &entry.endpoint,   &entry.method, &entry.host,      &entry.path,
                      &entry.upgrade,     &entry.reason,     &entry.peer,   &entry.client,    &entry.user_agent,
                      &entry.tls_version, &entry.tls_cipher, &entry.sni,    &entry.alpn,      &entry.client_identity}) {
    *field = garbage;
  }
  entry.rule = 65535;
  entry.grpc_status = 999;
  entry.bytes_in = entry.bytes_out = entry.endpoints_epoch = entry.generation_epoch = entry.generation_number =
      UINT64_MAX;
  entry.duration = entry.upstream_connect = entry.upstream_response = std::chrono::nanoseconds::max();
  std::string line = Format(entry);
  EXPECT_LE(line.size(), kMaxAccessLogLine);
  EXPECT_TRUE(Parse(line).fields().at("cut").bool_value());
}

}  // namespace
}  // namespace penstock::telemetry
