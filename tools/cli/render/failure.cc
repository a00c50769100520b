#include "tools/cli/render/failure.h"

#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "tools/cli/text.h"

namespace penstock::cli {

Exit TellFailure(const absl::Status& error, Console& console, const Json& also) {
  Exit exit = ExitOf(error);
  console.Error(StrCat(console.PaintErr(Colour::kRed, "error:"), " ", PrintableLines(ToStd(error.message()))));
  if (console.format() == Format::kTable) {
    console.Out(MembersText(also));
  } else {
    Json body = {{"exit", static_cast<int>(exit)}, {"message", std::string(error.message())}};
    body.update(also);
    PrintDocument(console, Document("Error", body));
  }
  return exit;
}

}  // namespace penstock::cli
