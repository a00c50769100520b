// embed FILE FUNCTION HEADER OUT: writes C++ that defines `std::string_view FUNCTION()`, which returns the bytes of
// FILE.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

std::string Literal(const std::string& bytes) {
  constexpr size_t kPerLine = 40;
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kPerLine == 0) text += i == 0 ? "\"" : "\"\n    \"";
    char octal[5];
    std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
    text += octal;
  }
  return text + "\"";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: embed FILE FUNCTION HEADER OUT\n");
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || bytes.empty()) {
    std::fprintf(stderr, "embed: cannot read %s\n", argv[1]);
    return 1;
  }
  std::ofstream out(argv[4]);
  out << "#include \"" << argv[3] << "\"\n\nstd::string_view " << argv[2]
      << "() {\n  static constexpr char kBytes[] =\n    " << Literal(bytes) << ";\n  return {kBytes, " << bytes.size()
      << "};\n}\n";
  return out.flush() ? 0 : 1;
}
