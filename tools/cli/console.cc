#include "tools/cli/console.h"

#include <cerrno>
#include <cstring>

#include "tools/cli/text.h"

namespace penstock::cli {

void Console::Out(std::string_view text) {
  EndProgress();
  errno = 0;
  out_ << text << std::flush;
  if (out_.good() || !lost_output_.empty()) return;
  lost_output_ = errno == 0 ? "it takes no more" : std::strerror(errno);
}

void Console::Note(std::string_view line) {
  if (options_.quiet) return;
  EndProgress();
  err_ << line << std::endl;
}

void Console::Error(std::string_view line) {
  EndProgress();
  err_ << line << std::endl;
}

void Console::Progress(std::string_view line) {
  if (options_.quiet || line == progress_) return;
  progress_ = line;
  if (options_.err_is_terminal) {
    err_ << "\r\033[K" << line << std::flush;
  } else {
    err_ << line << std::endl;
  }
}

void Console::EndProgress() {
  if (options_.err_is_terminal && !progress_.empty()) err_ << std::endl;
  progress_.clear();
}

std::string Console::Paint(bool on, Colour colour, std::string_view text) {
  constexpr std::string_view kCodes[] = {"", "\033[31m", "\033[33m", "\033[32m", "\033[1m", "\033[2m"};
  if (!on || colour == Colour::kNone) return std::string(text);
  return StrCat(kCodes[static_cast<int>(colour)], text, "\033[0m");
}

}  // namespace penstock::cli
