#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/explain.h"
#include "google/protobuf/text_format.h"

// Resources for tests, written as protobuf text.
namespace penstock::snapshot::testing {

// REQUIRES: TEXT is the text form of a Message, whose name NAME is.
template <typename Message>
Resource MakeResource(std::string_view name, const std::string& text) {
  Message message;
  bool parsed = google::protobuf::TextFormat::ParseFromString(text, &message);
  if (!parsed) std::abort();
  return {"type.googleapis.com/" + Message::descriptor()->full_name(), std::string(name), "",
          message.SerializeAsString()};
}

Resource Listener(std::string_view name, const std::string& more = "");
Resource Cluster(std::string_view name, const std::string& more = "");
Resource Route(std::string_view name, const std::string& text);
Resource Endpoints(std::string_view cluster, const std::string& text);
Resource PolicyChain(std::string_view name, const std::string& text);
Resource Secret(std::string_view name, const std::map<std::string, std::string>& data);

// Policies that name people by tokens of https://auth and by keys. PROVIDER: more of that issuer, as text.
std::string TokensAndKeys(const std::string& provider = "");
// The key that KeyHashes takes KEY for.
Resource ApiKey(std::string_view name, std::string_view key, std::string_view consumer, std::string_view plan = "");

// Hashes keys for Explain, as good as any hash, and knows nothing of signatures.
struct KeyHashes final : FactSource, policies::Facts {
  const policies::Facts& About(Exchange&, std::string_view, size_t) override { return *this; }
  std::optional<std::string_view> Find(std::string_view name) const override;
  mutable std::string last;
};

// The snapshot, or a failure of the test with the problems.
std::shared_ptr<const Snapshot> MustCompile(const Snapshot* previous, const Delta& delta);

// "E203 Route default/a rules[0].forward.clusters[0].cluster: Cluster "x" does not exist", one a line.
std::string Text(const std::vector<ResourceProblem>& problems);

// The commit record that fits SNAPSHOT.
xds::v1::Generation GenerationOf(const Snapshot& snapshot, uint64_t number);

}  // namespace penstock::snapshot::testing
