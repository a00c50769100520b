#include "tools/cli/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tools/cli/exit.h"

namespace penstock::cli {
namespace {

class Files : public testing::Test {
 protected:
  Files() : folder_(testing::TempDir() + "/penstock_files") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, text).ok());
  }

  const std::string folder_;
};

TEST_F(Files, ReadsWhatManifestsNameInDataFromFiles) {
  Write("shop/cert.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: cert}\n"
        "dataFromFiles: {tls.crt: pem/shop.crt, tls.key: /nowhere/shop.key}\n");
  Write("shop/pem/shop.crt", "CERTIFICATE");
  absl::StatusOr<std::vector<ManifestFile>> files = ReadManifests({folder_ + "/shop/cert.yaml"});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 2u) << "what cannot be read is left to the findings";
  EXPECT_FALSE((*files)[0].attached);
  EXPECT_EQ((*files)[1].name, folder_ + "/shop/pem/shop.crt");
  EXPECT_EQ((*files)[1].text, "CERTIFICATE");
  EXPECT_TRUE((*files)[1].attached);
}

TEST_F(Files, ReadsAFolderInOrderWithoutWhatIsHiddenOrNoManifest) {
  Write("b.yml", "2");
  Write("a.yaml", "1");
  Write("sub/c.json", "3");
  Write("notes.txt", "no");
  Write(".hidden.yaml", "no");
  Write(".git/d.yaml", "no");
  absl::StatusOr<std::vector<ManifestFile>> files = ReadManifests({folder_});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].name, folder_ + "/a.yaml");
  EXPECT_EQ((*files)[1].text, "2");
  EXPECT_EQ((*files)[2].name, folder_ + "/sub/c.json");
}

TEST_F(Files, CallsUnreadableInputAUsageError) {
  EXPECT_EQ(ExitOf(ReadManifests({folder_ + "/absent.yaml"}).status()), Exit::kUsage);
  EXPECT_EQ(ExitOf(ReadManifests({folder_}).status()), Exit::kUsage);  // empty
  EXPECT_EQ(ExitOf(ReadManifests({}).status()), Exit::kUsage);
}

TEST_F(Files, WritesOutputIntoWhatIsNoFileAndWhereALinkLeads) {
  ASSERT_TRUE(WriteOutput("/dev/null", "x").ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));

  Write("real", "old");
  std::filesystem::create_symlink("real", folder_ + "/link");
  std::filesystem::create_symlink("later", folder_ + "/dangling");
  ASSERT_TRUE(WriteOutput(folder_ + "/link", "new").ok());
  ASSERT_TRUE(WriteOutput(folder_ + "/dangling", "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ + "/link"));
  EXPECT_EQ(*ReadFile(folder_ + "/real"), "new");
  EXPECT_EQ(*ReadFile(folder_ + "/later"), "new");

  std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(WriteOutput(fifo, "through").ok());
  char read_back[8] = {};
  EXPECT_EQ(read(reader, read_back, sizeof(read_back)), 7);
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

TEST_F(Files, MakesNoFoldersForOutput) {
  absl::Status refused = WriteOutput(folder_ + "/absent/x", "x");
  EXPECT_EQ(refused.message(), "cannot write " + folder_ + "/absent/x: there is no folder " + folder_ + "/absent");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/absent"));
  EXPECT_EQ(WriteOutput(folder_, "x").message(), "cannot write " + folder_ + ": it is a folder");
}

TEST_F(Files, WritesForItsOwnerOnly) {
  Write("deep/er/secret.key", "x");
  struct stat info;
  ASSERT_EQ(stat((folder_ + "/deep/er/secret.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*ReadFile(folder_ + "/deep/er/secret.key"), "x");
}

}  // namespace
}  // namespace penstock::cli
