#include "dataplane/telemetry/access_log/refusal_entry.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "dataplane/telemetry/access_log/entry.h"

namespace penstock::telemetry {
namespace {

std::string LineOf(const RefusalLogEntry& entry) {
  std::array<char, kMaxAccessLogLine> line;
  AccessLogFormatter formatter;
  return {line.data(), formatter.Format(entry, line)};
}

RefusalLogEntry Denied() {
  return {.time_unix_ns = 1'700'000'000'123'456'789,
          .replica = "edge-1",
          .reason = "access_denied",
          .detail = "denied by rule \"no-deletions\"",
          .status = 403,
          .policy = "authorization",
          .object = "SecurityPolicy shop/tokens",
          .rule = "no-deletions",
          .subject = "u1",
          .consumer = "shop/app",
          .peer = "192.0.2.1:4711",
          .client = "198.51.100.7",
          .method = "DELETE",
          .host = "shop.example",
          .path = "/users/1",
          .generation_epoch = 1,
          .generation_number = 42,
          .listener = "shop/web/http",
          .route = "shop/users",
          .route_rule = "all",
          .request_id = "0123"};
}

TEST(RefusalLine, SaysWhatWasRefusedToWhomByWhichObjectAndWhy) {
  EXPECT_EQ(LineOf(Denied()),
            R"({"time":"2023-11-14T22:13:20.123456Z","replica":"edge-1","verb":"request","outcome":"denied",)"
            R"("reason":"access_denied","detail":"denied by rule \"no-deletions\"","status":403,)"
            R"("policy":"authorization","object":"SecurityPolicy shop/tokens","rule":"no-deletions",)"
            R"("subject":"u1","consumer":"shop/app","peer":"192.0.2.1:4711","client":"198.51.100.7",)"
            R"("method":"DELETE","host":"shop.example","path":"/users/1","generation":"1.42",)"
            R"("listener":"shop/web/http","route":"shop/users","routeRule":"all","requestId":"0123"})"
            "\n");
}

TEST(RefusalLine, SaysOfATrialThatItLetPass) {
  RefusalLogEntry entry = Denied();
  entry.shadow = true;
  std::string line = LineOf(entry);
  EXPECT_NE(line.find(R"("outcome":"allowed","shadow":true,"reason")"), std::string::npos) << line;
}

TEST(RefusalLine, FitsAndIsJsonWhateverIsInIt) {
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += static_cast<char>(i);
  RefusalLogEntry entry;
  entry.status = 599;
  entry.shadow = true;
  for (std::string_view* field :
       {&entry.replica, &entry.reason, &entry.detail, &entry.policy, &entry.object, &entry.rule, &entry.subject,
        &entry.consumer, &entry.peer, &entry.client, &entry.method, &entry.host, &entry.path, &entry.listener,
        &entry.route, &entry.route_rule, &entry.request_id}) {
    *field = bytes;
  }
  std::string line = LineOf(entry);
  google::protobuf::Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &parsed).ok());
  EXPECT_LT(line.size(), kMaxAccessLogLine);
  EXPECT_TRUE(parsed.fields().at("cut").bool_value());
}

}  // namespace
}  // namespace penstock::telemetry
