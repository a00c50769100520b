#include "dataplane/snapshot/problem_sink.h"

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile.h"

namespace penstock::snapshot {

std::string Field::ToString() const {
  std::string text = parent_ == nullptr ? "" : parent_->ToString() + ".";
  text += name_;
  if (index_ >= 0) text += StrCat("[", index_, "]");
  return text;
}

void ProblemSink::Begin(std::string_view type_url, std::string_view name, std::string_view version) {
  type_url_ = type_url;
  name_ = name;
  version_ = version;
}

void ProblemSink::Add(std::string_view code, const Field& field, std::string_view reason, std::string_view hint) {
  if (++count_ > kMaxProblems) return;
  ResourceProblem& problem = problems_.emplace_back();
  problem.set_type_url(type_url_);
  problem.set_name(name_);
  problem.set_version(version_);
  problem.set_field_path(field.ToString());
  problem.set_reason(std::string(reason));
  problem.set_hint(std::string(hint));
  problem.set_code(std::string(code));
}

void ProblemSink::Add(std::string_view code, const Field& field, const absl::Status& status, std::string_view hint) {
  Add(code, field, ToStd(status.message()), hint);
}

}  // namespace penstock::snapshot
