#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/policies/authentication/authentication_config.h"
#include "dataplane/policies/authentication/authentication_policy.h"
#include "dataplane/policies/condition/testing.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

absl::StatusOr<std::shared_ptr<const AuthenticationConfig>> Compile(const std::string& text) {
  xds::v1::Authentication message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return AuthenticationConfig::Compile(message);
}

struct Note {
  AuthMethod method;
  State state;
  const char* why = "";
};

constexpr AuthMethod kJwt = AuthMethod::kJwt;
constexpr AuthMethod kApiKey = AuthMethod::kApiKey;
constexpr AuthMethod kBasic = AuthMethod::kBasic;
constexpr AuthMethod kCertificate = AuthMethod::kClientCertificate;

void Take(const std::vector<Note>& notes, Exchange& x) {
  for (const Note& note : notes) x.identity.of(note.method) = {note.state, note.why};
}

// "goes on", or status, detail and challenges of the answer.
std::string Answer(const std::string& text, const std::vector<Note>& notes) {
  std::shared_ptr<const AuthenticationConfig> config = *Compile(text);
  TestRequest request;
  TestExchange asked(request);
  Take(notes, *asked);
  Judgement judgement = config->Judge(*asked, NoFacts());
  TestExchange x(request);
  Take(notes, *x);
  Task<Verdict> task = AuthenticationPolicy(config).OnRequest(*x);
  EXPECT_TRUE(task.ready()) << "it costs no coroutine";
  Verdict verdict = std::move(task).TakeReady();
  EXPECT_EQ(verdict.is_reply(), judgement.outcome != Judgement::Outcome::kPass);
  EXPECT_EQ(verdict.reason(), judgement.reason);
  EXPECT_EQ(judgement.outcome == Judgement::Outcome::kUnknown, verdict.reason() == Reason::kPolicyUnavailable);
  if (!verdict.is_reply()) {
    EXPECT_TRUE(x->detail.empty() && x->response.headers.empty());
    return "goes on";
  }
  EXPECT_NE(judgement.why.find(x->detail), std::string::npos) << judgement.why;
  std::string answer = StrCat(verdict.status(), " ", x->detail);
  for (const http::Field& field : x->response.headers) answer += StrCat("\n", field.name(), ": ", field.value());
  return answer;
}

constexpr const char* kWantsJwt = "all_of { any_of: 'jwt' } realm: 'shop'";
constexpr const char* kWantsEither = "all_of { any_of: 'jwt' any_of: 'apiKey' } realm: 'shop'";
constexpr const char* kWantsBoth = "all_of { any_of: 'clientCertificate' } all_of { any_of: 'jwt' any_of: 'basic' }";

