#include "dataplane/base/status.h"
#include "tools/cli/files.h"
#include "tools/cli/invocation.h"
#include "tools/cli/pki.h"
#include "tools/cli/render/json.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"controlplane", 0, "", "issue: for the control plane, with --host"},
    {"host", 0, "NAME|IP", "a name or address it is reached by; may be repeated"},
    {"dataplane", 0, "ID", "issue: for the data plane that runs with --id ID"},
    {"operator", 0, "NAME", "issue: for a person or program that uses this CLI"},
    {"days", 0, "N", "how long it is valid; default 365, a CA 3650"},
    {"force", 0, "", "init: replace the CA that is there; nothing it signed will be accepted any more"},
};

absl::StatusOr<absl::Duration> LifetimeOf(const CommandLine& line, uint64_t otherwise) {
  ASSIGN_OR_RETURN(uint64_t days, line.Number("days", otherwise));
  if (days < 1 || days > 36'500) return absl::InvalidArgumentError("--days: 1 to 36500");
  return absl::Hours(24) * static_cast<int64_t>(days);
}

absl::StatusOr<Exit> Tell(Invocation& call, const std::string& folder, const std::string& name,
                          const std::string& uri) {
  std::string stem = StrCat(folder, "/", name);
  if (call.console.format() != Format::kTable) {
    PrintDocument(call.console, Document("Certificate", {{"certificate", stem + ".crt"},
                                                         {"key", stem + ".key"},
                                                         {"ca", folder + "/ca.crt"},
                                                         {"identity", uri}}));
  } else if (!call.console.quiet()) {
    call.console.Out(
        StrCat(stem, ".crt\n", stem, ".key   keep it secret", uri.empty() ? "" : StrCat("\nidentity ", uri), "\n"));
  }
  return Exit::kOk;
}

absl::StatusOr<Exit> Init(Invocation& call, const std::string& folder) {
  bool there = ReadFile(folder + "/ca.key").ok();
  if (there && !call.line.Has("force")) {
    return absl::InvalidArgumentError(StrCat("there is a CA in ", folder, " already; --force replaces it"));
  }
  ASSIGN_OR_RETURN(absl::Duration lifetime, LifetimeOf(call.line, 3650));
  ASSIGN_OR_RETURN(KeyPair ca, MakeCa("penstock CA", lifetime));
  RETURN_IF_ERROR(WriteKeyPair(folder, "ca", ca));
  return Tell(call, folder, "ca", "");
}

struct Wanted {
  std::string file;
  Identity identity;
};

absl::StatusOr<Wanted> WantedOf(const CommandLine& line) {
  int kinds = line.Has("controlplane") + line.Has("dataplane") + line.Has("operator");
  if (kinds != 1) return absl::InvalidArgumentError("for whom? one of --controlplane, --dataplane ID, --operator NAME");
  if (line.Has("controlplane")) {
    if (!line.Has("host"))
      return absl::InvalidArgumentError(
          "the control plane's certificate names the hosts it is reached by: --host NAME|IP");
    return Wanted{"controlplane", ControlPlaneIdentity(line.All("host"))};
  }
  if (line.Has("host")) return absl::InvalidArgumentError("--host belongs to --controlplane");
  bool data_plane = line.Has("dataplane");
  std::string name = line.Get(data_plane ? "dataplane" : "operator");
  if (!IsPlainName(name))
    return absl::InvalidArgumentError(StrCat("\"", name, "\": use letters, digits, '-', '_' and '.', 63 at most"));
  if (data_plane) return Wanted{"dataplane-" + name, DataPlaneIdentity(name)};
  return Wanted{"operator-" + name, OperatorIdentity(name)};
}

absl::StatusOr<Exit> IssueOne(Invocation& call, const std::string& folder) {
  ASSIGN_OR_RETURN(Wanted wanted, WantedOf(call.line));
  ASSIGN_OR_RETURN(absl::Duration lifetime, LifetimeOf(call.line, 365));
  ASSIGN_OR_RETURN(KeyPair ca, LoadCa(folder));
  ASSIGN_OR_RETURN(KeyPair leaf, Issue(ca, wanted.identity, lifetime));
  RETURN_IF_ERROR(WriteKeyPair(folder, wanted.file, leaf));
  return Tell(call, folder, wanted.file, wanted.identity.uri);
}

absl::StatusOr<Exit> RunCert(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(2, 2));
  std::string folder(call.line.Positional(1));
  if (call.line.Positional(0) == "init") return Init(call, folder);
  if (call.line.Positional(0) == "issue") return IssueOne(call, folder);
  return absl::InvalidArgumentError(StrCat("cert ", call.line.Positional(0), ": one of init, issue"));
}

}  // namespace

const Verb kCert = {
    .name = "cert",
    .group = "Without a control plane",
    .summary = "Makes a CA, and certificates for control plane, data planes and operators",
    .arguments = "init DIR | issue DIR --controlplane --host HOST | --dataplane ID | --operator NAME",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "All connections of the fleet are mutual TLS; a certificate's URI says who its owner is. Files are made "
        "with mode 0600 in DIR: ca.crt, ca.key, controlplane.crt, dataplane-ID.crt, operator-NAME.crt and their "
        "keys. ca.key is needed to issue only.",
    .example =
        "penstock cert init pki\npenstock cert issue pki --controlplane --host 127.0.0.1 --host localhost\n"
        "penstock cert issue pki --dataplane edge-1\npenstock cert issue pki --operator ada",
    .run = RunCert,
};

}  // namespace penstock::cli
