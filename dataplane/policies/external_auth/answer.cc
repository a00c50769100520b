#include "dataplane/policies/external_auth/answer.h"

#include <algorithm>

#include "dataplane/base/strings.h"

namespace penstock::policies {
namespace {

using How = FieldEdit::How;

// Of an answer that refuses, what the client gets besides status and content.
constexpr std::string_view kToClient[] = {"www-authenticate", "location", "set-cookie", "cache-control"};

bool IsToClient(const http::Field& field) {
  return std::find(std::begin(kToClient), std::end(kToClient), field.name()) != std::end(kToClient);
}

bool IsForOne(const http::Headers& fields) {
  if (fields.Has(http::HeaderId::kSetCookie)) return true;
  for (const http::Field& field : fields) {
    if (field.name() == "cache-control" && http::ListHas(field.value(), "no-store")) return true;
  }
  return false;
}

std::span<const FieldEdit> ToBackend(const http::Headers& fields, const ExternalAuthConfig& config, Arena& arena) {
  std::span<FieldEdit> edits = arena.NewArray<FieldEdit>(config.to_backend().size());
  size_t count = 0;
  for (const std::string& name : config.to_backend()) {
    const http::Field* field = fields.Find(std::string_view(name));
    if (field != nullptr) edits[count++] = {How::kSet, field->id(), field->name(), field->value()};
  }
  return edits.first(count);
}

std::span<const FieldEdit> ToClient(const http::Headers& fields, Arena& arena) {
  std::span<FieldEdit> edits = arena.NewArray<FieldEdit>(fields.size());
  size_t count = 0;
  for (const http::Field& field : fields) {
    if (IsToClient(field)) edits[count++] = {How::kAdd, field.id(), field.name(), field.value()};
  }
  return edits.first(count);
}

bool Has(const http::Headers& headers, const FieldEdit& edit) {
  return edit.id != http::HeaderId::kOther ? headers.Has(edit.id) : headers.Has(edit.name);
}

void Apply(const FieldEdit& edit, http::Headers& headers) {
  bool known = edit.id != http::HeaderId::kOther;
  if (edit.how == How::kRemove) {
    known ? headers.Remove(edit.id) : headers.Remove(edit.name);
  } else if (edit.how == How::kAdd || (edit.how == How::kAddIfAbsent && !Has(headers, edit))) {
    headers.Append(http::Field(edit.id, edit.name, edit.value));
  } else if (edit.how == How::kSet || (edit.how == How::kSetIfPresent && Has(headers, edit))) {
    known ? headers.Set(edit.id, edit.value) : headers.Set(edit.name, edit.value);
  }
}

}  // namespace

void Apply(std::span<const FieldEdit> edits, http::Headers& headers) {
  for (const FieldEdit& edit : edits) Apply(edit, headers);
}

StatusOr<Answer> ReadHttpAnswer(const SideResponse& answer, const ExternalAuthConfig& config, Arena& arena) {
  std::string_view said = arena.Copy(StrCat(answer.status));
  switch (ExternalAuthConfig::Decide(answer.status)) {
    case ExternalAuthConfig::Answer::kAllow:
      return Answer{.allows = true,
                    .said = said,
                    .to_backend = ToBackend(answer.fields, config, arena),
                    .for_one = IsForOne(answer.fields)};
    case ExternalAuthConfig::Answer::kDeny:
      return Answer{.status = answer.status,
                    .content = answer.content,
                    .content_type = answer.fields.Get(http::HeaderId::kContentType),
                    .said = said,
                    .to_client = ToClient(answer.fields, arena),
                    .for_one = IsForOne(answer.fields)};
    case ExternalAuthConfig::Answer::kFailure:
      break;
  }
  return absl::UnavailableError(StrCat("it answers ", answer.status));
}

}  // namespace penstock::policies
