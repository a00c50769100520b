#include "dataplane/jose/key_set.h"

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/base/printable.h"
#include "dataplane/base/strings.h"

namespace penstock::jose {
namespace {

constexpr std::size_t kMaxNotesInError = 3;

std::string Note(std::size_t index, JsonValue jwk, absl::string_view why) {
  std::optional<JsonValue> kid = jwk.Find("kid");
  bool shown = kid.has_value() && kid->string().has_value() && kid->text().size() <= kMaxKidBytes;
  std::string name = shown ? StrCat(" (kid \"", Printable(kid->text()), "\")") : "";
  return StrCat("keys[", index, "]", name, ": ", why);
}

Status NoneUsable(const std::vector<std::string>& notes) {
  if (notes.empty()) return absl::InvalidArgumentError("the key set is empty");
  std::string text = "no key of the set can be used";
  std::size_t shown = std::min(notes.size(), kMaxNotesInError);
  for (std::size_t i = 0; i < shown; ++i) text += StrCat("; ", notes[i]);
  if (shown < notes.size()) text += StrCat("; and ", notes.size() - shown, " more");
  return absl::InvalidArgumentError(text);
}

}  // namespace

StatusOr<KeySet> KeySet::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, Json::Parse(text, kKeySetJson), _ << "the key set");
  std::optional<JsonValue> list = json.root().Find("keys");
  if (!list.has_value() || !list->is_array()) return absl::InvalidArgumentError("the key set has no array keys");
  if (list->size() > kMaxKeys) return absl::InvalidArgumentError("the key set holds more than 100 keys");
  std::vector<Key> keys;
  std::vector<std::string> notes;
  std::size_t index = 0;
  for (JsonValue jwk : list->children()) {
    StatusOr<Key> key = Key::FromJwk(jwk);
    if (key.ok()) {
      keys.push_back(*std::move(key));
    } else {
      notes.push_back(Note(index, jwk, key.status().message()));
    }
    ++index;
  }
  if (keys.empty()) return NoneUsable(notes);
  return KeySet(std::move(keys), std::move(notes));
}

KeySet::KeySet(std::vector<Key> keys) : KeySet(std::move(keys), {}) {}

KeySet::KeySet(std::vector<Key> keys, std::vector<std::string> notes)
    : keys_(std::move(keys)), notes_(std::move(notes)) {
  PENSTOCK_CHECK(!keys_.empty() && keys_.size() <= kMaxKeys, "between one and kMaxKeys keys");
}

KeySet::Tried KeySet::Candidates(Algorithm algorithm, std::optional<std::string_view> kid) const {
  Tried tried;
  for (const Key& key : keys_) {
    if (tried.size() == kMaxTried) break;
    if (key.algorithms().Contains(algorithm) && key.MayBe(kid)) tried.push_back(&key);
  }
  return tried;
}

Proof KeySet::Check(const Token& token) const {
  Tried tried = Candidates(token.algorithm, token.kid);
  for (const Key* key : tried) {
    if (key->Verify(token.algorithm, token.signing_input, token.signature)) return Proof::kGood;
  }
  return tried.empty() ? Proof::kNoKey : Proof::kWrong;
}

}  // namespace penstock::jose
