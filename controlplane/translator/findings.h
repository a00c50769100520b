// Collects findings about one object.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/manifests/finding.h"

namespace penstock::translator {

class FindingSink {
 public:
  FindingSink(const manifests::Object& object, bool allow_unresolved)
      : object_(object), allow_unresolved_(allow_unresolved) {}

  void Error(std::string_view path, std::string_view code, std::string message, std::string suggestion = "") {
    findings_.push_back(manifests::ErrorAt(object_, path, code, std::move(message), std::move(suggestion)));
  }
  void Warning(std::string_view path, std::string_view code, std::string message, std::string suggestion = "") {
    findings_.push_back(manifests::WarningAt(object_, path, code, std::move(message), std::move(suggestion)));
  }
  // A reference that leads nowhere: an error, or a warning if that was asked for.
  void Unresolved(std::string_view path, std::string_view code, std::string message, std::string suggestion = "") {
    if (allow_unresolved_) {
      Warning(path, code, std::move(message), std::move(suggestion));
    } else {
      Error(path, code, std::move(message), std::move(suggestion));
    }
  }

  bool has_errors() const { return manifests::HasErrors(findings_); }
  // Fields of the object could not be read, so what it seems to say may not be what was meant.
  bool is_partial() const { return object_.has_errors(); }
  std::vector<manifests::Finding> Take() { return std::move(findings_); }

 private:
  const manifests::Object& object_;
  bool allow_unresolved_;
  std::vector<manifests::Finding> findings_;
};

}  // namespace penstock::translator
