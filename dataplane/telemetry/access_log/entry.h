// One line of the access log: what is in it and how it looks.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace penstock::telemetry {

// Views are read during the call that takes the entry and not kept. An empty view or a zero number that means "none" is
// left out of the line where the comment says so.
struct AccessLogEntry {
  int64_t time_unix_ns = 0;  // when the request's first byte came
  std::string_view request_id;
  uint64_t generation_epoch = 0;
  uint64_t generation_number = 0;
  uint64_t endpoints_epoch = 0;
  std::string_view listener;
  std::string_view route;      // "": no route matched, left out
  int rule = -1;               // -1: left out
  std::string_view rule_name;  // "": the rule has none, left out
  std::string_view cluster;    // "": not forwarded, left out
  std::string_view endpoint;   // "": left out
  std::string_view protocol;   // of the client's request: "HTTP/1.1", "HTTP/2"
  std::string_view method;
  std::string_view host;
  std::string_view path;                 // canonical path with the query
  int status = 0;                        // 0: the client left before a final status
  int grpc_status = -1;                  // that a call of gRPC ended with; negative: none, left out
  std::string_view upgrade;              // the protocol that a 101 switched to; "": none, left out
  std::string_view reason;               // name of the local reply's reason; "": the upstream answered, left out
  std::string_view detail;               // what exactly was wrong; "": left out
  uint64_t bytes_in = 0;                 // body bytes taken from the client
  uint64_t bytes_out = 0;                // body bytes given to the client
  std::chrono::nanoseconds duration{0};  // first byte of the head to last byte of the response
  std::chrono::nanoseconds upstream_connect{-1};  // of the last attempt; negative: left out (pooled, or not forwarded)
  std::chrono::nanoseconds upstream_response{
      -1};                            // of the last attempt, its start to the response's head; negative: left out
  std::string_view peer;              // address:port of the TCP peer
  std::string_view client;            // address of the client behind trusted proxies
  std::string_view subject = {};      // who has proven who he is: of the token; "": left out
  std::string_view tls_version = {};  // "": no TLS; left out with the next four
  std::string_view tls_cipher = {};
  std::string_view sni = {};              // "": left out
  std::string_view alpn = {};             // "": left out
  std::string_view client_identity = {};  // of the client's certificate; "": left out
  std::string_view user_agent;            // "": left out
  uint32_t tries = 0;                     // upstream attempts
  uint64_t seed = 0;                      // of the request's random picks, for a replay
};

struct ConnectionLogEntry;  // connection_entry.h
struct RefusalLogEntry;     // refusal_entry.h
class JsonLine;

// Longest line, with its newline. Fields are cut (and "cut":true added) so that no line is longer.
inline constexpr size_t kMaxAccessLogLine = 16384;

// Makes lines. Keeps the text of the second that it wrote last, since most lines begin with the same one. One thread.
class AccessLogFormatter {
 public:
  // Writes ENTRY as one JSON object and a newline to OUT and returns the length. OUT must have kMaxAccessLogLine bytes.
  // Every byte is escaped as RFC 8259 wants it; bytes that are not UTF-8 become \u00XX.
  size_t Format(const AccessLogEntry& entry, std::span<char> out);
  size_t Format(const ConnectionLogEntry& entry, std::span<char> out);
  size_t Format(const RefusalLogEntry& entry, std::span<char> out);

 private:
  static constexpr size_t kSecondSize = 20;  // "2026-11-21T02:04:53."

  void Begin(JsonLine& line, int64_t unix_ns);
  std::string_view Second(int64_t unix_seconds);

  int64_t second_ = INT64_MIN;
  std::array<char, kSecondSize> second_text_;
};

}  // namespace penstock::telemetry
