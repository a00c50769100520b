// A client may send anything, in any pieces: nothing is read beyond its end, whatever is given to the session holds
// what the reader promises, what is held stays within the windows, and the server's own frames are well-formed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/byte_scan.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/h2/server_connection.h"
#include "dataplane/http/h2/testing.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/uri.h"

namespace penstock::http::h2 {
namespace {

using testing::TestServer;
using testing::TestStream;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// What comes out as HTTP/1 is one request that the strict parser reads back with the same framing.
void CheckHead(TestStream& stream) {
  RequestHead& head = stream.head;
  Require(head.headers.HasOne(HeaderId::kHost), "no Host, or several");
  Require(head.headers.Count(HeaderId::kCookie) <= 1, "cookies in crumbs");
  Require(!head.headers.Has(HeaderId::kTransferEncoding), "a transfer coding");
  if (head.method == Method::kConnect) return;
  if (ResolveTarget(head, "http", EscapedSlashes::kReject, stream.arena) != TargetResult::kOk) return;
  StripRequest(head.headers);
  std::string out(h1::HeadSize(head), 0);
  size_t size = h1::WriteRequestHead(head, false, {out.data(), out.size()});
  Require(size != 0, "cannot be written as HTTP/1");
  h1::RequestParser parser(h1::HeadLimits{.line_bytes = 1 << 20, .header_bytes = 1 << 20, .header_count = 200});
  RequestHead again;
  Require(parser.Parse({out.data(), size}, again) == h1::Progress::kDone, "cannot be read as HTTP/1");
  Require(parser.consumed() == size, "more than one request");
  Require(again.framing.kind == head.framing.kind && again.framing.length == head.framing.length, "other framing");
}

// Answers what is there, each stream in its own way.
void Serve(TestServer& server, std::vector<bool>& answered) {
  for (size_t i = 0; i < server.streams(); ++i) {
    TestStream& stream = server.stream(i);
    answered.resize(server.streams());
    if (answered[i] || !stream.Saw("head")) continue;
    answered[i] = true;
    if (stream.error == Error::kNone) CheckHead(stream);
    server.connection->Consume(stream, stream.content.size() / 2);
    switch (i % 4) {
      case 0:
        server.Answer(stream, 200, "hello");
        break;
      case 1:
        server.Answer(stream, 200, std::string(20'000, 'x'), &stream.trailers);
        break;
      case 2:
        server.connection->Reset(stream, ErrorCode::kInternalError);
        server.connection->Forget(stream);
        break;
      default:
        break;
    }
  }
}

void CheckSent(const std::string& sent) {
  size_t whole = 0;
  for (const testing::Frame& frame : testing::ParseFrames(sent)) {
    Require(frame.payload.size() <= 16'384, "a frame that is too large");
    whole += FrameHeader::kSize + frame.payload.size();
  }
  Require(whole == sent.size(), "a frame that is not complete");
}

}  // namespace
}  // namespace penstock::http::h2

// The first byte says how large the pieces are, the rest comes behind a preface.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::http::h2;
  if (size == 0) return 0;
  testing::TestServer server({.extended_connect = ExtendedConnect::kOffered});
  std::vector<bool> answered;
  std::string sent;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t piece = 1 + data[0] * size_t{37};
  input.remove_prefix(1);
  server.Greet();
  while (!input.empty() && !server.connection->finished()) {
    server.Receive(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    Serve(server, answered);
    server.Flush();
    sent += server.sent();
    server.TakeSent();
  }
  CheckSent(sent);
  return 0;
}
