#include "dataplane/telemetry/access_log/connection_entry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/telemetry/access_log/entry.h"

namespace penstock::telemetry {
namespace {

std::string Format(const ConnectionLogEntry& entry) {
  std::vector<char> buffer(kMaxAccessLogLine);
  AccessLogFormatter formatter;
  size_t length = formatter.Format(entry, buffer);
  return {buffer.data(), length};
}

ConnectionLogEntry Connection() {
  ConnectionLogEntry entry;
  entry.time_unix_ns = 1'767'225'601'123'456'789;
  entry.protocol = "tls";
  entry.generation_epoch = 1;
  entry.generation_number = 42;
  entry.endpoints_epoch = 3;
  entry.listener = "shop/gw/tls";
  entry.route = "shop/db";
  entry.rule = 0;
  entry.cluster = "backend/shop/db";
  entry.endpoint = "10.0.0.1:5432";
  entry.server_name = "db.shop.example";
  entry.bytes_in = 7;
  entry.bytes_out = 1024;
  entry.duration = std::chrono::microseconds(1234);
  entry.upstream_connect = std::chrono::microseconds(210);
  entry.peer = "203.0.113.7:50000";
  entry.proxy = "127.0.0.1:4711";
  entry.tries = 1;
  entry.seed = 5;
  return entry;
}

TEST(ConnectionLogEntry, IsOneLineOfJson) {
  EXPECT_EQ(Format(Connection()),
            "{\"time\":\"2026-01-01T00:00:01.123456Z\",\"protocol\":\"tls\",\"generation\":\"1.42\","
            "\"endpoints_epoch\":3,\"listener\":\"shop/gw/tls\",\"route\":\"shop/db\",\"rule\":0,"
            "\"cluster\":\"backend/shop/db\",\"endpoint\":\"10.0.0.1:5432\",\"sni\":\"db.shop.example\","
            "\"bytes_in\":7,\"bytes_out\":1024,\"duration_ms\":1.234,\"upstream_connect_ms\":0.210,"
            "\"peer\":\"203.0.113.7:50000\",\"proxy\":\"127.0.0.1:4711\",\"tries\":1,\"seed\":5}\n");
}

TEST(ConnectionLogEntry, LeavesOutWhatItHasNot) {
  ConnectionLogEntry entry;
  entry.protocol = "tcp";
  entry.listener = "shop/gw/tcp";
  entry.reason = "no_route";
  entry.peer = "203.0.113.7:50000";
  EXPECT_EQ(Format(entry),
            "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"protocol\":\"tcp\",\"generation\":\"0.0\","
            "\"endpoints_epoch\":0,\"listener\":\"shop/gw/tcp\",\"reason\":\"no_route\",\"bytes_in\":0,\"bytes_out\":0,"
            "\"duration_ms\":0.000,\"peer\":\"203.0.113.7:50000\",\"tries\":0,\"seed\":0}\n");
}

TEST(ConnectionLogEntry, CountsTheDatagramsOfASession) {
  ConnectionLogEntry entry = Connection();
  entry.protocol = "udp";
  entry.datagrams_in = 2;
  EXPECT_NE(Format(entry).find("\"bytes_out\":1024,\"datagrams_in\":2,\"datagrams_out\":0,"), std::string::npos);
}

}  // namespace
}  // namespace penstock::telemetry
