#include "dataplane/http/h1/oracle.h"

#include <boost/beast/http.hpp>
#include <utility>
#include <vector>

#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/uri.h"
#include "llhttp.h"

namespace penstock::http::h1 {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// What a parser read.
struct Reading {
  bool accepted = false;  // the head, and the content as far as it came
  bool head_done = false;
  bool message_done = false;
  bool upgrade = false;
  bool framing_in_trailers = false;
  std::string method;
  std::string target;
  int status = 0;
  Fields fields;
  std::string body;
};

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string Trim(std::string text) {
  size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// ---- llhttp

Reading& Of(llhttp_t* parser) { return *static_cast<Reading*>(parser->data); }

int OnUrl(llhttp_t* p, const char* at, size_t n) { return Of(p).target.append(at, n), 0; }
int OnField(llhttp_t* p, const char* at, size_t n) {
  Reading& r = Of(p);
  if (r.head_done) return 0;  // trailers
  if (r.fields.empty() || !r.fields.back().second.empty()) r.fields.emplace_back();
  r.fields.back().first.append(at, n);
  return 0;
}
int OnValue(llhttp_t* p, const char* at, size_t n) {
  if (!Of(p).head_done) Of(p).fields.back().second.append(at, n);
  return 0;
}
int OnValueDone(llhttp_t* p) {
  // Marks the value as there even if it is empty.
  if (!Of(p).head_done) Of(p).fields.back().second += ' ';
  return 0;
}
int OnHead(llhttp_t* p) {
  Reading& r = Of(p);
  r.head_done = true;
  r.status = p->status_code;
  r.upgrade = p->upgrade != 0;
  return 0;
}
int OnBody(llhttp_t* p, const char* at, size_t n) { return Of(p).body.append(at, n), 0; }
int OnEnd(llhttp_t* p) { return Of(p).message_done = true, HPE_PAUSED; }

Reading ReadWithLlhttp(std::string_view message, llhttp_type_t type) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = OnUrl;
  settings.on_header_field = OnField;
  settings.on_header_value = OnValue;
  settings.on_header_value_complete = OnValueDone;
  settings.on_headers_complete = OnHead;
  settings.on_body = OnBody;
  settings.on_message_complete = OnEnd;
  llhttp_t parser;
  llhttp_init(&parser, type, &settings);
  Reading reading;
  parser.data = &reading;
  llhttp_errno_t error = llhttp_execute(&parser, message.data(), message.size());
  reading.accepted = error == HPE_OK || error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE;
  if (reading.accepted && type == HTTP_REQUEST)
    reading.method = llhttp_method_name(static_cast<llhttp_method_t>(parser.method));
  for (auto& [name, value] : reading.fields) {
    name = Lower(name);
    value = Trim(value);
  }
  return reading;
}

// ---- Beast: heads only

template <bool kRequest>
Reading ReadWithBeast(std::string_view message) {
  namespace beast = boost::beast::http;
  beast::parser<kRequest, beast::empty_body> parser;
  parser.header_limit(1 << 20);
  parser.body_limit(boost::none);
  parser.skip(true);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(message.data(), message.size()), error);
  Reading reading;
  reading.head_done = parser.is_header_done();
  reading.accepted = reading.head_done;
  if (!reading.head_done) return reading;
  if constexpr (kRequest) {
    reading.method = std::string(parser.get().method_string());
    reading.target = std::string(parser.get().target());
  } else {
    reading.status = parser.get().result_int();
  }
  for (const auto& field : parser.get()) {
    reading.fields.emplace_back(Lower(std::string(field.name_string())), std::string(field.value()));
  }
  return reading;
}

// ---- ours

void TakeFields(const Headers& headers, Reading& reading) {
  for (const Field& f : headers) reading.fields.emplace_back(f.name(), f.value());
}

void TakeBody(std::string_view rest, const Framing& framing, Reading& reading) {
  if (framing.kind == Framing::Kind::kNone) reading.message_done = true;
  if (framing.kind == Framing::Kind::kUntilClose) reading.body = rest;
  if (framing.kind == Framing::Kind::kLength) {
    reading.body = rest.substr(0, framing.length);
    reading.message_done = rest.size() >= framing.length;
  }
  if (framing.kind != Framing::Kind::kChunked) return;
  ChunkedDecoder decoder(HeadLimits{});
  while (!rest.empty()) {
    ChunkedDecoder::Step step = decoder.Next(rest);
    reading.body += step.data;
    rest.remove_prefix(step.consumed);
    if (step.progress == Progress::kError) reading.accepted = false;
    if (step.progress == Progress::kDone) {
      reading.message_done = true;
      const Headers* trailers = decoder.trailers();
      reading.framing_in_trailers = trailers != nullptr && (trailers->Has(HeaderId::kContentLength) ||
                                                            trailers->Has(HeaderId::kTransferEncoding));
    }
    if (step.progress != Progress::kNeedMore) return;
  }
}

