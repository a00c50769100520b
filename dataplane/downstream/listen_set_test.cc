#include "dataplane/downstream/listen_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "dataplane/base/strings.h"

namespace penstock::downstream {
namespace {

using snapshot::BindKey;

// A port of 127.0.0.1 and its holder.
struct Taken {
  Taken() : socket(*io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {.reuse_port = false})) {
    port = io::BoundAddress(socket)->port();
  }
  io::Fd socket;
  uint16_t port = 0;
};

uint16_t FreePort() { return Taken().port; }

class ListenSetTest : public testing::Test {
 protected:
  ListenSet set_{2, "127.0.0.1"};
};

TEST_F(ListenSetTest, TellsEveryPlaceThatIsTakenAndWhoHasIt) {
  Taken first, second;
  const BindKey keys[] = {{"", first.port}, {"", FreePort()}, {"127.0.0.1", second.port}};
  OpenedPlaces opened = set_.Open(keys);
  EXPECT_TRUE(opened.places.empty()) << "nothing is half open";
  ASSERT_EQ(opened.failures.size(), 2u);
  EXPECT_EQ(opened.failures[0].key, keys[0]);
  EXPECT_EQ(opened.failures[1].key, keys[2]);
  for (const PlaceFailure& failure : opened.failures) {
    std::string text(failure.why.message());
    EXPECT_NE(text.find(StrCat("cannot listen at 127.0.0.1:", failure.key.port)), text.npos) << text;
    EXPECT_NE(text.find(StrCat("(pid ", getpid(), ")")), text.npos) << text;
  }
}

TEST_F(ListenSetTest, OpensAWildcardBesideAnAddressOfTheSamePort) {
  uint16_t port = FreePort();
  std::vector<BindKey> keys = {{"", port}, {"0.0.0.0", port}};
  OpenedPlaces opened = set_.Open(keys);
  ASSERT_TRUE(opened.failures.empty()) << opened.failures[0].why;
  EXPECT_EQ(opened.places.size(), 2u);
  set_.Keep(keys);
  keys.push_back({"127.0.0.2", port});
  OpenedPlaces more = set_.Open(keys);
  ASSERT_TRUE(more.failures.empty()) << more.failures[0].why;
  EXPECT_EQ(more.places.size(), 1u);
}

TEST_F(ListenSetTest, SaysWhichTwoPlacesAreTheSameAddress) {
  uint16_t port = FreePort();
  const BindKey keys[] = {{"", port}, {"127.0.0.1", port}};
  OpenedPlaces opened = set_.Open(keys);
  ASSERT_EQ(opened.failures.size(), 1u);
  EXPECT_EQ(opened.failures[0].key, keys[1]);
  EXPECT_EQ(opened.failures[0].same_as, keys[0]);
}

TEST_F(ListenSetTest, APlaceMayBeSpelledOtherwiseInTheNextGeneration) {
  uint16_t port = FreePort();
  const BindKey before[] = {{"", port}};
  const BindKey after[] = {{"127.0.0.1", port}};
  OpenedPlaces opened = set_.Open(before);
  ASSERT_TRUE(opened.failures.empty()) << opened.failures[0].why;
  set_.Keep(before);
  OpenedPlaces next = set_.Open(after);
  ASSERT_TRUE(next.failures.empty()) << next.failures[0].why;
  EXPECT_EQ(set_.Keep(after), std::vector<BindKey>({before[0]}));
}

class UnixListenSetTest : public ListenSetTest {
 protected:
  ~UnixListenSetTest() override { unlink(path_.c_str()); }
  bool IsThere() const { return std::filesystem::exists(path_); }

  const std::string path_ = StrCat("/tmp/penstock-listen-set-test-", getpid(), ".sock");
  const BindKey key_{StrCat("unix:", path_), 0};
};

TEST_F(UnixListenSetTest, AllWorkersAcceptAtOneSocket) {
  OpenedPlaces opened = set_.Open(std::span(&key_, 1));
  ASSERT_TRUE(opened.failures.empty()) << opened.failures[0].why;
  ASSERT_EQ(opened.places[0].sockets.size(), 2u);
  EXPECT_EQ(opened.places[0].address.ToString(), key_.address);
  for (const io::Fd& worker : opened.places[0].sockets) {
    io::Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(connect(client.get(), opened.places[0].address.raw(), opened.places[0].address.raw_length()), 0);
    EXPECT_TRUE(io::Fd(accept(worker.get(), nullptr, nullptr)).valid());
  }
}

TEST_F(UnixListenSetTest, APlaceThatIsNotServedAfterAllLeavesNoFile) {
  OpenedPlaces opened = set_.Open(std::span(&key_, 1));
  ASSERT_TRUE(opened.failures.empty()) << opened.failures[0].why;
  EXPECT_TRUE(IsThere());
  opened.places.clear();
  EXPECT_FALSE(IsThere());
}

TEST_F(UnixListenSetTest, TellsThatSomebodyListensThere) {
  io::UnixListening other = *io::ListenUnix(path_, {});
  OpenedPlaces opened = set_.Open(std::span(&key_, 1));
  ASSERT_EQ(opened.failures.size(), 1u);
  std::string text(opened.failures[0].why.message());
  EXPECT_NE(text.find(StrCat("cannot listen at ", key_.address, ": already in use")), text.npos) << text;
}

TEST_F(UnixListenSetTest, StaysOpenWhileGenerationsHaveIt) {
  OpenedPlaces opened = set_.Open(std::span(&key_, 1));
  set_.Keep(std::span(&key_, 1));
  OpenedPlaces again = set_.Open(std::span(&key_, 1));
  EXPECT_TRUE(again.places.empty() && again.failures.empty());
  EXPECT_EQ(set_.Keep({}), std::vector<BindKey>({key_}));
}

}  // namespace
}  // namespace penstock::downstream
