#pragma once

#include <string>

namespace penstock::test {

// A folder of the test for certificates, inputs and outputs; gone with the object.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;

  // The path of NAME in it.
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Writes CONTENT to NAME and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;
  std::string Read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace penstock::test
