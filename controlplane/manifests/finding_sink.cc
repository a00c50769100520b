#include "controlplane/manifests/finding_sink.h"

namespace penstock::manifests {

void FindingSink::MoveTo(std::vector<Finding>& findings) {
  for (Finding& finding : kept_) findings.push_back(std::move(finding));
  kept_.clear();
  if (dropped_ > 0) findings.push_back(AndMore(dropped_));
  dropped_ = 0;
}

void FindingSink::Add(Finding::Severity severity, std::string_view code, Position position, std::string_view path,
                      std::string message, std::string suggestion) {
  if (full()) {
    ++dropped_;
    return;
  }
  Finding& finding = kept_.emplace_back();
  finding.set_severity(severity);
  finding.set_code(std::string(code));
  finding.set_file(*file_);
  finding.set_line(position.line);
  finding.set_column(position.column);
  finding.set_length(position.length);
  finding.set_object(object_);
  finding.set_path(std::string(path));
  finding.set_message(std::move(message));
  finding.set_suggestion(std::move(suggestion));
}

}  // namespace penstock::manifests
