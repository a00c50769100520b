#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::jose {
class Json;
}

namespace penstock {

// The ways in which a client can prove who it is. Policies of authentication note what came of theirs; what a route
// asks for is a question about these notes (policy "authentication").
enum class AuthMethod : uint8_t { kJwt, kApiKey, kBasic, kClientCertificate, kCount };

inline constexpr std::string_view kAuthMethodNames[] = {"jwt", "apiKey", "basic", "clientCertificate"};
static_assert(sizeof(kAuthMethodNames) / sizeof(kAuthMethodNames[0]) == static_cast<size_t>(AuthMethod::kCount));

inline std::string_view NameOf(AuthMethod method) { return kAuthMethodNames[static_cast<size_t>(method)]; }

// What one way of authentication found out about a request.
struct AuthResult {
  enum class State : uint8_t {
    kNotAsked,  // no policy of the chain looked
    kMissing,   // the request has no such credential
    kInvalid,   // it has one that does not hold; WHY says what
    kUnknown,   // it has one that could not be judged: what that takes is away
    kAssumed,   // of explain only: it holds if what was not checked there (a signature) holds
    kProven,
  };
  State state = State::kNotAsked;
  std::string_view why;  // for the log: static, or as long as the exchange; never a part of the credential
};

// Who asks, as far as the policies that ran have proven it. Views live as long as the exchange. A member of Exchange:
// empty until a policy of authentication has run.
struct Identity {
  AuthResult results[static_cast<size_t>(AuthMethod::kCount)];
  std::string_view subject;            // of the token, user or certificate
  std::string_view issuer;             // of the token
  std::string_view provider;           // the name of the JwtProvider that took it
  std::string_view consumer;           // the Consumer whose credential it is; "" none
  std::string_view plan;               // that Consumer's
  const jose::Json* claims = nullptr;  // of the token, an object; null: there is none that holds

  // Of explain only, by AuthMethod: credentials that cannot be checked there are taken not to hold, else they are
  // assumed to hold.
  bool doubted[static_cast<size_t>(AuthMethod::kCount)] = {};

  bool doubts(AuthMethod method) const { return doubted[static_cast<size_t>(method)]; }
  AuthResult& of(AuthMethod method) { return results[static_cast<size_t>(method)]; }
  const AuthResult& of(AuthMethod method) const { return results[static_cast<size_t>(method)]; }
  bool proven(AuthMethod method) const { return of(method).state == AuthResult::State::kProven; }
  // By any way. In explain, what may hold counts.
  bool authenticated() const {
    for (const AuthResult& result : results) {
      if (result.state >= AuthResult::State::kAssumed) return true;
    }
    return false;
  }
};

}  // namespace penstock
