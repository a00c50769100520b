// For tests of FetchLoop.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/fetch/fetch_loop.h"
#include "dataplane/fetch/test_server.h"

namespace penstock::fetch {

inline constexpr Duration kRefresh = std::chrono::seconds(100);

class ScriptedResolver final : public io::Resolver {
 public:
  explicit ScriptedResolver(const Clock& clock) : clock_(clock) {}

  Task<StatusOr<io::DnsAnswer>> Resolve(std::string name, Wait wait) override {
    asked.push_back(clock_.Now());
    if (addresses.empty()) return StatusOr<io::DnsAnswer>(absl::NotFoundError("it is gone"));
    io::DnsAnswer answer;
    for (std::string_view address : addresses) answer.addresses.push_back(*IpAddress::Parse(address));
    return StatusOr<io::DnsAnswer>(std::move(answer));
  }

  std::vector<std::string_view> addresses;  // none: the name does not exist
  std::vector<TimePoint> asked;             // once for every fetch

 private:
  const Clock& clock_;
};

// A loop by a clock that the tests turn, with names that mean what they say.
class FetchLoopTest : public testing::Test {
 protected:
  FetchLoopTest()
      : reactor_(*io::Reactor::Create({.clock = &clock_, .seed = 1})),
        resolver_(clock_),
        loop_(*reactor_, resolver_, Pace{}, &log_, &cells_),
        line_(std::make_shared<Line>(*reactor_, loop_)) {}
  ~FetchLoopTest() override {
    loop_.Stop();
    EXPECT_TRUE(TurnUntil([&] { return loop_.idle(); }));
    EXPECT_EQ(reactor_->tasks(), 0u);
  }

  // Follows http://idp.example:PORT/keys.
  std::shared_ptr<WebDocument> Follow(uint16_t port = 1, bool allow_private_addresses = true) {
    std::uint64_t id = ++last_id_;
    auto document = std::make_shared<WebDocument>(clock_, line_, id);
    Source source{.uri = *ParseUri(StrCat("http://idp.example:", port, "/keys?secret"), Schemes::kAlsoHttp),
                  .allow_private_addresses = allow_private_addresses,
                  .max_bytes = 100,
                  .tls = nullptr};
    loop_.Follow(id, std::move(source), kRefresh, document);
    return document;
  }

  template <typename Condition>
  bool TurnUntil(Condition condition) {
    return Eventually([&] {
      reactor_->Turn(std::chrono::milliseconds(1));
      return condition();
    });
  }
  bool Settles(const WebDocument& document) {
    return TurnUntil([&] { return !document.Pending(); });
  }

  // Lets time pass in steps of STEP; what needs no other thread happens.
  void Pass(Duration duration, Duration step = std::chrono::milliseconds(100)) {
    for (Duration passed{0}; passed < duration; passed += step) {
      clock_.Advance(step);
      reactor_->Turn(Duration::zero());
      reactor_->Turn(Duration::zero());
    }
  }

  // How long after the fetch before it each one began, in whole seconds.
  std::vector<int64_t> Gaps() const {
    std::vector<int64_t> gaps;
    for (size_t i = 1; i < resolver_.asked.size(); ++i) {
      gaps.push_back((resolver_.asked[i] - resolver_.asked[i - 1]) / std::chrono::seconds(1));
    }
    return gaps;
  }

  FakeClock clock_;
  std::vector<std::string> lines_;
  telemetry::Log log_{telemetry::LogLevel::kDebug, telemetry::Log::Format::kText,
                      [this](std::string_view line) { lines_.emplace_back(line); }, [] { return int64_t{0}; }};
  telemetry::ProcessCells cells_;
  std::unique_ptr<io::Reactor> reactor_;
  ScriptedResolver resolver_;
  FetchLoop loop_;
  std::shared_ptr<Line> line_;
  std::uint64_t last_id_ = 0;
};

}  // namespace penstock::fetch
