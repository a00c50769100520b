// Where the parser puts findings: bounded, so that a hostile file costs no more than a broken one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/manifests/finding.h"

namespace penstock::manifests {

// Findings about one file and, while one is read, one object in it.
class FindingSink {
 public:
  // What is kept of a file before sorting; people see kMaxFindings of all files.
  static constexpr size_t kKept = 1000;

  explicit FindingSink(std::string file) : file_(std::make_shared<const std::string>(std::move(file))) {}

  const std::shared_ptr<const std::string>& file() const { return file_; }
  void set_object(std::string object) { object_ = std::move(object); }

  void Error(std::string_view code, Position position, std::string_view path, std::string message,
             std::string suggestion = "") {
    ++errors_;
    Add(Finding::ERROR, code, position, path, std::move(message), std::move(suggestion));
  }
  void Warning(std::string_view code, Position position, std::string_view path, std::string message,
               std::string suggestion = "") {
    Add(Finding::WARNING, code, position, path, std::move(message), std::move(suggestion));
  }
  void Note(std::string_view code, Position position, std::string_view path, std::string message,
            std::string suggestion = "") {
    Add(Finding::NOTE, code, position, path, std::move(message), std::move(suggestion));
  }

  size_t errors() const { return errors_; }
  // True: what is added now is only counted, so its text need not be good.
  bool full() const { return kept_.size() == kKept; }

  // Moves everything to the end of `findings`; beyond kKept the rest is a note "and N more".
  void MoveTo(std::vector<Finding>& findings);

 private:
  void Add(Finding::Severity severity, std::string_view code, Position position, std::string_view path,
           std::string message, std::string suggestion);

  std::shared_ptr<const std::string> file_;
  std::string object_;
  std::vector<Finding> kept_;
  size_t dropped_ = 0;
  size_t errors_ = 0;
};

}  // namespace penstock::manifests
