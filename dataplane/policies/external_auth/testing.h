#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/exchange/services.h"
#include "dataplane/exchange/side_calls.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/external_auth/external_auth_policy.h"

namespace penstock::policies {

// `message` in the frame of gRPC.
std::string Framed(std::string_view message);

// Answers as it is told, and remembers what it was asked last.
struct FakeService final : SideCalls {
  Task<StatusOr<const SideResponse*>> Send(Exchange& x, SideRequest request) override;

  // Of the last call: a field's value, or "-".
  std::string Asked(std::string_view name) const;
  // Answers with a CheckResponse in text format.
  void Say(const std::string& text);

  SideResponse answer;
  std::string content;  // of the answer, if it is not set there
  Status failure = absl::OkStatus();
  Duration delay{};                // if there is one, REACTOR is set
  io::Reactor* reactor = nullptr;  // where it waits
  int calls = 0;
  std::string path, method, body;
  Duration timeout{};
  std::vector<std::pair<std::string, std::string>> asked;
};

// A policy of the configuration TEXT, whose cluster is "auth", that asks a FakeService.
class ExternalAuthFixture : public ::testing::Test {
 protected:
  ExternalAuthFixture() { services.calls = &service; }

  void Configure(const std::string& text);
  Verdict Ask(TestExchange& x) {
    x->services = &services;
    return RunReady(policy->OnRequest(*x));
  }

  struct NoSecrets final : SecretSource {
    StatusOr<std::string> Read(std::string_view, std::string_view) const override {
      return absl::NotFoundError("no Secrets here");
    }
  };

  FakeService service;
  Services services;
  NoSecrets secrets;
  Runtime runtime;
  std::shared_ptr<const Policy> policy;
};

}  // namespace penstock::policies
