#pragma once

#include <string_view>

#include "dataplane/exchange/reason.h"

namespace penstock {

// What a policy decides about an exchange.
class Verdict {
 public:
  // Of a reply whose text becomes the member `detail` of an object.
  static constexpr std::string_view kProblemDetails = "application/problem+json";

  static Verdict Continue() { return Verdict(); }

  // Answers here and now with the reason's status, and its text as problem details (RFC 9457). Header fields of the
  // reply: OnRequest adds them to Exchange::response.headers; a reply from OnResponse has none.
  static Verdict Reply(Reason reason) {
    return Reply(reason, RowOf(reason).status, RowOf(reason).text, kProblemDetails);
  }

  // The same with a status and content of the policy's. TEXT lives until the response is written (static, the
  // Snapshot's or the Exchange's arena).
  static Verdict Reply(Reason reason, int status, std::string_view text, std::string_view content_type = "text/plain") {
    Verdict verdict;
    verdict.reply_ = true;
    verdict.reason_ = reason;
    verdict.status_ = status;
    verdict.text_ = text;
    verdict.content_type_ = content_type;
    return verdict;
  }

  bool is_reply() const { return reply_; }
  Reason reason() const { return reason_; }
  int status() const { return status_; }
  std::string_view text() const { return text_; }
  std::string_view content_type() const { return content_type_; }

 private:
  bool reply_ = false;
  Reason reason_ = Reason::kNone;
  int status_ = 0;
  std::string_view text_;
  std::string_view content_type_;
};

}  // namespace penstock