TEST(Authentication, DecidesByTheTable) {
  struct Row {
    const char* config;
    std::vector<Note> notes;
    const char* answer;
  };
  const Row kRows[] = {
      {kWantsJwt, {{kJwt, State::kProven}}, "goes on"},
      {kWantsJwt, {{kJwt, State::kMissing, "no token"}}, "401 no token\nwww-authenticate: Bearer realm=\"shop\""},
      {kWantsJwt,
       {{kJwt, State::kInvalid, "token expired"}},
       "401 token expired\nwww-authenticate: Bearer realm=\"shop\", error=\"invalid_token\""},
      {kWantsJwt, {{kJwt, State::kUnknown, "the key set is away"}}, "503 the key set is away"},
      {kWantsJwt, {}, "401 jwt: no policy of this route looks for it\nwww-authenticate: Bearer realm=\"shop\""},
      {kWantsJwt,
       {{kApiKey, State::kProven}, {kJwt, State::kMissing}},
       "401 jwt: there is none\nwww-authenticate: Bearer realm=\"shop\""},
      {kWantsEither, {{kJwt, State::kInvalid, "token expired"}, {kApiKey, State::kProven}}, "goes on"},
      {kWantsEither, {{kJwt, State::kUnknown}, {kApiKey, State::kProven}}, "goes on"},
      {kWantsEither,
       {{kJwt, State::kUnknown}, {kApiKey, State::kInvalid, "no such key"}},
       "503 jwt: it cannot be judged now"},
      {kWantsEither,
       {{kJwt, State::kMissing, "no token"}, {kApiKey, State::kInvalid, "no such key"}},
       "401 no such key\nwww-authenticate: Bearer realm=\"shop\"\nwww-authenticate: ApiKey realm=\"shop\""},
      {kWantsEither,
       {{kJwt, State::kMissing, "no token"}, {kApiKey, State::kMissing, "no key"}},
       "401 no token\nwww-authenticate: Bearer realm=\"shop\"\nwww-authenticate: ApiKey realm=\"shop\""},
      {"all_of { any_of: 'apiKey' }",
       {{kApiKey, State::kMissing, "no key"}},
       "401 no key\nwww-authenticate: ApiKey realm=\"gateway\""},
      {"all_of { any_of: 'basic' } realm: 'shop'",
       {{kBasic, State::kUnknown, "password checks: queue is full"}},
       "503 password checks: queue is full"},
      {kWantsBoth, {{kCertificate, State::kProven}, {kBasic, State::kProven}}, "goes on"},
      {kWantsBoth,
       {{kCertificate, State::kMissing, "no certificate"}, {kJwt, State::kProven}},
       "401 no certificate\nwww-authenticate: ClientCertificate realm=\"gateway\""},
      {kWantsBoth,
       {{kCertificate, State::kProven}, {kJwt, State::kMissing, "no token"}, {kBasic, State::kInvalid, "no such user"}},
       "401 no such user\nwww-authenticate: Bearer realm=\"gateway\"\nwww-authenticate: Basic realm=\"gateway\", "
       "charset=\"UTF-8\""},
      {kWantsBoth,
       {{kCertificate, State::kMissing, "no certificate"}, {kJwt, State::kUnknown, "the key set is away"}},
       "401 no certificate\nwww-authenticate: ClientCertificate realm=\"gateway\""},
      {kWantsBoth,
       {{kCertificate, State::kUnknown, "no list of revoked ones"}, {kJwt, State::kMissing, "no token"}},
       "401 no token\nwww-authenticate: Bearer realm=\"gateway\"\nwww-authenticate: Basic realm=\"gateway\", "
       "charset=\"UTF-8\""},
      {kWantsBoth,
       {{kCertificate, State::kUnknown, "no list of revoked ones"}, {kJwt, State::kProven}},
       "503 no list of revoked ones"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Answer(row.config, row.notes), row.answer) << row.config;
}

// Whatever came of the others, a step that has no way that is proven never goes on.
TEST(Authentication, NeverGoesOnWithoutAProofForEachStep) {
  std::shared_ptr<const AuthenticationConfig> config = *Compile(kWantsBoth);
  constexpr State kAll[] = {State::kNotAsked, State::kMissing, State::kInvalid, State::kUnknown, State::kProven};
  for (State jwt : kAll) {
    for (State key : kAll) {
      for (State basic : kAll) {
        for (State certificate : kAll) {
          Identity identity;
          identity.of(kJwt).state = jwt;
          identity.of(kApiKey).state = key;
          identity.of(kBasic).state = basic;
          identity.of(kCertificate).state = certificate;
          bool proven = certificate == State::kProven && (jwt == State::kProven || basic == State::kProven);
          EXPECT_EQ(config->Decide(identity).kind == AuthDecision::Kind::kProven, proven);
        }
      }
    }
  }
}

TEST(Authentication, SaysWhatItWantsOnOneLine) {
  EXPECT_EQ((*Compile(kWantsBoth))->Describe(), "clientCertificate, then jwt or basic");
  TestRequest request;
  TestExchange x(request);
  Take({{kCertificate, State::kProven}, {kJwt, State::kUnknown, "the key set is away"}}, *x);
  EXPECT_EQ((*Compile(kWantsBoth))->Judge(*x, NoFacts()).why,
            "wants jwt or basic: the key set is away; goes on if it holds, 401 if not, 503 as long as nobody can tell");
}

TEST(Authentication, RefusesWhatAsksForNothing) {
  const std::pair<std::string, const char*> kRows[] = {
      {"", "all_of: asks for no proof: name one"},
      {"all_of {}", "all_of[0].any_of: names no way to prove it"},
      {"all_of { any_of: 'jwt' } all_of { any_of: 'basic' any_of: 'Jwt' }",
       "all_of[1].any_of[1]: \"Jwt\" is none of jwt, apiKey, basic and clientCertificate"},
      {"all_of { any_of: 'jwt' } realm: 'a\"b'",
       "realm: holds a quotation mark, a backslash, or what is not printable ASCII"},
      {"all_of { any_of: 'jwt' } realm: 'a\\r\\nset-cookie: b'",
       "realm: holds a quotation mark, a backslash, or what is not printable ASCII"},
      {"all_of { any_of: 'jwt' } realm: '" + std::string(257, 'a') + "'",
       "realm: has 257 characters; at most 256 are allowed"},
  };
  for (const auto& [config, message] : kRows) EXPECT_EQ(Compile(config).status().message(), message) << config;
}

TEST(Authentication, RefusesToAskForWhatNoPolicyBeforeItLooksFor) {
  std::shared_ptr<const AuthenticationConfig> config =
      *Compile("all_of { any_of: 'jwt' any_of: 'basic' } all_of { any_of: 'apiKey' any_of: 'clientCertificate' }");
  EXPECT_TRUE(config->CheckBehind({"jwt", "api_key"}).ok());
  EXPECT_TRUE(config->CheckBehind({"basic", "client_certificate", "address_filter"}).ok());
  EXPECT_EQ(
      config->CheckBehind({"api_key"}).message(),
      "all_of[0]: asks for jwt or basic, which no policy of this place looks for, so that nobody would be let in");
  EXPECT_EQ(config->CheckBehind({"jwt"}).message(),
            "all_of[1]: asks for apiKey or clientCertificate, which no policy of this place looks for, so that nobody "
            "would be let in");
}

}  // namespace
}  // namespace penstock::policies
