#include "dataplane/passwords/user_file.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::passwords {
namespace {

const std::string kHash = "$2b$05$" + std::string(53, 'a');
const std::string kOther = "$2b$05$" + std::string(53, 'b');

TEST(UserFile, KnowsTheUsersOfItsLines) {
  StatusOr<UserFile> file =
      UserFile::Parse("# people\n\nada:" + kHash + "\r\ngr\xc3\xa9goire m.:" + kOther + "\n#bob:x\n");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->users().size(), 2u);
  EXPECT_EQ(file->Find("ada")->hash.text(), kHash);
  EXPECT_EQ(file->Find("gr\xc3\xa9goire m.")->hash.text(), kOther);
  for (const char* nobody : {"", "Ada", "ada ", "bob", "# people"}) EXPECT_EQ(file->Find(nobody), nullptr) << nobody;
}

TEST(UserFile, ReadsWhatAnEditorOfWindowsHasSaved) {
  StatusOr<UserFile> file = UserFile::Parse(
      "\xEF\xBB\xBF"
      "ada:" +
      kHash + "\r\n");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_NE(file->Find("ada"), nullptr);
}

TEST(UserFile, NamesTheLineThatIsWrongAndHowToMakeAGoodOne) {
  const std::string good = "ada:" + kHash + "\n";
  const std::pair<std::string, std::string> kRows[] = {
      {"", "has no line USER:HASH, so that nobody could come in"},
      {"# nobody\n", "has no line USER:HASH, so that nobody could come in"},
      {good + "\nbob\n", "line 3: there is no colon between a user and a hash"},
      {good + ":" + kHash, "line 2: the user's name is empty"},
      {good + "b\tb:" + kHash, "line 2: the user's name has a control character"},
      {good + "b\xff:" + kHash, "line 2: the user's name is not UTF-8"},
      {good + " bob:" + kHash, "line 2: begins or ends with a blank"},
      {good + "bob:" + kHash + " ", "line 2: begins or ends with a blank"},
      {good + "bob :" + kHash, "line 2: the user's name begins or ends with a blank"},
      {good + std::string(257, 'b') + ":" + kHash, "line 2: the user's name has more than 256 bytes"},
      {good + "bob:hunter2\n",
       "line 2: the hash of bob is the password itself, or a hash of DES: neither protects anybody; make it with: "
       "penstock key hash-password USER"},
      {good + "bob:" + kHash + ":Bob\n",
       "line 2: the hash of bob is no whole bcrypt hash; make it with: penstock key hash-password USER"},
      {good + good, "line 2: user ada is there already, in a line before"},
  };
  for (const auto& [text, why] : kRows) EXPECT_EQ(UserFile::Parse(text).status().message(), why);
}

TEST(UserFile, TellsNobodyWhatIsBehindAColon) {
  for (const char* secret : {"hunter2", "$apr1$hunter2", "{SHA}hunter2", "$2b$05$hunter2", "$6$hunter2", "a:hunter2"}) {
    StatusOr<UserFile> file = UserFile::Parse(StrCat("ada:", secret));
    ASSERT_FALSE(file.ok()) << secret;
    EXPECT_EQ(std::string(file.status().message()).find("hunter2"), std::string::npos) << file.status();
  }
  // A line without a colon may be nothing but a password.
  EXPECT_EQ(std::string(UserFile::Parse("hunter2").status().message()).find("hunter2"), std::string::npos);
}

TEST(UserFile, TakesABoundedNumberOfUsers) {
  std::string text;
  for (size_t i = 0; i < UserFile::kMaxUsers; ++i) text += StrCat("u", i, ":", kHash, "\n");
  EXPECT_TRUE(UserFile::Parse(text).ok());
  EXPECT_EQ(UserFile::Parse(text + "more:" + kHash).status().message(), "line 10001: at most 10000 users");
}

}  // namespace
}  // namespace penstock::passwords
