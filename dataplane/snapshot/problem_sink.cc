#include "dataplane/snapshot/problem_sink.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile.h"

namespace penstock::snapshot {
namespace {

// "rules[0].name": no word of a sentence.
bool IsPath(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) ||
           std::string_view("_.[]").find(c) != std::string_view::npos;
  });
}

// Takes the path that TEXT begins with away from it.
std::string TakePath(std::string_view& text) {
  std::string path;
  for (size_t end = text.find(": "); end != text.npos && IsPath(text.substr(0, end)); end = text.find(": ")) {
    path += StrCat(path.empty() ? "" : ".", text.substr(0, end));
    text.remove_prefix(end + 2);
  }
  return path;
}

}  // namespace

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

void ProblemSink::AddRefused(const Field& field, const absl::Status& status) {
  std::string_view code = absl::IsUnimplemented(status) ? "E208" : "E213";
  std::string_view reason = ToStd(status.message());
  std::string path = TakePath(reason);
  if (path.empty()) {
    Add(code, field, reason);
  } else {
    Add(code, Field(field, path), reason);
  }
}

}  // namespace penstock::snapshot
