// Reads what another parser reads, and as the same values: nlohmann's, which knows neither our limits nor our dislike
// of repeated names and of numbers that no double holds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dataplane/jose/json.h"
#include "nlohmann/json.hpp"

namespace penstock::jose {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

bool IsOurs(std::string_view error) {
  return error == "JSON: a member name twice" || error == "JSON: a number that no double holds" ||
         error.ends_with("than allowed");
}

void RequireSame(JsonValue ours, const nlohmann::json& theirs) {
  switch (ours.kind()) {
    case JsonKind::kNull:
      return Require(theirs.is_null(), "another kind than null");
    case JsonKind::kBool:
      return Require(theirs == *ours.boolean(), "another truth");
    case JsonKind::kInteger:
      return Require(theirs == *ours.integer(), "another integer");
    case JsonKind::kDouble:
      return Require(theirs.is_number() && theirs.get<double>() == *ours.number(), "another number");
    case JsonKind::kString:
      return Require(theirs == std::string(*ours.string()), "another string");
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  Require(theirs.is_structured() && theirs.is_object() == ours.is_object(), "another structure");
  Require(theirs.size() == ours.size(), "another number of children");
  std::size_t index = 0;
  for (JsonValue child : ours.children()) {
    RequireSame(child, ours.is_object() ? theirs.at(std::string(child.name())) : theirs.at(index++));
  }
}

}  // namespace
}  // namespace penstock::jose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  using namespace penstock::jose;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  StatusOr<Json> ours = Json::Parse(input);
  // Where nlohmann is lax: a byte order mark before a document, and NUL for its end.
  if (input.starts_with("\xEF") || input.find('\0') != input.npos) {
    Require(!ours.ok(), "we read what is no JSON");
    return 0;
  }
  nlohmann::json theirs = nlohmann::json::parse(input, nullptr, false);
  if (ours.ok()) {
    Require(!theirs.is_discarded(), "we read what is no JSON");
    RequireSame(ours->root(), theirs);
  } else {
    Require(theirs.is_discarded() || IsOurs(ToStd(ours.status().message())), "we refuse what is JSON");
  }
  return 0;
}
