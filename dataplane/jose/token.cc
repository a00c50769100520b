#include "dataplane/jose/token.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "dataplane/jose/base64url.h"

namespace penstock::jose {
namespace {

Status Wrong(std::string_view why) { return absl::InvalidArgumentError(ToAbsl(why)); }

struct Parts {
  std::string_view header, claims, signature;
};

StatusOr<Parts> Split(std::string_view compact) {
  if (compact.size() > kMaxTokenBytes) return Wrong("token: longer than 16 KiB");
  auto dots = std::count(compact.begin(), compact.end(), '.');
  if (dots == 4) return Wrong("token: encrypted");
  if (dots != 2) return Wrong("token: not three parts");
  std::size_t first = compact.find('.');
  std::size_t second = compact.find('.', first + 1);
  return Parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1), compact.substr(second + 1)};
}

StatusOr<Json> ReadObject(std::string_view part) {
  std::optional<std::string> text = DecodeBase64url(part);
  if (!text.has_value()) return Wrong("not base64url");
  ASSIGN_OR_RETURN(Json json, Json::Parse(*text));
  if (!json.root().is_object()) return Wrong("not an object");
  return json;
}

bool IsMediaType(std::string_view text, std::string_view type) {
  return absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(type)) ||
         (absl::StartsWithIgnoreCase(ToAbsl(text), "application/") &&
          absl::EqualsIgnoreCase(ToAbsl(text.substr(12)), ToAbsl(type)));
}

// What changes the meaning of the rest, and what we do not do.
struct Refusal {
  std::string_view member, why;
};
constexpr Refusal kRefusals[] = {
    {"crit", "token: the header demands an extension (crit)"},
    {"b64", "token: the header demands an extension (b64)"},
    {"enc", "token: encrypted"},
    {"zip", "token: encrypted"},
};

Status CheckHeader(JsonValue header) {
  for (const Refusal& refusal : kRefusals) {
    if (header.Find(refusal.member).has_value()) return Wrong(refusal.why);
  }
  std::optional<JsonValue> content = header.Find("cty");
  if (!content.has_value()) return absl::OkStatus();
  if (!content->string().has_value()) return Wrong("token: cty is not a string");
  if (IsMediaType(*content->string(), "JWT")) return Wrong("token: a token in a token");
  return absl::OkStatus();
}

StatusOr<Algorithm> ReadAlgorithm(JsonValue header) {
  std::optional<JsonValue> alg = header.Find("alg");
  if (!alg.has_value()) return Wrong("token: no alg");
  if (!alg->string().has_value()) return Wrong("token: alg is not a string");
  std::optional<Algorithm> algorithm = ParseAlgorithm(*alg->string());
  if (!algorithm.has_value()) return Wrong("token: alg is none that may be used");
  return *algorithm;
}

StatusOr<std::optional<std::string>> ReadKid(JsonValue header) {
  std::optional<JsonValue> kid = header.Find("kid");
  if (!kid.has_value()) return std::optional<std::string>();
  if (!kid->string().has_value()) return Wrong("token: kid is not a string");
  if (kid->text().size() > kMaxKidBytes) return Wrong("token: kid is longer than 256 bytes");
  return std::optional<std::string>(kid->text());
}

StatusOr<std::string> ReadType(JsonValue header) {
  std::optional<JsonValue> typ = header.Find("typ");
  if (!typ.has_value()) return std::string();
  if (!typ->string().has_value()) return Wrong("token: typ is not a string");
  return std::string(typ->text());
}

}  // namespace

StatusOr<Token> ParseToken(std::string_view compact) {
  ASSIGN_OR_RETURN(Parts parts, Split(compact));
  ASSIGN_OR_RETURN(Json header, ReadObject(parts.header), _ << "token: header");
  RETURN_IF_ERROR(CheckHeader(header.root()));
  ASSIGN_OR_RETURN(Algorithm algorithm, ReadAlgorithm(header.root()));
  ASSIGN_OR_RETURN(std::optional<std::string> kid, ReadKid(header.root()));
  ASSIGN_OR_RETURN(std::string typ, ReadType(header.root()));
  ASSIGN_OR_RETURN(Json claims, ReadObject(parts.claims), _ << "token: claims");
  std::optional<std::string> signature = DecodeBase64url(parts.signature);
  if (!signature.has_value()) return Wrong("token: signature: not base64url");
  if (signature->empty()) return Wrong("token: not signed");
  std::size_t signed_bytes = parts.header.size() + 1 + parts.claims.size();
  return Token{.algorithm = algorithm,
               .kid = std::move(kid),
               .typ = std::move(typ),
               .claims = std::move(claims),
               .signing_input = std::string(compact.substr(0, signed_bytes)),
               .signature = *std::move(signature)};
}

bool HasType(const Token& token, std::string_view type) { return IsMediaType(token.typ, type); }

}  // namespace penstock::jose
