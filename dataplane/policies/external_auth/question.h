#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/base/clock.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/headers.h"
#include "dataplane/policies/external_auth/external_auth_config.h"

namespace penstock::policies {

// What a service is told about a request, whatever it is asked in: nothing else goes into the call, so that what it
// answers to equal questions can be given again. Views that live as long as the exchange.
struct Question {
  std::string_view method = {};
  std::string_view uri = {};  // path and query
  std::string_view authority = {};
  std::string_view scheme = {};
  std::span<const http::Field> fields = {};  // in the order of the request

  // Of gRPC alone.
  std::string_view version = {};    // "HTTP/1.1"
  std::string_view client = {};     // its address; "" that of a Unix socket
  std::string_view principal = {};  // whose certificate the connection has shown; "" none
  std::string_view port = {};       // that it asked, decimal; "" of a Unix socket

  // What no two requests have alike. Unset where answers are kept.
  std::string_view id = {};
  WallTime time{};
  uint16_t client_port = 0;  // 0: not known
  int64_t size = -1;         // of the content; -1: not known
};

Question MakeQuestion(const ExternalAuthConfig& config, Exchange& x);

// Stands for a question: SHA-256 of all that is in it, so that nobody can make two that share one, and so that no
// credential is kept. REVOCATIONS is their version: an answer from before another one came is an answer to another
// question.
using QuestionKey = std::array<char, 32>;
QuestionKey KeyOf(const Question& question, uint64_t revocations);

}  // namespace penstock::policies
