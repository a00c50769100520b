#include "dataplane/xds/last_known_good.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "dataplane/snapshot/hash.h"

namespace penstock::xds {
namespace {

using snapshot::Delta;
using snapshot::Resource;

Resource Cluster(std::string name, std::string bytes) {
  return {std::string(snapshot::kClusterType), std::move(name), "v", std::move(bytes)};
}

xds::v1::Generation Generation(uint64_t number) {
  xds::v1::Generation generation;
  generation.set_epoch(1);
  generation.set_number(number);
  return generation;
}

Delta Change(std::vector<Resource> upserts, uint64_t number) { return {std::move(upserts), {}, Generation(number)}; }

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class LastKnownGoodTest : public testing::Test {
 protected:
  LastKnownGoodTest() {
    static int count = 0;
    dir_ = StrCat(std::string(std::getenv("TEST_TMPDIR")), "/", getpid(), "-", count++);
    path_ = dir_ + "/last-known-good";
  }

  std::unique_ptr<LastKnownGood> Open() {
    auto opened = LastKnownGood::Open(dir_, [this](const Status& status) { failures_.push_back(status); });
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  // Number of the generation that a new process finds; 0: none.
  uint64_t FoundAfterRestart() {
    LastKnownGood::Loaded loaded = Open()->Load();
    warning_ = loaded.warning;
    return loaded.generation.has_value() ? loaded.generation->generation.number() : 0;
  }

  std::string dir_;
  std::string path_;
  std::string warning_;
  std::vector<Status> failures_;
};

TEST_F(LastKnownGoodTest, HasNothingAtFirst) {
  EXPECT_EQ(FoundAfterRestart(), 0u);
  EXPECT_EQ(warning_, "");
}

TEST_F(LastKnownGoodTest, FindsWhatWasServedLast) {
  {
    auto disk = Open();
    disk->Load();
    disk->Append(Change({Cluster("a", "1"), Cluster("b", "1")}, 1));
    disk->Append({{Cluster("a", "2")}, {{std::string(snapshot::kClusterType), "b"}}, Generation(2)});
    disk->Flush();
  }
  LastKnownGood::Loaded loaded = Open()->Load();
  ASSERT_TRUE(loaded.generation.has_value());
  EXPECT_EQ(loaded.generation->generation.number(), 2u);
  ASSERT_EQ(loaded.generation->resources.size(), 1u);
  EXPECT_EQ(loaded.generation->resources[0].bytes, "2");
  EXPECT_TRUE(failures_.empty());
}

TEST_F(LastKnownGoodTest, IsReadableByItsOwnerOnly) {
  auto disk = Open();
  disk->Load();
  disk->Append(Change({}, 1));
  disk->Flush();
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(dir_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(LastKnownGoodTest, GoesOnWritingAfterARestart) {
  for (uint64_t number = 1; number <= 3; ++number) {
    auto disk = Open();
    disk->Load();
    disk->Append(Change({Cluster(StrCat("c", number), "1")}, number));
  }
  LastKnownGood::Loaded loaded = Open()->Load();
  EXPECT_EQ(loaded.generation->resources.size(), 3u);
}

TEST_F(LastKnownGoodTest, NeverServesAPartOfAFileThatWasCutShort) {
  {
    auto disk = Open();
    disk->Load();
    for (uint64_t number = 1; number <= 5; ++number)
      disk->Append(Change({Cluster("c", std::string(100, 'x'))}, number));
  }
  std::string whole = Read(path_);
  uint64_t last = 0;
  constexpr size_t kStep = 13;  // finds every part of a record at some generation
  for (size_t size = whole.size() % kStep; size <= whole.size(); size += kStep) {
    Write(path_, whole.substr(0, size));
    uint64_t found = FoundAfterRestart();
    EXPECT_GE(found, last) << "at " << size;
    last = found;
    unlink((path_ + ".damaged").c_str());
  }
  EXPECT_EQ(last, 5u);
}

TEST_F(LastKnownGoodTest, CutsATornEndOffBeforeItGoesOn) {
  {
    auto disk = Open();
    disk->Load();
    disk->Append(Change({Cluster("a", "1")}, 1));
  }
  Write(path_, Read(path_) + "\x07");
  {
    auto disk = Open();
    EXPECT_NE(disk->Load().warning, "");
    disk->Append(Change({Cluster("b", "1")}, 2));
  }
  EXPECT_EQ(FoundAfterRestart(), 2u);
  EXPECT_EQ(warning_, "");
}

TEST_F(LastKnownGoodTest, FallsBackToTheFileBeforeADamagedOne) {
  {
    auto disk = Open();
    disk->Load();
    disk->Replace({Cluster("a", "1")}, Generation(1));
    disk->Flush();
    disk->Replace({Cluster("a", "2")}, Generation(2));
    disk->Flush();
  }
  std::string damaged = Read(path_);
  damaged[damaged.size() / 2] ^= 1;
  Write(path_, damaged);
  EXPECT_EQ(FoundAfterRestart(), 1u);
  EXPECT_NE(warning_.find("the generation before it is used"), std::string::npos) << warning_;
  EXPECT_EQ(Read(path_ + ".damaged"), damaged);
  EXPECT_EQ(FoundAfterRestart(), 1u);
  EXPECT_EQ(warning_, "") << "it was repaired";
}

TEST_F(LastKnownGoodTest, WaitsForAControlPlaneWhenAllIsDamaged) {
  Open()->Load();
  Write(path_, "PENSTOCKGEN1\nnonsense that is long enough to be a record of some kind");
  EXPECT_EQ(FoundAfterRestart(), 0u);
}

TEST_F(LastKnownGoodTest, SaysSoWhenItsFileIsEmpty) {
  Open()->Load();
  Write(path_, "");
  EXPECT_EQ(FoundAfterRestart(), 0u);
  EXPECT_NE(warning_.find("it is empty"), std::string::npos) << warning_;
  EXPECT_EQ(FoundAfterRestart(), 0u);
  EXPECT_EQ(warning_, "") << "it was put aside";
}

TEST_F(LastKnownGoodTest, TellsWhenItCanBeWrittenAgain) {
  std::unique_ptr<LastKnownGood> disk;
  int recoveries = 0;
  std::string aside = dir_ + ".aside";
  auto mend = [&](const Status& status) {
    failures_.push_back(status);
    ASSERT_EQ(rename(aside.c_str(), dir_.c_str()), 0);
    // Takes the place of the one that failed, so that nothing waits for the next try.
    disk->Replace({Cluster("a", "2")}, Generation(2));
  };
  disk = *LastKnownGood::Open(dir_, mend, [&] { ++recoveries; });
  disk->Load();
  ASSERT_EQ(rename(dir_.c_str(), aside.c_str()), 0);
  disk->Replace({Cluster("a", "1")}, Generation(1));
  disk->Flush();
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_EQ(recoveries, 1);
  disk.reset();
  EXPECT_EQ(FoundAfterRestart(), 2u);
}

TEST_F(LastKnownGoodTest, CompactsAFileThatGrewByChanges) {
  auto disk = Open();
  disk->Load();
  std::string large(64 << 10, 'x');
  for (uint64_t number = 1; number <= 100; ++number) disk->Append(Change({Cluster("c", large)}, number));
  disk->Flush();
  EXPECT_LT(disk->bytes(), 2 * LastKnownGood::kCompactAtLeastBytes);
  disk.reset();
  EXPECT_EQ(FoundAfterRestart(), 100u);
}

TEST_F(LastKnownGoodTest, KeepsEndpointsThatMovedBetweenGenerations) {
  {
    auto disk = Open();
    disk->Load();
    disk->Append(Change({Cluster("a", "1")}, 1));
    disk->AppendEndpoints({{std::string(snapshot::kEndpointsType), "a", "e", "addresses"}}, {});
  }
  LastKnownGood::Loaded loaded = Open()->Load();
  EXPECT_EQ(loaded.generation->resources.size(), 2u);
}

TEST_F(LastKnownGoodTest, BelongsToOneProcess) {
  auto disk = Open();
  Status second = LastKnownGood::Open(dir_, [](const Status&) {}).status();
  EXPECT_EQ(second.message(), StrCat("another process uses the folder of ", dir_, "/lock (pid ", getpid(),
                                     "); give each data plane its own --state-dir"));
}

TEST_F(LastKnownGoodTest, SaysWhenItsFolderCannotBeMade) {
  Status status = LastKnownGood::Open("/no/such/parent/state", [](const Status&) {}).status();
  EXPECT_EQ(status.message(),
            "cannot make the folder /no/such/parent/state: No such file or directory; give a writable folder with "
            "--state-dir");
}

}  // namespace
}  // namespace penstock::xds
