#include "dataplane/policies/credentials/token_place.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "dataplane/base/ascii.h"
#include "dataplane/base/strings.h"
#include "dataplane/policies/headers/field_syntax.h"

namespace penstock::policies {
namespace {

// Calls VISIT with each part of TEXT between SEPARATORs.
template <typename Visit>
void ForEachPart(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    size_t end = std::min(text.find(separator), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The value of "NAME=VALUE"; nullptr data if PART has another name.
std::string_view ValueIf(std::string_view part, std::string_view name) {
  bool named = part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=';
  return named ? part.substr(name.size() + 1) : std::string_view();
}

// ValueIf of a parameter of a query: whoever reads it decodes names, too (RFC 3986 2.1), so "a%62" is "ab".
std::string_view ParameterIf(std::string_view part, std::string_view name) {
  size_t at = 0;
  for (char wanted : name) {
    if (at >= part.size()) return {};
    char c = part[at];
    int escaped = EscapedByte(part.substr(at));
    if (escaped >= 0) c = static_cast<char>(escaped);
    at += escaped >= 0 ? 3 : 1;
    if (c != wanted) return {};
  }
  return at < part.size() && part[at] == '=' ? part.substr(at + 1) : std::string_view();
}

// A user with a password (RFC 7617), which is no token, even where tokens have no prefix.
bool IsPassword(const http::Field& field) {
  return field.name() == "authorization" && absl::StartsWithIgnoreCase(ToAbsl(field.value()), "Basic ");
}

class Search {
 public:
  void Take(std::string_view text, size_t place) {
    bool first = found_.count == FoundToken::Count::kNone;
    found_ =
        first ? FoundToken{FoundToken::Count::kOne, text, place} : FoundToken{FoundToken::Count::kSeveral, "", place};
  }

  // A field that is there twice is two credentials, whatever they are.
  void InHeaders(const http::Headers& headers, const TokenPlace& at, size_t place) {
    if (headers.Count(at.name) > 1) {
      found_ = {FoundToken::Count::kSeveral, "", place};
      return;
    }
    const http::Field* field = headers.Find(at.name);
    if (field == nullptr || !absl::StartsWithIgnoreCase(ToAbsl(field->value()), ToAbsl(at.prefix))) return;
    if (at.prefix.empty() && IsPassword(*field)) return;
    Take(WithoutBlanks(field->value().substr(at.prefix.size())), place);
  }

  void InQuery(std::string_view query, const TokenPlace& at, size_t place) {
    ForEachPart(query, '&', [&](std::string_view part) {
      std::string_view value = ParameterIf(part, at.name);
      if (value.data() != nullptr) Take(value, place);
    });
  }

  void InCookies(const http::Headers& headers, const TokenPlace& at, size_t place) {
    for (const http::Field& field : headers) {
      if (field.name() != "cookie") continue;
      ForEachPart(field.value(), ';', [&](std::string_view part) {
        std::string_view value = ValueIf(WithoutBlanks(part), at.name);
        if (value.data() != nullptr) Take(value, place);
      });
    }
  }

  FoundToken found() const { return found_; }

 private:
  FoundToken found_;
};

// TEXT without the parts that KEEP refuses.
template <typename Keep>
std::string_view Without(std::string_view text, char separator, std::string_view joint, Arena& arena, Keep keep) {
  std::string kept;
  ForEachPart(text, separator, [&](std::string_view part) {
    if (!keep(part)) return;
    if (!kept.empty()) kept += joint;
    kept += WithoutBlanks(part);
  });
  return arena.Copy(kept);
}

void RemoveCookie(const std::string& name, http::Headers& headers, Arena& arena) {
  std::vector<std::string_view> left;
  for (const http::Field& field : headers) {
    if (field.name() != "cookie") continue;
    std::string_view kept = Without(field.value(), ';', "; ", arena, [&](std::string_view part) {
      return ValueIf(WithoutBlanks(part), name).data() == nullptr;
    });
    if (!kept.empty()) left.push_back(kept);
  }
  headers.Remove("cookie");
  for (std::string_view value : left) headers.Add("cookie", value);
}

}  // namespace

StatusOr<TokenPlace> MakeTokenPlace(const xds::v1::TokenSource& from) {
  TokenPlace place;
  place.prefix = from.prefix();
  switch (from.kind_case()) {
    case xds::v1::TokenSource::kHeader:
      place.name = from.header();
      RETURN_IF_ERROR(CheckFieldName(place.name)) << "header";
      if (place.name != LowerCase(place.name)) return absl::InvalidArgumentError("header: in lower case");
      break;
    case xds::v1::TokenSource::kQuery:
      place.kind = TokenPlace::Kind::kQuery;
      place.name = from.query();
      break;
    case xds::v1::TokenSource::kCookie:
      place.kind = TokenPlace::Kind::kCookie;
      place.name = from.cookie();
      break;
    case xds::v1::TokenSource::KIND_NOT_SET:
      return absl::UnimplementedError("a place that this build does not know");
  }
  if (!IsToken(place.name)) return absl::InvalidArgumentError(StrCat("\"", place.name, "\" is no name"));
  if (place.kind != TokenPlace::Kind::kHeader && !place.prefix.empty())
    return absl::InvalidArgumentError("only headers have a prefix");
  return place;
}

std::string DescribePlace(const TokenPlace& place) {
  constexpr std::string_view kKinds[] = {"header ", "query parameter ", "cookie "};
  return StrCat(kKinds[static_cast<size_t>(place.kind)], place.name);
}

FoundToken FindToken(const http::RequestHead& request, std::span<const TokenPlace> places) {
  Search search;
  for (size_t i = 0; i < places.size(); ++i) {
    switch (places[i].kind) {
      case TokenPlace::Kind::kHeader:
        search.InHeaders(request.headers, places[i], i);
        break;
      case TokenPlace::Kind::kQuery:
        search.InQuery(request.query, places[i], i);
        break;
      case TokenPlace::Kind::kCookie:
        search.InCookies(request.headers, places[i], i);
        break;
    }
  }
  return search.found();
}

void RemoveToken(const TokenPlace& place, http::RequestHead& request, Arena& arena) {
  switch (place.kind) {
    case TokenPlace::Kind::kHeader:
      request.headers.Remove(place.name);
      break;
    case TokenPlace::Kind::kQuery:
      request.query = Without(request.query, '&', "&", arena,
                              [&](std::string_view part) { return ParameterIf(part, place.name).data() == nullptr; });
      request.has_query = !request.query.empty();
      break;
    case TokenPlace::Kind::kCookie:
      RemoveCookie(place.name, request.headers, arena);
      break;
  }
}

std::vector<std::string> QueryParametersOf(std::span<const TokenPlace> places) {
  std::vector<std::string> names;
  for (const TokenPlace& place : places) {
    if (place.kind == TokenPlace::Kind::kQuery) names.push_back(place.name);
  }
  return names;
}

}  // namespace penstock::policies
