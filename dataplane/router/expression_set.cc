#include "dataplane/router/expression_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

namespace penstock::router {
namespace {

// Patterns per RE2::Set: enough to be one pass, few enough that its automaton stays small.
constexpr size_t kJoinedPatterns = 64;
constexpr int64_t kJoinedMemory = 8 << 20;

// Step 2 of the precedence among expressions: -1, 0 or 1.
int ComparePaths(const PathPattern& a, const PathPattern& b) {
  if (a.literal_prefix() != b.literal_prefix()) return a.literal_prefix() > b.literal_prefix() ? -1 : 1;
  if (a.text().size() != b.text().size()) return a.text().size() > b.text().size() ? -1 : 1;
  return 0;
}

}  // namespace

class ExpressionSet::Joined {
 public:
  Joined(const Pattern* patterns, size_t count) : set_(Options(), re2::RE2::ANCHOR_BOTH) {
    usable_ = count > 1;
    for (size_t i = 0; usable_ && i < count; ++i) usable_ = set_.Add(patterns[i].path.text(), nullptr) >= 0;
    usable_ = usable_ && set_.Compile();
  }

  // Which of the patterns may match PATH: their indices in MATCHED, sorted. False: test each.
  bool Match(std::string_view path, std::vector<int>& matched) const {
    if (!usable_) return false;
    re2::StringPiece text(path.data(), path.size());
    re2::RE2::Set::ErrorInfo error{};
    matched.clear();
    // The first call stops at the first match and allocates nothing: most paths match no expression.
    bool any = set_.Match(text, nullptr, &error);
    if (any) any = set_.Match(text, &matched, &error);
    if (error.kind != re2::RE2::Set::kNoError) return false;
    std::sort(matched.begin(), matched.end());
    return true;
  }

 private:
  static re2::RE2::Options Options() {
    re2::RE2::Options options(re2::RE2::Latin1);
    options.set_log_errors(false);
    options.set_max_mem(kJoinedMemory);
    return options;
  }

  re2::RE2::Set set_;
  bool usable_;
};

size_t ExpressionSet::PlaceOf(const PathPattern& path) const {
  auto before = [](const Pattern& a, const PathPattern& b) {
    int order = ComparePaths(a.path, b);
    return order != 0 ? order < 0 : a.path.text() < b.text();
  };
  return std::lower_bound(patterns_.begin(), patterns_.end(), path, before) - patterns_.begin();
}

bool ExpressionSet::IsAt(size_t place, const PathPattern& path) const {
  return place < patterns_.size() && patterns_[place].path.text() == path.text();
}

void ExpressionSet::Insert(Ref<ExpressionSet>& set, const Match& match, uint64_t seed) {
  if (!set) set = Ref<ExpressionSet>(new ExpressionSet);
  ExpressionSet& edited = set.Edit();
  size_t place = edited.PlaceOf(match.path);
  if (!edited.IsAt(place, match.path)) {
    edited.patterns_.insert(edited.patterns_.begin() + place, Pattern{match.path, {}});
    edited.joined_.clear();
  }
  Cell::Insert(edited.patterns_[place].cell, match, seed);
}

bool ExpressionSet::Erase(Ref<ExpressionSet>& set, const Match& match, uint64_t seed) {
  if (!set) return false;
  ExpressionSet& edited = set.Edit();
  size_t place = edited.PlaceOf(match.path);
  if (!edited.IsAt(place, match.path)) return false;
  bool erased = Cell::Erase(edited.patterns_[place].cell, match, seed);
  if (!edited.patterns_[place].cell) {
    edited.patterns_.erase(edited.patterns_.begin() + place);
    edited.joined_.clear();
  }
  if (edited.patterns_.empty()) set = Ref<ExpressionSet>();
  return erased;
}

void ExpressionSet::Seal(Ref<ExpressionSet>& set) {
  if (!set || !set->joined_.empty()) return;
  ExpressionSet& edited = set.Edit();
  for (size_t i = 0; i < edited.patterns_.size(); i += kJoinedPatterns) {
    size_t count = std::min(kJoinedPatterns, edited.patterns_.size() - i);
    edited.joined_.push_back(std::make_shared<Joined>(&edited.patterns_[i], count));
  }
}

const Match* ExpressionSet::Find(const Request& request, uint64_t seed, LookupStats* stats) const {
  thread_local std::vector<int> matched;
  const Match* best = nullptr;
  const PathPattern* best_path = nullptr;
  for (size_t j = 0; j < joined_.size(); ++j) {
    size_t first = j * kJoinedPatterns;
    size_t count = std::min(kJoinedPatterns, patterns_.size() - first);
    CountCondition(stats);
    bool joined = joined_[j]->Match(request.path, matched);
    for (size_t i = 0; i < (joined ? matched.size() : count); ++i) {
      const Pattern& pattern = patterns_[first + (joined ? matched[i] : i)];
      if (best != nullptr && ComparePaths(*best_path, pattern.path) < 0) return best;
      if (!joined && !FullMatch(pattern.path.regex(), request.path)) continue;
      const Match* found = pattern.cell->Find(request, seed, stats);
      if (found == nullptr || (best != nullptr && !Precedes(*found, *best))) continue;
      best = found;
      best_path = &pattern.path;
    }
  }
  return best;
}

}  // namespace penstock::router
