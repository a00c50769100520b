#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dataplane/snapshot/resource.h"

namespace penstock::snapshot {

// A place inside a resource, as "rules[0].matches[1].path": a chain on the stack that becomes text only when something
// is wrong.
class Field {
 public:
  explicit Field(std::string_view name) : name_(name) {}
  Field(const Field& parent, std::string_view name) : parent_(&parent), name_(name) {}
  Field(const Field& parent, std::string_view name, int index) : parent_(&parent), name_(name), index_(index) {}
  Field(std::string_view name, int index) : name_(name), index_(index) {}

  std::string ToString() const;

 private:
  const Field* parent_ = nullptr;
  std::string_view name_;
  int index_ = -1;
};

// Collects the problems of a compilation: all of them, of which the first kMaxProblems are kept.
class ProblemSink {
 public:
  // Problems that follow belong to this resource.
  void Begin(std::string_view type_url, std::string_view name, std::string_view version);

  void Add(std::string_view code, const Field& field, std::string_view reason, std::string_view hint = "");
  void Add(std::string_view code, const Field& field, const absl::Status& status, std::string_view hint = "");

  // What a policy says about its configuration, which is FIELD: its message may begin with a path below that, as
  // "providers[0]: issuer: missing". E208 for what this build does not know, E213 for what no build would take.
  void AddRefused(const Field& field, const absl::Status& status);

  size_t count() const { return count_; }
  std::vector<ResourceProblem> Take() { return std::move(problems_); }

 private:
  std::string type_url_;
  std::string name_;
  std::string version_;
  std::vector<ResourceProblem> problems_;
  size_t count_ = 0;
};

}  // namespace penstock::snapshot
