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
constexpr Flag kConsumerFlags[] = {
    {"plan", 0, "NAME", "create: a Plan; empty: none"},
    {"namespace", 'n', "NAME", "default \"default\""},
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

// AFTER: the generation that MANIFEST was made from, so that nothing is lost that was stored meanwhile; nullopt: of
// none. ALSO: see RunChange.
absl::StatusOr<Exit> Apply(Invocation& call, const Json& manifest, std::optional<uint64_t> after,
                           const Json& also = Json::object()) {
  api::ApplyOptions options;
  ASSIGN_OR_RETURN(*options.mutable_change(), ChangeOptionsOf(call.line));
  if (after.has_value() && !call.line.Has("if-generation")) options.mutable_change()->set_if_generation(*after);
  std::vector<ManifestFile> files = {{"penstock.json", manifest.dump()}};
  auto send = [&](Client& client, absl::Duration limit, Client::OnEvent on_event) {
    return client.Apply(options, files, limit, on_event);
  };
  return RunChange(call, options.change(), files, send, also);
}

Json ManifestOf(const CommandLine& line, std::string_view kind, const std::string& name, Json spec) {
  return {{"apiVersion", "penstock.dev/v1"},
          {"kind", kind},
          {"metadata", {{"name", name}, {"namespace", line.Get("namespace", "default")}}},
          {"spec", std::move(spec)}};
}

// What is stored under a name.
struct Found {
  Json manifest;            // null: nothing
  uint64_t generation = 0;  // the newest one, of which that is so
};

// InvalidArgument if NAME is empty, which asks for all.
absl::StatusOr<Found> Stored(Invocation& call, std::string_view kind, const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError(StrCat("the name of the ", kind, " is empty"));
  api::GetRequest request;
  request.set_kind(std::string(kind));
  request.set_namespace_(call.line.Get("namespace", "default"));
  request.set_name(name);
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  api::HistoryRequest newest;
  newest.set_limit(1);
  ASSIGN_OR_RETURN(api::HistoryResponse history, client->History(newest));
  Found result;
  if (!history.generations().empty()) result.generation = history.generations(0).number();
  request.set_generation(result.generation);
  absl::StatusOr<std::vector<api::StoredObject>> found = client->Get(request, absl::Seconds(60));
  if (absl::IsNotFound(found.status()) || (found.ok() && found->empty())) return result;
  if (!found.ok()) return found.status();
  if (ParseJson(found->front().json(), result.manifest) && result.manifest.is_object()) return result;
  return absl::InternalError(StrCat("the control plane says of ", kind, " \"", name, "\" what is no manifest"));
}

// A second key of that name would take the first one back. The generation in which there is none.
absl::StatusOr<uint64_t> ExpectNew(Invocation& call, const std::string& name) {
  ASSIGN_OR_RETURN(Found stored, Stored(call, "ApiKey", name));
  if (stored.manifest.is_null()) return stored.generation;
  return absl::AlreadyExistsError(
      StrCat("ApiKey \"", name, "\" exists already: give the new one another --name, or revoke that one before"));
}

// Was the change stored, as far as is known? Then the key may count, and nobody can ask for it again.
bool MayBeStored(Exit exit) {
  return exit == Exit::kOk || exit == Exit::kRejected || exit == Exit::kTimeout || exit == Exit::kUnreachable ||
         exit == Exit::kInterrupted;
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
  if (consumer.empty()) return absl::InvalidArgumentError("the name of the Consumer is empty");
  std::optional<uint64_t> after;
  if (call.line.Has("name")) {
    ASSIGN_OR_RETURN(after, ExpectNew(call, name));
  }
  Json spec = {{"consumer", consumer}, {"sha256", Sha256Hex(key)}};
  if (!expires.empty()) spec["expires"] = expires;
  ASSIGN_OR_RETURN(Exit exit,
                   Apply(call, ManifestOf(call.line, "ApiKey", name, spec), after, {{"apiKey", name}, {"key", key}}));
  if (!MayBeStored(exit) || call.line.Has("dry-run")) return exit;
  if (call.console.format() == Format::kTable) call.console.Out(StrCat("ApiKey  ", name, "\nkey     ", key, "\n"));
  call.console.Note("nobody can read the key again: give it to its owner now");
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
  return run(call);
}

absl::StatusOr<Exit> RunConsumer(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(1, 2));
  if (call.line.Positional(0) != "create") {
    return absl::InvalidArgumentError(
        StrCat("\"", call.line.Positional(0), "\": write create NAME; `penstock get consumers` lists them"));
  }
  RETURN_IF_ERROR(call.line.ExpectPositionals(2, 2));
  std::string name(call.line.Positional(1));
  ASSIGN_OR_RETURN(Found stored, Stored(call, "Consumer", name));
  Json manifest = std::move(stored.manifest);
  if (manifest.is_null()) manifest = ManifestOf(call.line, "Consumer", name, Json::object());
  // Who he is, his tokens, users and certificates, stays.
  if (call.line.Has("plan")) manifest["spec"]["plan"] = call.line.Get("plan");
  if (call.line.Has("plan") && call.line.Get("plan").empty()) manifest["spec"].erase("plan");
  return Apply(call, manifest, stored.generation);
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
        "A key is shown once; what is stored and sent to the data planes is its SHA-256. To rotate: issue another one, "
        "change the\n"
        "caller, revoke the old one. `penstock get apikeys` lists them.\n"
        "\n"
        "hash-password asks for a password (or reads the only line of standard input) and prints a line USER:HASH for "
        "the key\n"
        "htpasswd of a Secret: SecurityPolicy spec.basic. It asks no server. A user whose password leaked: a new line, "
        "or\n"
        "`penstock revoke subject USER`.",
    .example =
        "penstock key issue mobile-app --expires 2160h\npenstock key revoke mobile-app-1f2e3d4c\npenstock key "
        "hash-password ada >>users.htpasswd",
    .run = RunKey,
};

const Verb kConsumer = {
    .name = "consumer",
    .group = "Change",
    .summary = "Creates a Consumer, or gives it another Plan",
    .arguments = "create NAME",
    .flags = kConsumerFlags,
    .shared_flags = kChangeFlags,
    .details =
        "Of a Consumer that exists only the Plan is changed, if --plan is given. What more he can have, as tokens, "
        "users "
        "and\ncertificates, a manifest says: `penstock explain consumer`.",
    .example = "penstock consumer create mobile-app --plan gold",
    .run = RunConsumer,
};

}  // namespace penstock::cli
