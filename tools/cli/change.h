#pragma once

#include <memory>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "tools/cli/client.h"
#include "tools/cli/invocation.h"
#include "tools/cli/render/json.h"

namespace penstock::cli {

// The flags of apply, delete and rollback.
inline constexpr Flag kChangeFlags[] = {
    {"wait", 0, "served|acked|none", "until every replica serves it (default), has taken it, or not at all"},
    {"timeout", 0, "DURATION", "of the wait; default 30s. A control plane that hangs gets 30s more"},
    {"message", 'm', "TEXT", "for the history"},
    {"if-generation", 0, "N", "only if N is still the newest generation (exit 4 if not)"},
    {"dry-run", 0, "", "validate and plan; change nothing"},
    {"allow-unresolved", 0, "", "a missing backend is a warning; its share of requests is answered with 500"},
};

// From those flags; a new random request_id.
absl::StatusOr<api::ChangeOptions> ChangeOptionsOf(const CommandLine& line);

// Runs a change and reports it. `send` makes the call with the given limit; after a lost connection it is called again,
// with the same request, until the wait's time is over: the control plane knows the request by its id and answers with
// the same generation. ALSO: strings that nobody can ask for again, members of the result
// (in tables lines) unless the change was not stored for sure.
using Send = absl::FunctionRef<absl::Status(Client& client, absl::Duration limit, Client::OnEvent on_event)>;
absl::StatusOr<Exit> RunChange(Invocation& call, const api::ChangeOptions& options, std::span<const ManifestFile> files,
                               Send send, const Json& also = Json::object());

absl::StatusOr<std::unique_ptr<Client>> OpenClient(const Invocation& call);

}  // namespace penstock::cli
