// A server may send anything, in any pieces: nothing is read beyond its end, whatever is given as a response holds what
// the reader promises, what is held stays within the windows, and the client's own frames are well-formed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/h2/client_testing.h"
#include "dataplane/http/hop_by_hop.h"

namespace penstock::http::h2 {
namespace {

using testing::TestClient;
using testing::TestResponse;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// What comes out as HTTP/1 is one head that the strict parser reads back.
void CheckHead(TestResponse& stream) {
  ResponseHead& head = stream.head;
  Require(head.status >= 200 && head.status <= 599, "a status that is none");
  StripResponse(head.headers);
  std::string out(h1::HeadSize(head), 0);
  size_t size = h1::WriteResponseHead(head, false, {out.data(), out.size()});
  Require(size != 0, "cannot be written as HTTP/1");
  h1::ResponseParser parser(h1::HeadLimits{.line_bytes = 1 << 20, .header_bytes = 1 << 20, .header_count = 200});
  ResponseHead again;
  Require(parser.Parse({out.data(), size}, Method::kGet, again) == h1::Progress::kDone, "cannot be read as HTTP/1");
  Require(parser.consumed() == size, "more than one response");
}

void Check(TestResponse& stream) {
  Require(stream.content.size() <= 65'536, "more than the window");
  int ends = 0;
  for (const std::string& event : stream.events) {
    Require(ends == 0, "an event behind the end");
    ends += event == "end" || event == "trailers" || event == "malformed" || event == "refused" ||
            event.starts_with("reset");
  }
  bool whole = stream.Saw("end") || stream.Saw("trailers");
  Require(!whole || stream.Saw("head"), "an end without a head");
  bool counted = whole && stream.head.framing.kind == Framing::Kind::kLength;
  Require(!counted || stream.content.size() == stream.head.framing.length, "not as long as it says");
}

}  // namespace
}  // namespace penstock::http::h2

// The first byte says how large the pieces are; the rest comes to a client that has asked for some things.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::http::h2;
  using penstock::Chunk;
  using penstock::http::Method;
  if (size == 0) return 0;
  testing::TestClient client;
  std::vector<testing::TestResponse*> streams;
  for (Method method : {Method::kGet, Method::kHead, Method::kGet}) streams.push_back(&client.Ask(method));
  for (int i = 0; i < 2; ++i) {
    streams.push_back(&client.Ask(Method::kPost, false));
    client.connection->SendContent(*streams.back(), Chunk::Copy(client.blocks, std::string(70'000, 'x')));
  }
  client.connection->EndContent(*streams.back(), nullptr);
  client.connection->Reset(*streams[2], ErrorCode::kCancel);
  client.connection->Forget(*streams[2]);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t piece = 1 + data[0] * size_t{37};
  input.remove_prefix(1);
  while (!input.empty() && !client.connection->finished()) {
    client.Receive(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
  Require(streams[2]->events.empty(), "an event of a stream that was forgotten");
  for (testing::TestResponse* stream : streams) {
    Check(*stream);
    if (stream->Saw("head") && stream->head.status != 0) CheckHead(*stream);
  }
  for (const testing::Frame& frame : client.TakeSent()) Require(frame.payload.size() <= 16'384, "too large a frame");
  return 0;
}
