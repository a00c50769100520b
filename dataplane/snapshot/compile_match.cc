#include <algorithm>
#include <set>

#include "dataplane/base/strings.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/snapshot/compile_resources.h"

namespace penstock::snapshot {
namespace {

constexpr int kMaxConditions = 16;  // header or query conditions of one match (Gateway API)
constexpr size_t kMaxConditionText = 4096;
constexpr size_t kMaxMethod = 32;

using Conditions = google::protobuf::RepeatedPtrField<xds::v1::StringMatch>;

router::PathPattern CompilePath(const xds::v1::RouteMatch& match, const Field& field, ProblemSink& problems) {
  auto report = [&](const char* kind, const absl::StatusOr<router::PathPattern>& path, const char* hint) {
    if (path.ok()) return *path;
    problems.Add("E204", Field(field, kind), path.status(), hint);
    return router::PathPattern();
  };
  switch (match.path_case()) {
    case xds::v1::RouteMatch::kExact:
      return report("exact", router::PathPattern::Exact(match.exact()), "");
    case xds::v1::RouteMatch::kPrefix:
      return report("prefix", router::PathPattern::Prefix(match.prefix()), "");
    case xds::v1::RouteMatch::kRegex:
      return report("regex", router::PathPattern::Expression(match.regex()),
                    "see https://github.com/google/re2/wiki/Syntax; the whole path must match");
    case xds::v1::RouteMatch::PATH_NOT_SET:
      break;
  }
  return router::PathPattern();
}

// The first condition of a name wins (Gateway API); the result is sorted by name.
std::vector<router::FieldMatch> CompileConditions(const Conditions& conditions, const char* what, bool header,
                                                  const Field& parent, ProblemSink& problems) {
  if (conditions.size() > kMaxConditions) {
    problems.Add("E210", Field(parent, what), StrCat("at most ", kMaxConditions, " conditions are allowed"));
    return {};
  }
  std::vector<router::FieldMatch> result;
  std::set<std::string> names;
  for (int i = 0; i < conditions.size(); ++i) {
    Field field(parent, what, i);
    const xds::v1::StringMatch& condition = conditions[i];
    absl::Status name_status = header ? policies::CheckFieldName(condition.name()) : absl::OkStatus();
    if (!name_status.ok()) problems.Add("E204", Field(field, "name"), name_status);
    if (condition.name().empty() || condition.name().size() > kMaxConditionText) {
      problems.Add("E204", Field(field, "name"), "the name is empty or too long");
    }
    std::string name = header ? policies::LowerCase(condition.name()) : condition.name();
    if (condition.exact().size() > kMaxConditionText) {
      problems.Add("E210", Field(field, "exact"), StrCat("at most ", kMaxConditionText, " characters are allowed"));
    }
    absl::StatusOr<router::FieldMatch> match = condition.kind_case() == xds::v1::StringMatch::kRegex
                                                   ? router::FieldMatch::Expression(name, condition.regex())
                                                   : router::FieldMatch::Exact(name, condition.exact());
    if (condition.kind_case() == xds::v1::StringMatch::KIND_NOT_SET) {
      problems.Add("E204", field, "what to compare with is not said, or not known to this build", "set exact or regex");
    } else if (!match.ok()) {
      problems.Add("E204", Field(field, "regex"), match.status(), "the whole value must match");
    } else if (names.insert(name).second) {
      result.push_back(*std::move(match));
    }
  }
  std::sort(result.begin(), result.end(),
            [](const router::FieldMatch& a, const router::FieldMatch& b) { return a.name() < b.name(); });
  return result;
}

}  // namespace

router::Match CompileMatch(const xds::v1::RouteMatch& match, const Field& field, ProblemSink& problems) {
  router::Match result;
  result.path = CompilePath(match, field, problems);
  auto conditions = std::make_unique<router::Conditions>();
  conditions->method = match.method();
  if (!match.method().empty() && (!policies::IsToken(match.method()) || match.method().size() > kMaxMethod)) {
    problems.Add("E204", Field(field, "method"), StrCat("\"", match.method(), "\" is no method"), "as GET");
  }
  conditions->headers = CompileConditions(match.headers(), "headers", true, field, problems);
  conditions->query = CompileConditions(match.query(), "query", false, field, problems);
  if (!conditions->empty()) result.conditions = std::move(conditions);
  return result;
}

}  // namespace penstock::snapshot
