#include "controlplane/manifests/finding.h"

#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

constexpr std::string_view kMoreCode = "N001";
constexpr std::string_view kMorePrefix = "and ";

Finding At(Finding::Severity severity, const Object& object, std::string_view path, std::string_view code,
           std::string message, std::string suggestion) {
  Finding finding;
  finding.set_severity(severity);
  finding.set_code(std::string(code));
  finding.set_file(std::string(object.source().file()));
  Position position = object.source().Find(path);
  finding.set_line(position.line);
  finding.set_column(position.column);
  finding.set_length(position.length);
  finding.set_object(object.key().ToString());
  finding.set_path(std::string(path));
  finding.set_message(std::move(message));
  finding.set_suggestion(std::move(suggestion));
  return finding;
}

bool Before(const Finding& a, const Finding& b) {
  auto key = [](const Finding& f) {
    return std::make_tuple(f.code() == kMoreCode, std::string_view(f.file()), f.line(), f.column(),
                           std::string_view(f.object()), std::string_view(f.path()), std::string_view(f.code()),
                           std::string_view(f.message()));
  };
  return key(a) < key(b);
}

// Takes the notes "and N more" of earlier rounds out and returns the sum of their numbers.
size_t TakeOmitted(std::vector<Finding>& findings) {
  size_t omitted = 0;
  std::erase_if(findings, [&](const Finding& finding) {
    if (finding.code() != kMoreCode) return false;
    std::string_view text = std::string_view(finding.message()).substr(kMorePrefix.size());
    size_t count = 0;
    if (ReadNumber(text.substr(0, text.find(' ')), count)) omitted += count;
    return true;
  });
  return omitted;
}

void DropRepeatedErrors(std::vector<Finding>& findings) {
  absl::flat_hash_map<std::string, std::string> lowest;
  auto field = [](const Finding& f) { return Cat(f.file(), "\n", f.object(), "\n", f.path()); };
  auto counts = [](const Finding& f) { return f.severity() == Finding::ERROR && !f.path().empty(); };
  for (const Finding& finding : findings) {
    if (!counts(finding)) continue;
    auto [it, fresh] = lowest.emplace(field(finding), finding.code());
    if (!fresh && finding.code() < it->second) it->second = finding.code();
  }
  std::erase_if(findings, [&](const Finding& f) { return counts(f) && f.code() != lowest[field(f)]; });
}

}  // namespace

Finding ErrorAt(const Object& object, std::string_view path, std::string_view code, std::string message,
                std::string suggestion) {
  return At(Finding::ERROR, object, path, code, std::move(message), std::move(suggestion));
}

Finding WarningAt(const Object& object, std::string_view path, std::string_view code, std::string message,
                  std::string suggestion) {
  return At(Finding::WARNING, object, path, code, std::move(message), std::move(suggestion));
}

Finding NoteAt(const Object& object, std::string_view path, std::string_view code, std::string message,
               std::string suggestion) {
  return At(Finding::NOTE, object, path, code, std::move(message), std::move(suggestion));
}

bool HasErrors(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity() == Finding::ERROR; });
}

Finding AndMore(size_t count) {
  Finding note;
  note.set_severity(Finding::NOTE);
  note.set_code(std::string(kMoreCode));
  note.set_message(Cat(kMorePrefix, count, " more"));
  note.set_suggestion("fix those above and run again to see the rest");
  return note;
}

void SortAndCap(std::vector<Finding>& findings, size_t limit) {
  size_t omitted = TakeOmitted(findings);
  DropRepeatedErrors(findings);
  std::sort(findings.begin(), findings.end(), Before);
  if (findings.size() > limit) {
    std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
      return a.severity() != b.severity() ? a.severity() < b.severity() : Before(a, b);
    });
    omitted += findings.size() - limit;
    findings.resize(limit);
    std::sort(findings.begin(), findings.end(), Before);
  }
  if (omitted > 0) findings.push_back(AndMore(omitted));
}

}  // namespace penstock::manifests
