#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dataplane/base/status.h"
#include "dataplane/snapshot/hash.h"
#include "tools/cli/change.h"
#include "tools/cli/one_object.h"
#include "tools/cli/render/json.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"issuer", 0, "ISSUER", "whose tokens: their claim iss; default: whoever issued them"},
    {"reason", 0, "TEXT", "for people who read it later"},
    {"namespace", 'n', "NAME", "of the Revocation; default \"default\""},
};

// What can be taken back, and the field that says it.
struct What {
  std::string_view word;
  const char* field;
};
constexpr What kWhats[] = {{"token", "tokenId"}, {"subject", "subject"}, {"before", "issuedBefore"}};

absl::StatusOr<std::string> TimeOf(std::string_view text) {
  absl::Time time = absl::Now();
  if (text != "now" && !absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, nullptr)) {
    return absl::InvalidArgumentError(StrCat("\"", text, "\" is no time: write now, or as 2026-11-29T12:00:00Z"));
  }
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

// Its name is made of what it takes back, so that taking it back twice is one object.
absl::StatusOr<Json> RevocationOf(const CommandLine& line) {
  RETURN_IF_ERROR(line.ExpectPositionals(2, 2));
  std::string_view word = line.Positional(0);
  const auto* what = std::ranges::find_if(kWhats, [&](const What& row) { return row.word == word; });
  if (what == std::end(kWhats)) {
    return absl::InvalidArgumentError(StrCat("\"", word, "\" cannot be revoked; write token, subject or before"));
  }
  std::string value(line.Positional(1));
  if (word == "before") {
    ASSIGN_OR_RETURN(value, TimeOf(value));
  }
  if (value.empty()) return absl::InvalidArgumentError(StrCat("an empty ", word, " is nobody's: nothing was revoked"));
  std::string issuer = line.Get("issuer");
  std::string name = StrCat(word, "-", snapshot::ResourceVersion(word, issuer, value));
  Json spec = {{what->field, value}};
  if (!issuer.empty()) spec["issuer"] = issuer;
  if (line.Has("reason")) spec["reason"] = line.Get("reason");
  return ManifestOf(line, "Revocation", name, std::move(spec));
}

absl::StatusOr<Exit> RunRevoke(Invocation& call) {
  ASSIGN_OR_RETURN(Json manifest, RevocationOf(call.line));
  return Store(call, manifest, std::nullopt);
}

}  // namespace

const Verb kRevoke = {
    .name = "revoke",
    .group = "Change",
    .summary = "Takes back tokens and users, and waits until no replica accepts them any more",
    .arguments = "token ID | subject SUBJECT | before TIME|now",
    .flags = kFlags,
    .shared_flags = kChangeFlags,
    .details =
        "token: one, by its claim jti. subject: all of somebody, by their claim sub, and the user of that name. "
        "before: all that were issued before then (claim iat), and those that do not say when. It counts for "
        "tokens that were verified before, too. `penstock get revocations` lists what is taken back, `penstock "
        "delete revocation NAME` gives it back.",
    .example = "penstock revoke subject user-17 --issuer https://auth.shop.example --reason \"left the company\"",
    .run = RunRevoke,
};

}  // namespace penstock::cli
