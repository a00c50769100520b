#include "controlplane/tickets/keeper.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/store/memory/memory_store.h"

namespace penstock::tickets {
namespace {

using xds::v1::TicketKeys;

// Remembers named values, unless its disk is full, and nothing else.
class SmallStore final : public store::Store {
 public:
  absl::Status PutRolloutState(std::string_view name, std::string_view value) override {
    if (full) return absl::ResourceExhaustedError("no space left");
    return values_->PutRolloutState(name, value);
  }
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> RolloutState() override {
    return values_->RolloutState();
  }
  absl::StatusOr<store::GenerationRecord> Commit(const store::Transaction&) override { return Unused(); }
  absl::StatusOr<store::GenerationRecord> Newest() override { return Unused(); }
  absl::StatusOr<store::GenerationRecord> Generation(uint64_t) override { return Unused(); }
  absl::StatusOr<std::optional<store::GenerationRecord>> FindRequest(std::string_view) override { return Unused(); }
  absl::StatusOr<std::vector<store::StoredObject>> Objects(uint64_t) override { return Unused(); }
  absl::StatusOr<std::vector<store::GenerationRecord>> History(size_t,
                                                               const std::optional<store::ObjectKey>&) override {
    return Unused();
  }
  absl::Status SetResult(uint64_t, std::string_view) override { return Unused(); }

  bool full = false;

 private:
  static absl::Status Unused() { return absl::UnimplementedError("keys of tickets are no change"); }

  std::unique_ptr<store::Store> values_ = store::MakeMemoryStore();
};

class KeeperTest : public testing::Test {
 protected:
  // A control plane that starts on what the store holds.
  std::unique_ptr<Keeper> Restarted() {
    auto keeper = std::make_unique<Keeper>(
        &store_, &log_, [this](const TicketKeys& keys) { published_.push_back(keys); }, [this] { return now_; });
    EXPECT_TRUE(keeper->Load().ok());
    return keeper;
  }
  const TicketKeys& Last() const { return published_.back(); }

  SmallStore store_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  std::vector<TicketKeys> published_;
  std::vector<std::string> lines_;
  telemetry::Log log_{telemetry::LogLevel::kDebug, telemetry::Log::Format::kText,
                      [this](std::string_view line) { lines_.emplace_back(line); }, [] { return int64_t{1}; }};
};

TEST_F(KeeperTest, MakesRandomKeysOnceAndKeepsThemOverARestart) {
  Restarted();
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(Last().current().name().size(), 16u);
  EXPECT_EQ(Last().current().cipher().size(), 32u);
  EXPECT_EQ(Last().current().mac().size(), 32u);
  EXPECT_NE(Last().current().cipher(), Last().next().cipher());
  EXPECT_NE(Last().current().cipher(), Last().current().mac());
  EXPECT_FALSE(Last().has_previous());
  now_ += absl::Hours(11);
  Restarted();
  ASSERT_EQ(published_.size(), 2u);
  EXPECT_EQ(ToBytes(published_[1]), ToBytes(published_[0]));
}

TEST_F(KeeperTest, SealsWithAKeyThatEverybodyHasHadForAPeriodAndOpensForOneMore) {
  std::unique_ptr<Keeper> keeper = Restarted();
  for (int rotation = 0; rotation < 3; ++rotation) {
    const TicketKeys before = Last();
    now_ += kRotation - absl::Seconds(1);
    keeper->Look();
    EXPECT_EQ(ToBytes(Last()), ToBytes(before)) << "it is not time yet";
    now_ += absl::Seconds(1);
    keeper->Look();
    EXPECT_EQ(Last().current().name(), before.next().name());
    EXPECT_EQ(Last().previous().name(), before.current().name());
    EXPECT_NE(Last().next().name(), before.current().name());
    EXPECT_EQ(keeper->SealingSince(), now_);
  }
  EXPECT_EQ(published_.size(), 4u);
}

TEST_F(KeeperTest, RotatesOnceHoweverLongItWasAway) {
  Restarted();
  const TicketKeys before = Last();
  now_ += 10 * kRotation;
  std::unique_ptr<Keeper> keeper = Restarted();
  EXPECT_EQ(Last().current().name(), before.next().name()) << "the data planes have that one";
  EXPECT_EQ(Last().previous().name(), before.current().name()) << "they sealed with that one until now";
  const size_t publications = published_.size();
  keeper->Look();
  EXPECT_EQ(published_.size(), publications);
}

TEST_F(KeeperTest, DoesNotTrustADateOfTheFutureButMindsNoSmallCorrection) {
  std::unique_ptr<Keeper> keeper = Restarted();
  now_ -= absl::Minutes(5);
  keeper->Look();
  EXPECT_EQ(published_.size(), 1u);
  now_ -= absl::Hours(24 * 365);
  keeper->Look();
  EXPECT_EQ(published_.size(), 2u);
}

TEST_F(KeeperTest, PublishesNoKeyThatIsNotStored) {
  store_.full = true;
  std::unique_ptr<Keeper> keeper = Restarted();
  EXPECT_TRUE(published_.empty());
  EXPECT_FALSE(keeper->SealingSince().has_value());
  store_.full = false;
  keeper->Look();
  ASSERT_EQ(published_.size(), 1u);
  const absl::Time made = now_;
  store_.full = true;
  now_ += kRotation;
  const size_t lines = lines_.size();
  for (int i = 0; i < 3; ++i) keeper->Look();
  EXPECT_EQ(published_.size(), 1u);
  EXPECT_EQ(keeper->SealingSince(), made) << "the key before goes on";
  EXPECT_EQ(lines_.size(), lines + 1) << "said once";
  store_.full = false;
  keeper->Look();
  EXPECT_EQ(published_.size(), 2u);
}

TEST_F(KeeperTest, MakesNewKeysInPlaceOfDamagedOnes) {
  Restarted();
  const std::string name = store_.RolloutState()->at(0).first;
  for (std::string damaged : {std::string("\xff\xff"), std::string("x"), ToBytes(Last()).substr(0, 90)}) {
    const TicketKeys before = Last();
    ASSERT_TRUE(store_.PutRolloutState(name, damaged).ok());
    Restarted();
    EXPECT_EQ(Last().current().name().size(), 16u);
    EXPECT_NE(Last().current().name(), before.current().name());
  }
}

TEST_F(KeeperTest, SaysNothingOfTheKeysInItsLog) {
  std::unique_ptr<Keeper> keeper = Restarted();
  now_ += kRotation;
  keeper->Look();
  ASSERT_EQ(lines_.size(), 2u);
  for (const std::string& line : lines_) EXPECT_LT(line.size(), 120u) << line;
}

}  // namespace
}  // namespace penstock::tickets
