#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/one_object.h"
#include "tools/cli/passwords.h"
#include "tools/cli/render/json.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kKeyFlags[] = {
    {"name", 0, "NAME", "issue: of the ApiKey; default CONSUMER and some random letters"},
    {"expires", 0, "DURATION", "issue: how long it counts, at most 876000h; default: until it is revoked"},
    {"namespace", 'n', "NAME", "default \"default\""},
    {"scheme", 0, "NAME", "hash-password: yescrypt, bcrypt or sha512; default yescrypt"},
};

constexpr std::string_view kPrefix = "pk_";  // so that scanners of source code know a key when they see one
constexpr size_t kKeyBytes = 32;

absl::StatusOr<std::string> RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    return absl::InternalError("the system gives no random bytes");
  }
  return bytes;
}

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// A second key of that name would take the first one back. The generation in which there is none.
absl::StatusOr<uint64_t> ExpectNew(Invocation& call, const std::string& name) {
  ASSIGN_OR_RETURN(StoredObject stored, FindStored(call, "ApiKey", name));
  if (stored.manifest.is_null()) return stored.generation;
  return absl::AlreadyExistsError(
      StrCat("ApiKey \"", name, "\" exists already: give the new one another --name, or revoke that one before"));
}

absl::Status ExpectConsumer(Invocation& call, const std::string& name) {
  ASSIGN_OR_RETURN(StoredObject stored, FindStored(call, "Consumer", name));
  if (!stored.manifest.is_null()) return absl::OkStatus();
  std::string where = call.line.Has("namespace") ? StrCat(" -n ", call.line.Get("namespace")) : "";
  return absl::NotFoundError(
      StrCat("Consumer \"", name, "\" does not exist\n  penstock consumer create ", name, where, " makes one"));
}

// When a key that is issued now ends to count; "": never.
absl::StatusOr<std::string> ExpiryOf(const CommandLine& line) {
  if (!line.Has("expires")) return "";
  ASSIGN_OR_RETURN(absl::Duration expires, line.Duration("expires", absl::ZeroDuration()));
  constexpr absl::Duration kMost = absl::Hours(24 * 365 * 100);
  if (expires < absl::Seconds(1) || expires > kMost) {
    return absl::InvalidArgumentError(StrCat(
        "--expires ", line.Get("expires"),
        ": a key counts for 1s at least and at most 100 years (876000h); without --expires, until it is revoked"));
  }
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now() + expires, absl::UTCTimeZone());
}

absl::StatusOr<Exit> IssueKey(Invocation& call) {
  std::string consumer(call.line.Positional(1));
  ASSIGN_OR_RETURN(std::string expires, ExpiryOf(call.line));
  ASSIGN_OR_RETURN(std::string secret, RandomBytes(kKeyBytes));
  ASSIGN_OR_RETURN(std::string letters, RandomBytes(4));
  std::string key = StrCat(kPrefix, absl::WebSafeBase64Escape(secret));
  std::string name = call.line.Get("name", StrCat(consumer, "-", absl::BytesToHexString(letters)));
  if (consumer.empty() || !call.line.Has("allow-unresolved")) {
    RETURN_IF_ERROR(ExpectConsumer(call, consumer));
  }
  std::optional<uint64_t> after;
  if (call.line.Has("name")) {
    ASSIGN_OR_RETURN(after, ExpectNew(call, name));
  }
  Json spec = {{"consumer", consumer}, {"sha256", Sha256Hex(key)}};
  if (!expires.empty()) spec["expires"] = expires;
  ASSIGN_OR_RETURN(Exit exit,
                   Store(call, ManifestOf(call.line, "ApiKey", name, spec), after, {{"apiKey", name}, {"key", key}}));
  bool stored = exit == Exit::kOk || exit == Exit::kRejected || exit == Exit::kTimeout;
  if (stored && !call.line.Has("dry-run")) call.console.Note("nobody can read the key again: give it to its owner now");
  return exit;
}

absl::StatusOr<Exit> RevokeKey(Invocation& call) {
  api::DeleteRequest request;
  ASSIGN_OR_RETURN(*request.mutable_change(), ChangeOptionsOf(call.line));
  api::ObjectRef& object = *request.add_objects();
  object.set_group("penstock.dev");
  object.set_kind("ApiKey");
  object.set_namespace_(call.line.Get("namespace", "default"));
  object.set_name(std::string(call.line.Positional(1)));
  auto send = [&](Client& client, absl::Duration limit, Client::OnEvent on_event) {
    return client.Delete(request, limit, on_event);
  };
  return RunChange(call, request.change(), {}, send);
}

// Asks no server, and stores nothing.
absl::StatusOr<Exit> HashPassword(Invocation& call) {
  std::string user(call.line.Positional(1));
  ASSIGN_OR_RETURN(std::string password, ReadPassword(STDIN_FILENO, STDERR_FILENO));
  absl::StatusOr<std::string> line = HtpasswdLine(user, call.line.Get("scheme", "yescrypt"), password);
  explicit_bzero(password.data(), password.size());
  RETURN_IF_ERROR(line.status());
  if (call.console.format() == Format::kTable) {
    call.console.Out(StrCat(*line, "\n"));
  } else {
    PrintDocument(call.console, Document("HtpasswdLine", {{"user", user}, {"line", *line}}));
  }
  call.console.Note("put the line into the key htpasswd of the Secret that basic.secretRef of a SecurityPolicy names");
  return Exit::kOk;
}

absl::StatusOr<Exit> RunKey(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(1, 2));
  std::string_view what = call.line.Positional(0);
  auto* run = what == "issue"           ? IssueKey
              : what == "revoke"        ? RevokeKey
              : what == "hash-password" ? HashPassword
                                        : nullptr;
  if (run == nullptr) {
    return absl::InvalidArgumentError(StrCat("\"", what,
                                             "\": write issue CONSUMER, revoke NAME or hash-password USER; ",
                                             "`penstock get apikeys` lists keys"));
  }
  RETURN_IF_ERROR(call.line.ExpectPositionals(2, 2));
  for (auto [flag, of] : {std::pair{"name", "issue"}, {"expires", "issue"}, {"scheme", "hash-password"}}) {
    if (call.line.Has(flag) && what != of) return absl::InvalidArgumentError(StrCat("--", flag, " is of key ", of));
  }
  return run(call);
}

}  // namespace

const Verb kKey = {
    .name = "key",
    .group = "Change",
    .summary = "Issues API keys to Consumers and revokes them; hashes passwords",
    .arguments = "issue CONSUMER | revoke NAME | hash-password USER",
    .flags = kKeyFlags,
    .shared_flags = kChangeFlags,
    .details =
        "A key is shown once; what is stored and sent to the data planes is its SHA-256. To rotate: issue another "
        "one, change the caller, revoke the old one. `penstock get apikeys` lists them. Whoever ends it with "
        "Ctrl-C, or loses the control plane, is shown the key if it may be stored. With --name it ends with exit "
        "4 where something else was stored in between: repeat it.\n"
        "\n"
        "hash-password asks for a password (or reads the only line of standard input) and prints a line USER:HASH "
        "for the key htpasswd of a Secret: SecurityPolicy spec.basic. It asks no server. A user whose password "
        "leaked: a new line, or `penstock revoke subject USER`.",
    .example =
        "penstock key issue mobile-app --expires 2160h\n"
        "penstock key revoke mobile-app-1f2e3d4c\n"
        "penstock key hash-password ada >>users.htpasswd",
    .run = RunKey,
};

}  // namespace penstock::cli
