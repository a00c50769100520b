#include "controlplane/translator/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

struct Unit {
  std::string_view suffix;
  int64_t milliseconds;
};
constexpr Unit kUnits[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}};

// Takes one part off the front of `text`; nullopt if there is none.
std::optional<int64_t> TakePart(std::string_view& text) {
  size_t digits = 0;
  while (digits < text.size() && manifests::IsDigit(text[digits])) ++digits;
  int64_t number = 0;
  if (digits == 0 || digits > 5 || !manifests::ReadNumber(text.substr(0, digits), number)) return std::nullopt;
  text.remove_prefix(digits);
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.suffix)) continue;
    text.remove_prefix(unit.suffix.size());
    return number * unit.milliseconds;
  }
  return std::nullopt;
}

bool IsSet(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0 : reflection->HasField(message, field);
}

}  // namespace

std::optional<google::protobuf::Duration> ParseDuration(std::string_view text) {
  int64_t milliseconds = 0;
  int parts = 0;
  while (!text.empty()) {
    std::optional<int64_t> part = TakePart(text);
    if (!part.has_value() || ++parts > 4) return std::nullopt;
    milliseconds += *part;
  }
  if (parts == 0) return std::nullopt;
  google::protobuf::Duration duration;
  duration.set_seconds(milliseconds / 1000);
  duration.set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
  return duration;
}

bool IsZero(const google::protobuf::Duration& duration) { return duration.seconds() == 0 && duration.nanos() == 0; }

bool operator<(const google::protobuf::Duration& a, const google::protobuf::Duration& b) {
  return a.seconds() != b.seconds() ? a.seconds() < b.seconds() : a.nanos() < b.nanos();
}

std::optional<uint32_t> ParsePercent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  uint32_t percent = 0;
  if (!manifests::ReadNumber(text, percent) || percent > 100) return std::nullopt;
  return percent;
}

bool IsIpAddress(std::string_view text) {
  std::string copy(text);
  unsigned char bytes[16];
  return inet_pton(AF_INET, copy.c_str(), bytes) == 1 || inet_pton(AF_INET6, copy.c_str(), bytes) == 1;
}

bool IsSocketPath(std::string_view text) {
  if (!text.starts_with('/') || text.size() > kMaxSocketPath || text.find('\0') != text.npos) return false;
  while (!text.empty()) {
    text.remove_prefix(1);
    std::string_view part = text.substr(0, text.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    text.remove_prefix(part.size());
  }
  return true;
}

bool IsHostname(std::string_view text) {
  constexpr size_t kMaxName = 253, kMaxLabel = 63;
  if (text.empty() || text.size() > kMaxName || IsIpAddress(text)) return false;
  while (true) {
    std::string_view label = text.substr(0, text.find('.'));
    bool ends = !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-';
    bool plain = std::all_of(label.begin(), label.end(),
                             [](char c) { return manifests::IsLower(c) || manifests::IsDigit(c) || c == '-'; });
    if (!ends || !plain) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), manifests::ToLower);
  return lower;
}

void AddOnce(std::string text, google::protobuf::RepeatedPtrField<std::string>& list) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.Add(std::move(text));
}

void FillUnset(google::protobuf::Message& closer, const google::protobuf::Message& farther) {
  const google::protobuf::Reflection* reflection = farther.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> set;
  std::vector<const google::protobuf::FieldDescriptor*> missing;
  reflection->ListFields(farther, &set);
  for (const google::protobuf::FieldDescriptor* field : set) {
    bool message = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated();
    if (!IsSet(closer, field)) {
      missing.push_back(field);
    } else if (message) {
      FillUnset(*reflection->MutableMessage(&closer, field), reflection->GetMessage(farther, field));
    }
  }
  if (missing.empty()) return;
  std::unique_ptr<google::protobuf::Message> copy(farther.New());
  copy->CopyFrom(farther);
  reflection->SwapFields(&closer, copy.get(), missing);
}

std::optional<std::string> IntersectHostnames(std::string_view listener, std::string_view route) {
  if (route.empty() || listener == route) return std::string(listener);
  if (listener.empty()) return std::string(route);
  // A wildcard covers a name or a narrower wildcard that ends with its suffix ".example" and has something before it.
  auto covers = [](std::string_view wide, std::string_view narrow) {
    if (!wide.starts_with("*.")) return false;
    if (narrow.starts_with("*.")) narrow.remove_prefix(1);
    std::string_view suffix = wide.substr(1);
    return narrow.size() > suffix.size() && narrow.ends_with(suffix);
  };
  if (covers(listener, route)) return std::string(route);
  if (covers(route, listener)) return std::string(listener);
  return std::nullopt;
}

std::string CamelCase(std::string_view snake) {
  std::string camel;
  bool up = false;
  for (char c : snake) {
    if (c == '_') {
      up = true;
      continue;
    }
    camel += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return camel;
}

}  // namespace penstock::translator
