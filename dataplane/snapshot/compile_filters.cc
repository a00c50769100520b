#include "dataplane/base/strings.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/values.h"

namespace penstock::snapshot {
namespace {

constexpr size_t kMaxFilters = 64;
constexpr size_t kMaxRewriteText = 1024;  // Gateway API

// Text that becomes part of a request line must not end it.
void CheckRewriteText(const std::string& text, const Field& field, ProblemSink& problems) {
  if (text.size() > kMaxRewriteText) {
    problems.Add("E210", field, StrCat("at most ", kMaxRewriteText, " characters are allowed"));
  }
  for (unsigned char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '?' || c == '#') {
      problems.Add("E205", field, "blanks, controls, \"?\", \"#\" and bytes beyond ASCII must be percent-encoded");
      return;
    }
  }
}

void AddHeaderOps(const xds::v1::HeaderOps& config, policies::HeaderOps& ops, const Field& field,
                  ProblemSink& problems) {
  for (const policies::HeaderOpsProblem& problem : policies::CompileHeaderOps(config, ops)) {
    problems.Add("E205", Field(field, problem.field), problem.status);
  }
}

void AddRewrite(const xds::v1::UrlRewrite& config, Filters& filters, const Field& field, ProblemSink& problems) {
  if (filters.rewrite.has_value()) problems.Add("E205", field, "a second URL rewrite in one list of filters");
  UrlRewrite rewrite;
  rewrite.hostname = config.hostname();
  if (!rewrite.hostname.empty()) {
    CheckHostname(rewrite.hostname, Wildcard::kRefused, Field(field, "hostname"), problems);
  }
  rewrite.path = CompilePathRewrite(config.path(), Field(field, "path"), problems);
  filters.rewrite = std::move(rewrite);
}

void AddMirror(const xds::v1::Mirror& config, Filters& filters, const Field& field, ProblemSink& problems) {
  Mirror mirror;
  mirror.cluster = config.cluster();
  if (config.denominator() != 0) {
    mirror.numerator = config.numerator();
    mirror.denominator = config.denominator();
  }
  if (mirror.numerator > mirror.denominator) {
    problems.Add("E205", Field(field, "numerator"), "the share of mirrored requests is above 1");
  }
  filters.mirrors.push_back(std::move(mirror));
}

void AddCors(const xds::v1::Cors& config, Filters& filters, const Field& field, ProblemSink& problems) {
  if (filters.cors != nullptr) problems.Add("E205", field, "a second CORS filter in one list of filters");
  absl::StatusOr<std::shared_ptr<const policies::CorsConfig>> cors = policies::CorsConfig::Compile(config);
  if (cors.ok()) {
    filters.cors = *std::move(cors);
  } else {
    problems.AddRefused(field, cors.status());
  }
}

}  // namespace

PathRewrite CompilePathRewrite(const xds::v1::PathRewrite& rewrite, const Field& field, ProblemSink& problems) {
  switch (rewrite.kind_case()) {
    case xds::v1::PathRewrite::kFull:
      CheckRewriteText(rewrite.full(), Field(field, "full"), problems);
      if (!rewrite.full().starts_with('/')) problems.Add("E205", Field(field, "full"), "a path begins with \"/\"");
      return ReplaceFullPath{rewrite.full()};
    case xds::v1::PathRewrite::kPrefix:
      CheckRewriteText(rewrite.prefix(), Field(field, "prefix"), problems);
      if (!rewrite.prefix().empty() && !rewrite.prefix().starts_with('/')) {
        problems.Add("E205", Field(field, "prefix"), "a path begins with \"/\"");
      }
      return ReplacePrefix{rewrite.prefix()};
    case xds::v1::PathRewrite::KIND_NOT_SET:
      break;
  }
  return KeepPath{};
}

Filters CompileFilters(const google::protobuf::RepeatedPtrField<xds::v1::Filter>& filters, const Field& parent,
                       ProblemSink& problems) {
  Filters result;
  if (static_cast<size_t>(filters.size()) > kMaxFilters) {
    problems.Add("E210", Field(parent, "filters"), StrCat("at most ", kMaxFilters, " filters are allowed"));
    return result;
  }
  for (int i = 0; i < filters.size(); ++i) {
    const xds::v1::Filter& filter = filters[i];
    Field field(parent, "filters", i);
    switch (filter.kind_case()) {
      case xds::v1::Filter::kRequestHeaders:
        AddHeaderOps(filter.request_headers(), result.request_headers, Field(field, "request_headers"), problems);
        break;
      case xds::v1::Filter::kResponseHeaders:
        AddHeaderOps(filter.response_headers(), result.response_headers, Field(field, "response_headers"), problems);
        break;
      case xds::v1::Filter::kUrlRewrite:
        AddRewrite(filter.url_rewrite(), result, Field(field, "url_rewrite"), problems);
        break;
      case xds::v1::Filter::kMirror:
        AddMirror(filter.mirror(), result, Field(field, "mirror"), problems);
        break;
      case xds::v1::Filter::kCors:
        AddCors(filter.cors(), result, Field(field, "cors"), problems);
        break;
      case xds::v1::Filter::KIND_NOT_SET:
        problems.Add("E208", field, "an empty filter, or one that this build does not know");
        break;
    }
  }
  return result;
}

}  // namespace penstock::snapshot
