#include "tools/cli/offline.h"

#include <set>
#include <utility>

#include "controlplane/manifests/parse.h"
#include "controlplane/translator/explain.h"
#include "dataplane/base/status.h"
#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/generation_log.h"
#include "dataplane/snapshot/hash.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

std::vector<snapshot::Resource> ToCompile(const translator::StatePtr& state, const translator::GroupSelector& group) {
  std::vector<snapshot::Resource> resources;
  for (const translator::ResourcePtr& r : translator::ResourcesOf(state, group)) {
    resources.push_back({r->type_url, r->name, r->version, r->bytes});
  }
  return resources;
}

xds::v1::Generation FirstGeneration(const std::vector<snapshot::Resource>& resources) {
  xds::v1::Generation generation;
  generation.set_epoch(1);
  generation.set_number(1);
  uint64_t hash = 0;
  for (const snapshot::Resource& r : resources) {
    if (!snapshot::CountsInGeneration(r.type_url)) continue;
    hash += snapshot::ResourceHash(r.type_url, r.name, r.version);
    ++(*generation.mutable_counts())[r.type_url];
  }
  generation.set_hash(hash);
  return generation;
}

// Gateways of different classes may share a port, so each class is compiled for itself, as its data planes will do.
std::vector<snapshot::CompileOutcome> CompileEachClass(const translator::StatePtr& state) {
  std::set<std::string> classes;
  for (const auto& [name, gateway] : *translator::AllGateways(state)) classes.insert(gateway.gateway_class);
  std::vector<snapshot::CompileOutcome> outcomes;
  for (const std::string& name : classes) {
    snapshot::Delta delta;
    delta.upserts = ToCompile(state, {name, {}});
    outcomes.push_back(snapshot::Compile(nullptr, delta));
  }
  return outcomes;
}

// What is wrong with an object as it is written is wrong with what it becomes, too; that is said once.
void AddProblems(const translator::StatePtr& state, std::vector<manifests::Finding>& findings) {
  std::set<std::string> faulty;
  for (const manifests::Finding& finding : findings) {
    if (finding.severity() == manifests::Finding::ERROR) faulty.insert(finding.object());
  }
  for (const snapshot::CompileOutcome& outcome : CompileEachClass(state)) {
    for (const auto& problem : outcome.problems) {
      manifests::Finding finding = translator::FindingOf(state, problem);
      if (!faulty.contains(finding.object())) findings.push_back(std::move(finding));
    }
  }
}

}  // namespace

Checked CheckFiles(std::span<const ManifestFile> files, const CheckOptions& options) {
  std::vector<manifests::File> inputs;
  for (const ManifestFile& file : files) inputs.push_back({file.name, file.text, file.attached});
  manifests::ParseOptions parse_options;
  parse_options.default_namespace = options.default_namespace;
  manifests::ParseResult parsed = manifests::Parse(inputs, parse_options);

  translator::TranslateOptions translate_options;
  translate_options.generation = 1;
  translate_options.allow_unresolved = options.allow_unresolved;
  translate_options.now = options.now;
  manifests::ChangeSet changes;
  changes.upserts = parsed.objects;
  translator::Result result = translator::Translate(nullptr, changes, translate_options);

  // As the control plane does: what is wrong in one object hides nothing of the others.
  const bool compiles = !manifests::HasErrors(result.findings);
  Checked checked{std::move(parsed.findings), std::move(result.state), parsed.objects.size()};
  checked.findings.insert(checked.findings.end(), result.findings.begin(), result.findings.end());
  if (compiles) AddProblems(checked.state, checked.findings);
  manifests::SortAndCap(checked.findings);
  return checked;
}

absl::StatusOr<management::v1::ExplainResponse> ExplainState(const translator::StatePtr& state,
                                                             const management::v1::ExplainRequest& request) {
  ASSIGN_OR_RETURN(const snapshot::ExplainRequest question, translator::QuestionOf(request));
  const std::vector<snapshot::CompileOutcome> outcomes = CompileEachClass(state);
  std::vector<const snapshot::Snapshot*> snapshots;
  for (const snapshot::CompileOutcome& outcome : outcomes) {
    if (outcome.ok()) snapshots.push_back(outcome.snapshot.get());
  }
  snapshot::Explanation explanation = translator::ExplainByAny(snapshots, question);
  translator::AddReasons(state, explanation);
  return translator::ResponseOf(explanation);
}

absl::StatusOr<std::string> GenerationFile(const translator::StatePtr& state, const translator::GroupSelector& group) {
  std::vector<snapshot::Resource> resources = ToCompile(state, group);
  if (resources.empty()) {
    return absl::NotFoundError(
        StrCat("no Gateway of class \"", group.gateway_class, "\" with these labels is in the manifests"));
  }
  return snapshot::EncodeGeneration(resources, FirstGeneration(resources));
}

}  // namespace penstock::cli