std::string Differ(const Reading& ours, const Reading& theirs, const char* who, bool with_body) {
  std::string prefix = std::string(who) + ": ";
  if (!theirs.accepted && !ours.message_done) return "";  // it saw earlier than we that the rest will be refused
  if (!theirs.accepted && ours.framing_in_trailers) return "";
  if (!theirs.accepted) return prefix + "refuses what we accept";
  if (!theirs.head_done) return prefix + "has not seen the end of the head";
  if (ours.method != theirs.method) return prefix + "method " + theirs.method;
  if (ours.target != theirs.target) return prefix + "target " + theirs.target;
  if (ours.status != theirs.status) return prefix + "status " + std::to_string(theirs.status);
  if (ours.fields != theirs.fields) return prefix + "other fields";
  if (!with_body) return "";
  if (ours.message_done != theirs.message_done) return prefix + "another end of the message";
  if (ours.body != theirs.body) return prefix + "body " + theirs.body;
  return "";
}

// Beast keeps fields of one name together, in order.
void GroupByName(Fields& fields) {
  Fields grouped;
  while (!fields.empty()) {
    std::string name = fields.front().first;
    std::copy_if(fields.begin(), fields.end(), std::back_inserter(grouped),
                 [&](const auto& f) { return f.first == name; });
    std::erase_if(fields, [&](const auto& f) { return f.first == name; });
  }
  fields = std::move(grouped);
}

std::string DifferFromBeast(Reading ours, Reading theirs) {
  GroupByName(ours.fields);
  GroupByName(theirs.fields);
  return Differ(ours, theirs, "beast", false);
}

// See the exceptions in oracle.h.
bool LlhttpIsNarrow(std::string_view message, const Reading& llhttp) {
  return message.find("\t\r\n") != message.npos || (!llhttp.accepted && message.find(';') != message.npos);
}

bool HasConnection(const Headers& headers) {
  return headers.Has(HeaderId::kConnection) || headers.Has(HeaderId::kProxyConnection);
}

}  // namespace

std::string CompareRequest(std::string_view message) {
  std::string copy(message);
  RequestParser parser(HeadLimits{});
  RequestHead head;
  if (parser.Parse({copy.data(), copy.size()}, head) != Progress::kDone) return "";
  Reading ours;
  ours.accepted = ours.head_done = true;
  ours.method = head.method_text;
  ours.target = head.target;
  TakeFields(head.headers, ours);
  TakeBody(std::string_view(copy).substr(parser.consumed()), head.framing, ours);
  if (!ours.accepted) return "";

  Arena arena;
  bool our_target = ResolveTarget(head, "http", EscapedSlashes::kKeep, arena) == TargetResult::kOk;
  if (head.method == Method::kOther || !our_target) return "";
  Reading llhttp = ReadWithLlhttp(message, HTTP_REQUEST);
  if (LlhttpIsNarrow(message, llhttp)) return "";
  std::string difference = Differ(ours, llhttp, "llhttp", !llhttp.upgrade);
  bool beast_is_narrow = message.starts_with("\r\n") || HasConnection(head.headers);
  if (!difference.empty() || beast_is_narrow) return difference;
  return DifferFromBeast(ours, ReadWithBeast<true>(message));
}

std::string CompareResponse(std::string_view message) {
  std::string copy(message);
  ResponseParser parser(HeadLimits{});
  ResponseHead head;
  if (parser.Parse({copy.data(), copy.size()}, Method::kGet, head) != Progress::kDone) return "";
  Reading ours;
  ours.accepted = ours.head_done = true;
  ours.status = head.status;
  TakeFields(head.headers, ours);
  TakeBody(std::string_view(copy).substr(parser.consumed()), head.framing, ours);
  if (!ours.accepted) return "";
  bool no_content = head.status < 200 || head.status == 204 || head.status == 304;
  bool has_length = head.headers.Has(HeaderId::kContentLength) || head.headers.Has(HeaderId::kTransferEncoding);
  if (no_content && has_length) return "";
  Reading llhttp = ReadWithLlhttp(message, HTTP_RESPONSE);
  if (LlhttpIsNarrow(message, llhttp)) return "";
  bool with_body = !llhttp.upgrade && !no_content;
  std::string difference = Differ(ours, llhttp, "llhttp", with_body);
  bool beast_is_narrow = message.find("\r\n") == 12 || HasConnection(head.headers);
  if (!difference.empty() || beast_is_narrow) return difference;
  return DifferFromBeast(ours, ReadWithBeast<false>(message));
}

}  // namespace penstock::http::h1
