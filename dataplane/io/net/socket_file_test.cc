#include "dataplane/io/net/socket_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

class SocketFileTest : public testing::Test {
 protected:
  SocketFileTest() { unlink(path_.c_str()); }
  ~SocketFileTest() override { unlink(path_.c_str()); }

  bool Answers() {
    SocketAddress address = *SocketAddress::Unix(path_);
    Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
    return connect(client.get(), address.raw(), address.raw_length()) == 0;
  }
  bool IsThere() { return std::filesystem::exists(std::filesystem::symlink_status(path_)); }
  // What a process that was killed leaves: a file that nobody listens at.
  void LeaveDead() { Fd dead = *Listen(*SocketAddress::Unix(path_), {}); }

  const std::string path_ = StrCat("/tmp/penstock-socket-file-test-", getpid(), ".sock");
};

TEST_F(SocketFileTest, IsForItsOwnerAndGroupWhateverTheUmaskIs) {
  mode_t before = umask(0077);
  StatusOr<UnixListening> listening = ListenUnix(path_, {});
  umask(before);
  ASSERT_TRUE(listening.ok()) << listening.status();
  struct stat file{};
  ASSERT_EQ(lstat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, kSocketMode);
  EXPECT_TRUE(Answers());
}

TEST_F(SocketFileTest, ReplacesTheSocketOfADeadProcess) {
  LeaveDead();
  ASSERT_TRUE(IsThere());
  EXPECT_FALSE(Answers());
  StatusOr<UnixListening> listening = ListenUnix(path_, {});
  ASSERT_TRUE(listening.ok()) << listening.status();
  EXPECT_TRUE(Answers());
}

TEST_F(SocketFileTest, NamesWhoListensThereAlready) {
  UnixListening first = *ListenUnix(path_, {});
  StatusOr<UnixListening> second = ListenUnix(path_, {});
  ASSERT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
  EXPECT_NE(second.status().message().find(StrCat("(pid ", getpid(), ")")), std::string::npos) << second.status();
  EXPECT_TRUE(Answers()) << "the first one goes on";
}

TEST_F(SocketFileTest, AFullQueueIsSomebodyToo) {
  UnixListening first = *ListenUnix(path_, {.backlog = 0});
  SocketAddress address = *SocketAddress::Unix(path_);
  std::vector<Fd> waiting;
  do {
    waiting.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
  } while (connect(waiting.back().get(), address.raw(), address.raw_length()) == 0);
  EXPECT_TRUE(absl::IsAlreadyExists(ListenUnix(path_, {}).status()));
}

TEST_F(SocketFileTest, LeavesAFileThatIsNoSocket) {
  std::ofstream(path_) << "mine";
  StatusOr<UnixListening> listening = ListenUnix(path_, {});
  EXPECT_TRUE(absl::IsFailedPrecondition(listening.status())) << listening.status();
  std::string content;
  std::ifstream(path_) >> content;
  EXPECT_EQ(content, "mine");
}

TEST_F(SocketFileTest, DoesNotFollowALink) {
  std::string target = StrCat(path_, ".target");
  std::ofstream(target) << "theirs";
  ASSERT_EQ(symlink(target.c_str(), path_.c_str()), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(ListenUnix(path_, {}).status()));
  EXPECT_TRUE(std::filesystem::exists(target));
  unlink(target.c_str());
}

TEST_F(SocketFileTest, SaysThatThereIsNoFolder) {
  Status status = ListenUnix("/nonexistent/folder/x.sock", {}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_NE(status.message().find("/nonexistent/folder"), std::string::npos) << status;
}

TEST_F(SocketFileTest, IsGoneWhenItEndsAndWhoWaitsIsStillServed) {
  UnixListening listening = *ListenUnix(path_, {});
  SocketAddress address = *SocketAddress::Unix(path_);
  Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(connect(client.get(), address.raw(), address.raw_length()), 0);
  listening.file->Remove();
  EXPECT_FALSE(IsThere());
  Fd accepted(accept(listening.socket.get(), nullptr, nullptr));
  EXPECT_TRUE(accepted.valid());
}

TEST_F(SocketFileTest, LeavesTheFileOfItsSuccessor) {
  UnixListening first = *ListenUnix(path_, {});
  unlink(path_.c_str());
  UnixListening second = *ListenUnix(path_, {});
  first.file->Remove();
  EXPECT_TRUE(Answers());
}

TEST_F(SocketFileTest, OneOfManyWhoComeAtTheSameTimeGetsIt) {
  LeaveDead();
  constexpr int kThreads = 8;
  std::vector<StatusOr<UnixListening>> results(kThreads);
  std::vector<std::thread> threads;
  for (StatusOr<UnixListening>& result : results) {
    threads.emplace_back([this, &result] { result = ListenUnix(path_, {}); });
  }
  for (std::thread& thread : threads) thread.join();
  int won = 0;
  for (const StatusOr<UnixListening>& result : results) {
    won += result.ok() ? 1 : 0;
    if (!result.ok()) EXPECT_TRUE(absl::IsAlreadyExists(result.status())) << result.status();
  }
  EXPECT_EQ(won, 1);
  EXPECT_TRUE(Answers());
}

}  // namespace
}  // namespace penstock::io
