#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace penstock::cli {

enum class Format { kTable, kJson, kYaml };

enum class Colour { kNone, kRed, kYellow, kGreen, kBold, kDim };

// Where a verb's words go: data to stdout, everything about the doing to stderr. Used from one thread.
class Console {
 public:
  struct Options {
    Format format = Format::kTable;
    bool quiet = false;  // no progress, no notes; errors and warnings stay
    bool out_colour = false;
    bool err_colour = false;
    bool out_is_terminal = false;
    bool err_is_terminal = false;  // progress rewrites its line; otherwise a line per change
  };

  // Both streams must outlive the console.
  Console(std::ostream& out, std::ostream& err, Options options) : out_(out), err_(err), options_(options) {}
  ~Console() { EndProgress(); }

  Format format() const { return options_.format; }
  bool quiet() const { return options_.quiet; }
  // Data on a terminal may clear the screen first.
  bool clears() const { return options_.out_is_terminal; }
  bool out_colour() const { return options_.out_colour; }
  bool err_colour() const { return options_.err_colour; }
  bool interactive() const { return options_.err_is_terminal && !options_.quiet; }

  // Data, as it is.
  void Out(std::string_view text);
  // Why data could not be written, of the first time; "" it all was.
  const std::string& lost_output() const { return lost_output_; }
  // A line about what is going on.
  void Note(std::string_view line);
  // A line that people must see even with --quiet.
  void Error(std::string_view line);
  // The state of a wait. A terminal sees one line that changes, a log one line per different text.
  void Progress(std::string_view line);
  // Ends the line that Progress keeps open.
  void EndProgress();

  std::string PaintOut(Colour colour, std::string_view text) const { return Paint(options_.out_colour, colour, text); }
  std::string PaintErr(Colour colour, std::string_view text) const { return Paint(options_.err_colour, colour, text); }

 private:
  static std::string Paint(bool on, Colour colour, std::string_view text);

  std::ostream& out_;
  std::ostream& err_;
  const Options options_;
  std::string progress_;
  std::string lost_output_;
};

}  // namespace penstock::cli
