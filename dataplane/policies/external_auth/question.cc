#include "dataplane/policies/external_auth/question.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>

#include "dataplane/http/forwarded.h"

namespace penstock::policies {
namespace {

using Protocol = ExternalAuthConfig::Protocol;

// What describes the content, which the service does not get.
constexpr std::string_view kOfContent[] = {"content-length", "content-type", "content-encoding", "expect"};
// What a service of HTTP is told besides the fields that it shall get.
constexpr std::string_view kAlways[] = {"x-forwarded-host", "x-forwarded-proto"};

template <typename Names>
bool Has(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool IsTold(const ExternalAuthConfig& config, std::string_view name) {
  if (config.sent().empty()) return !Has(kOfContent, name);
  return Has(config.sent(), name) || (config.protocol() == Protocol::kHttp && Has(kAlways, name));
}

std::span<const http::Field> Fields(const ExternalAuthConfig& config, Exchange& x) {
  const http::Headers& headers = x.request.headers;
  std::span<http::Field> fields = x.arena.NewArray<http::Field>(headers.size());
  size_t count = 0;
  for (const http::Field& field : headers) {
    if (IsTold(config, field.name())) fields[count++] = field;
  }
  return fields.first(count);
}

int64_t ContentSize(const http::Framing& framing) {
  if (framing.kind == http::Framing::Kind::kLength) return static_cast<int64_t>(framing.length);
  return framing.HasBody() ? -1 : 0;
}

// The peer's, if nobody stands between it and the client.
uint16_t ClientPort(const Exchange& x) {
  if (x.client_text != x.peer_text) return 0;
  std::string_view text = x.peer_address_text;
  text.remove_prefix(std::min(text.rfind(':') + 1, text.size()));
  uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

// Takes parts in, each with its length in front, so that no two lists of parts are the same bytes. The functions of
// libcrypto that need no heap and no lock.
class Digest {
 public:
  Digest() { SHA256_Init(&state_); }
  void Add(uint64_t number) { SHA256_Update(&state_, &number, sizeof(number)); }
  void Add(std::string_view part) {
    Add(uint64_t{part.size()});
    SHA256_Update(&state_, part.data(), part.size());
  }
  QuestionKey End() {
    QuestionKey key;
    static_assert(sizeof(key) == SHA256_DIGEST_LENGTH);
    SHA256_Final(reinterpret_cast<unsigned char*>(key.data()), &state_);
    return key;
  }

 private:
  SHA256_CTX state_;
};

}  // namespace

Question MakeQuestion(const ExternalAuthConfig& config, Exchange& x) {
  std::string_view mark = x.request.has_query ? "?" : "";
  Question question{.method = x.request.method_text,
                    .uri = x.arena.Concat({x.request.path, mark, x.request.query}),
                    .authority = x.request.authority,
                    .scheme = x.request.scheme,
                    .fields = Fields(config, x)};
  if (config.protocol() == Protocol::kHttp) return question;
  question.version = http::VersionText(x.request.version);
  if (x.client_text != http::kUnixPeer) question.client = x.client_text;
  if (x.connection != nullptr) question.principal = x.connection->client_identity;
  question.port = x.listener_port;
  if (config.keep() > Duration::zero()) return question;
  question.id = x.id_text;
  question.time = x.time.wall;
  question.client_port = ClientPort(x);
  question.size = ContentSize(x.request.framing);
  return question;
}

QuestionKey KeyOf(const Question& question, uint64_t revocations) {
  Digest digest;
  digest.Add(revocations);
  for (std::string_view part : {question.method, question.uri, question.authority, question.scheme, question.version,
                                question.client, question.principal, question.port}) {
    digest.Add(part);
  }
  digest.Add(uint64_t{question.fields.size()});
  for (const http::Field& field : question.fields) {
    digest.Add(field.name());
    digest.Add(field.value());
  }
  return digest.End();
}

}  // namespace penstock::policies
