#include "controlplane/management/audit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace penstock::management {
namespace {

AuditEntry Entry() {
  AuditEntry entry;
  entry.time = absl::FromUnixMillis(1'700'000'000'123);
  entry.author = "spiffe://penstock/operator/ada";
  entry.peer = "ipv4:127.0.0.1:40312";
  entry.verb = "apply";
  entry.outcome = "ok";
  entry.generation = 42;
  entry.objects = 2;
  return entry;
}

TEST(Audit, WritesOneLineOfJson) {
  EXPECT_EQ(
      AuditLine(Entry()),
      R"({"time":"2023-11-14T22:13:20.123Z","author":"spiffe://penstock/operator/ada","peer":"ipv4:127.0.0.1:40312",)"
      R"("verb":"apply","outcome":"ok","generation":42,"objects":2})");
}

TEST(Audit, EscapesWhatPeopleWrite) {
  AuditEntry entry = Entry();
  entry.message = "say \"hi\"\n{\"author\":\"eve\"}";
  const std::string line = AuditLine(entry);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"("message":"say \"hi\"\u000a{\"author\":\"eve\"}")"), std::string::npos) << line;
}

TEST(Audit, AppendsToAFileOfItsOwnerOnly) {
  const std::string path = testing::TempDir() + "/audit.jsonl";
  std::remove(path.c_str());
  for (int i = 0; i < 2; ++i) AuditLog::Open(path)->Write(Entry());
  std::ifstream file(path);
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) ++lines;
  EXPECT_EQ(lines, 2);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Audit, GoesOnInANewFileWhenTheOldOneWasMovedAway) {
  const std::string path = testing::TempDir() + "/rotated.jsonl";
  auto audit = AuditLog::Open(path);
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_TRUE(audit->Reopen().ok());
  audit->Write(Entry());
  std::ifstream file(path);
  std::string line;
  EXPECT_TRUE(std::getline(file, line));
}

}  // namespace
}  // namespace penstock::management
