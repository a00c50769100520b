#include "tools/cli/one_object.h"

#include <vector>

#include "absl/time/time.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/text.h"

namespace penstock::cli {

Json ManifestOf(const CommandLine& line, std::string_view kind, const std::string& name, Json spec) {
  return {{"apiVersion", "penstock.dev/v1"},
          {"kind", kind},
          {"metadata", {{"name", name}, {"namespace", line.Get("namespace", "default")}}},
          {"spec", std::move(spec)}};
}

absl::StatusOr<StoredObject> FindStored(Invocation& call, std::string_view kind, const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError(StrCat("the name of the ", kind, " is empty"));
  api::GetRequest request;
  request.set_kind(std::string(kind));
  request.set_namespace_(call.line.Get("namespace", "default"));
  request.set_name(name);
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  api::HistoryRequest newest;
  newest.set_limit(1);
  ASSIGN_OR_RETURN(api::HistoryResponse history, client->History(newest));
  StoredObject result;
  if (!history.generations().empty()) result.generation = history.generations(0).number();
  request.set_generation(result.generation);
  absl::StatusOr<std::vector<api::StoredObject>> found = client->Get(request, absl::Seconds(60));
  if (absl::IsNotFound(found.status()) || (found.ok() && found->empty())) return result;
  if (!found.ok()) return found.status();
  if (ParseJson(found->front().json(), result.manifest) && result.manifest.is_object()) return result;
  return absl::InternalError(StrCat("the control plane says of ", kind, " \"", name, "\" what is no manifest"));
}

absl::StatusOr<Exit> Store(Invocation& call, const Json& manifest, std::optional<uint64_t> after, const Json& also) {
  api::ApplyOptions options;
  ASSIGN_OR_RETURN(*options.mutable_change(), ChangeOptionsOf(call.line));
  if (after.has_value() && !call.line.Has("if-generation")) options.mutable_change()->set_if_generation(*after);
  // Without a name, so that findings are about the object: nobody has a file of it.
  std::vector<ManifestFile> files = {{"", manifest.dump()}};
  auto send = [&](Client& client, absl::Duration limit, Client::OnEvent on_event) {
    return client.Apply(options, files, limit, on_event);
  };
  return RunChange(call, options.change(), {}, send, also);
}

}  // namespace penstock::cli
