#include "controlplane/vault/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace penstock::vault {
namespace {

constexpr char kBase64[] = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";                   // 32 times 'a'
constexpr char kHex[] = "626262626262626262626262626262626262626262626262626262626262626B";  // 'b', once 'k'

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/keys-" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    path_ = folder_ + "/store.key";
  }

  absl::StatusOr<std::vector<Key>> Read(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    EXPECT_EQ(chmod(path_.c_str(), mode), 0);
    return ReadKeyFile(path_);
  }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyFile, ReadsBase64AndHexadecimalDigitsInTheirOrder) {
  const auto keys = Read(std::string("# ours\n\n  ") + kHex + "  # since May\r\n" + kBase64);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].id(), Key(std::string(31, 'b') + 'k').id());
  EXPECT_EQ((*keys)[1].id(), Key(std::string(32, 'a')).id());
}

TEST_F(KeyFile, NamesTheLineThatIsNoKeyAndShowsNothingOfIt) {
  const std::string key = kBase64;
  for (const std::string& bad : {std::string("hunter2-hunter2"), key.substr(0, 40), key + "AAAA",
                                 std::string(kHex).substr(0, 62), std::string(64, 'g'), key + " " + key}) {
    const absl::Status status = Read("# first\n" + bad + "\n").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(status.message().find(path_ + ":2: not a key: write 32 random bytes"), 0u) << status;
    EXPECT_EQ(status.message().find(bad.substr(0, 7)), std::string::npos) << status;
  }
}

TEST_F(KeyFile, RefusesOneWithoutAKeyOrWithTheSameTwice) {
  EXPECT_NE(Read("# nothing\n\n").status().message().find("holds no key"), std::string::npos);
  EXPECT_NE(Read("").status().message().find("holds no key"), std::string::npos);
  const absl::Status twice = Read(std::string(kBase64) + "\n" + kHex + "\n" + kBase64 + "\n").status();
  EXPECT_EQ(twice.message(), path_ + ":3: key 3ba3f5f43b926026 stands above already: remove it");
}

TEST_F(KeyFile, RefusesOneThatOthersMayReadAndSaysHowToMendIt) {
  for (mode_t mode : {0640, 0604, 0620, 0602, 0644, 0610, 0601}) {
    const absl::Status status = Read(kBase64, mode).status();
    EXPECT_EQ(status,
              absl::FailedPreconditionError("others may read the key file " + path_ + "; run: chmod 600 " + path_));
  }
  EXPECT_TRUE(Read(kBase64, 0400).ok());
}

TEST_F(KeyFile, ReadsWhereALinkLeads) {
  ASSERT_TRUE(Read(kBase64).ok());
  std::filesystem::create_symlink(path_, folder_ + "/link");
  EXPECT_TRUE(ReadKeyFile(folder_ + "/link").ok());
}

TEST_F(KeyFile, SaysWhyItCannotBeRead) {
  EXPECT_EQ(ReadKeyFile(path_).status(),
            absl::NotFoundError("cannot open the key file " + path_ + ": No such file or directory"));
  EXPECT_EQ(ReadKeyFile(folder_).status().code(), absl::StatusCode::kUnavailable);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(ReadKeyFile(path_).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(KeyFile, RefusesOneThatIsTooLong) {
  EXPECT_TRUE(Read(std::string(kMaxKeyFileBytes - sizeof(kBase64), '\n') + kBase64 + "\n").ok());
  EXPECT_FALSE(Read(std::string(kMaxKeyFileBytes, '\n') + kBase64).ok());
}

TEST_F(KeyFile, IsMadeForItsOwnerWithAKeyOfItsOwn) {
  std::ofstream(path_ + ".new") << "what a crash left";
  const mode_t before = umask(0);
  ASSERT_TRUE(MakeKeyFile(path_).ok());
  ASSERT_TRUE(MakeKeyFile(folder_ + "/other.key").ok());
  umask(before);
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  const auto key = ReadKeyFile(path_);
  const auto other = ReadKeyFile(folder_ + "/other.key");
  ASSERT_TRUE(key.ok() && other.ok()) << key.status() << other.status();
  EXPECT_EQ(key->size(), 1u);
  EXPECT_NE(key->front().id(), other->front().id());
}

TEST_F(KeyFile, IsNeverReplaced) {
  ASSERT_TRUE(Read(kBase64).ok());
  EXPECT_EQ(MakeKeyFile(path_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadKeyFile(path_)->front().id(), Key(std::string(32, 'a')).id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(KeyFile, IsNotMadeWhereItsFolderIsMissing) {
  EXPECT_EQ(MakeKeyFile(folder_ + "/none/store.key").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace penstock::vault
