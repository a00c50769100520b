#include "dataplane/passwords/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace penstock::passwords {
namespace {

UserFile Users() {
  std::string text;
  for (const char* name : {"ada", "bob", "eve", "joe"}) text += StrCat(name, ":$2b$05$", std::string(53, *name), "\n");
  return *UserFile::Parse(text);
}

TEST(DigestKey, TellsDifferentQuestionsApart) {
  UserFile file = Users();
  DigestKey key;
  Subject ada = key.SubjectOf("ada", file);
  Subject bob = key.SubjectOf("bob", file);
  std::set<Digest> digests = {
      key.Of("ada", ada, "x"),
      key.Of("ada", ada, "y"),
      key.Of("ada", bob, "x"),
      key.Of("bob", ada, "x"),
      key.Of("adax", ada, ""),
      key.Of("", ada, "adax"),
      key.Of("ada", {ada.user, false}, "x"),
      DigestKey().Of("ada", ada, "x"),
  };
  EXPECT_EQ(digests.size(), 8u);
  EXPECT_EQ(key.Of("ada", ada, "x"), key.Of("ada", ada, "x"));
}

// Or the time of an answer would tell who is there.
TEST(DigestKey, ComparesWhoIsNotThereWithOneOfThoseWhoAre) {
  UserFile file = Users();
  DigestKey key;
  EXPECT_TRUE(key.SubjectOf("ada", file).known);
  EXPECT_EQ(key.SubjectOf("ada", file).user, file.Find("ada"));
  std::set<const User*> stand_ins;
  for (int i = 0; i < 1000; ++i) {
    std::string name = StrCat("nobody-", i);
    Subject subject = key.SubjectOf(name, file);
    EXPECT_FALSE(subject.known);
    EXPECT_EQ(subject.user, key.SubjectOf(name, file).user) << "always the same one";
    stand_ins.insert(subject.user);
  }
  EXPECT_EQ(stand_ins.size(), file.users().size());
}

}  // namespace
}  // namespace penstock::passwords
