// Small conversions of what people write.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_field.h"

namespace penstock::translator {

// A duration of the Gateway API (GEP-2257): up to four parts of h, m, s, ms: "2s", "1h30m", "0s". nullopt if it is not
// one.
std::optional<google::protobuf::Duration> ParseDuration(std::string_view text);
// SET is called with the duration if one was written.
template <typename Set>
void WithDuration(const std::string& text, Set set) {
  if (std::optional<google::protobuf::Duration> duration = ParseDuration(text); duration.has_value()) set(*duration);
}
bool IsZero(const google::protobuf::Duration& duration);
bool operator<(const google::protobuf::Duration& a, const google::protobuf::Duration& b);

// "20%" -> 20; nullopt if it is not a whole percentage up to 100.
std::optional<uint32_t> ParsePercent(std::string_view text);

// IPv4 or IPv6, without a zone.
bool IsIpAddress(std::string_view text);

// An absolute path that a Unix socket can have, spelt in the only way: two spellings would be two places to listen at.
inline constexpr size_t kMaxSocketPath = 107;  // of sockaddr_un
bool IsSocketPath(std::string_view text);

// A host name in lower case, without a wildcard, not an address.
bool IsHostname(std::string_view text);

std::string Lower(std::string_view text);

// Adds a text that is not there yet.
void AddOnce(std::string text, google::protobuf::RepeatedPtrField<std::string>& list);

// Sets in `closer` each field that is set in `farther` and not in `closer`, descending into messages; lists are taken
// as a whole. REQUIRES: both of one type.
void FillUnset(google::protobuf::Message& closer, const google::protobuf::Message& farther);

// The host names that both patterns mean: "" any, "a.example" exactly, "*.example" everything below. nullopt if there
// is none. Both in lower case.
std::optional<std::string> IntersectHostnames(std::string_view listener, std::string_view route);

// "max_age" -> "maxAge"
std::string CamelCase(std::string_view snake);

}  // namespace penstock::translator
