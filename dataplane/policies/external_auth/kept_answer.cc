#include "dataplane/policies/external_auth/kept_answer.h"

#include <algorithm>

namespace penstock::policies {
namespace {

size_t SizeOf(std::span<const FieldEdit> edits) {
  size_t size = 0;
  for (const FieldEdit& edit : edits) size += edit.name.size() + edit.value.size();
  return size;
}

}  // namespace

KeptAnswer::KeptAnswer(const QuestionKey& key, const Answer& answer, TimePoint keep_until, WallTime until)
    : key_(key), keep_until_(keep_until), until_(until), answer_(answer) {
  // Both are as large as they will be: what was copied does not move again.
  text_.reserve(answer.content.size() + answer.content_type.size() + answer.said.size() + SizeOf(answer.to_backend) +
                SizeOf(answer.to_client));
  edits_.reserve(answer.to_backend.size() + answer.to_client.size());
  answer_.content = Copy(answer.content);
  answer_.content_type = Copy(answer.content_type);
  answer_.said = Copy(answer.said);
  answer_.to_backend = Copy(answer.to_backend);
  answer_.to_client = Copy(answer.to_client);
}

std::string_view KeptAnswer::Copy(std::string_view text) {
  size_t begin = text_.size();
  text_ += text;
  return std::string_view(text_).substr(begin);
}

std::span<const FieldEdit> KeptAnswer::Copy(std::span<const FieldEdit> edits) {
  size_t begin = edits_.size();
  for (const FieldEdit& edit : edits) edits_.push_back({edit.how, edit.id, Copy(edit.name), Copy(edit.value)});
  return std::span(edits_).subspan(begin);
}

}  // namespace penstock::policies
