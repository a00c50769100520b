// For tests of the client.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/strings.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/testing.h"
#include "gtest/gtest.h"

namespace penstock::redis {

// A reactor with real time, and clients that are stopped at the end.
class RedisClient : public testing::Test {
 protected:
  using Arguments = std::vector<std::string>;

  ~RedisClient() override {
    for (std::unique_ptr<Client>& client : clients_) reactor_->BlockOn(client->Stop());
    clients_.clear();
    EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
  }

  Client& Connect(ServerOptions options, Client::Bounds bounds = {}) {
    return *clients_.emplace_back(
        std::make_unique<Client>(*reactor_, std::move(options), Client::Watch{nullptr, &cells_}, bounds));
  }

  static Task<StatusOr<Reply>> Call(Client& client, const Arguments& arguments, Wait wait) {
    std::vector<std::string_view> views(arguments.begin(), arguments.end());
    return client.Call(views, wait);
  }
  Wait Within(Duration duration) { return {After(std::chrono::steady_clock::now(), duration), nullptr}; }
  // What a call gives, as text.
  std::string Ask(Client& client, const Arguments& arguments, Duration patience = std::chrono::seconds(10)) {
    reactor_->Turn(Duration::zero());
    return Show(reactor_->BlockOn(Call(client, arguments, Within(patience))));
  }
  static std::string Show(const StatusOr<Reply>& reply) {
    if (!reply.ok()) return reply.status().ToString();
    switch (reply->kind) {
      case Reply::Kind::kInteger:
        return std::to_string(reply->integer);
      case Reply::Kind::kNil:
        return "nil";
      case Reply::Kind::kArray:
        return StrCat("array of ", reply->items.size());
      default:
        return reply->text;
    }
  }
  // Turns the loop until the client is up, or is down.
  bool Becomes(const Client& client, bool up) {
    TimePoint until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (client.up() != up && std::chrono::steady_clock::now() < until) reactor_->Turn(std::chrono::milliseconds(1));
    return client.up() == up;
  }
  // Whether a call fails as unavailable before anything is awaited.
  static bool FailsAtOnce(Client& client) {
    Task<StatusOr<Reply>> call = Call(client, {"PING"}, {});
    return call.ready() && absl::IsUnavailable(std::move(call).TakeReady().status());
  }

  std::unique_ptr<io::Reactor> reactor_ = *io::Reactor::Create();
  telemetry::WorkerCells cells_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace penstock::redis
