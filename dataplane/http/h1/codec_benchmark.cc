// What a small request and response cost in the codec: parse, resolve, strip, write.
#include <string>

#include "benchmark/benchmark.h"
#include "dataplane/http/forwarded.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/uri.h"

namespace penstock::http::h1 {
namespace {

const std::string kRequest =
    "GET /api/v1/users/12345/orders?page=2&limit=50 HTTP/1.1\r\nHost: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef\r\nCache-Control: no-cache\r\n"
    "X-Requested-With: XMLHttpRequest\r\n\r\n";

void BM_ParseRequest(benchmark::State& state) {
  std::string bytes = kRequest;
  RequestHead head;
  for (auto _ : state) {
    head.Clear();
    RequestParser parser(HeadLimits{});
    benchmark::DoNotOptimize(parser.Parse({bytes.data(), bytes.size()}, head));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kRequest.size()));
}
BENCHMARK(BM_ParseRequest);

void BM_ProxyRequestHead(benchmark::State& state) {
  std::string bytes = kRequest;
  RequestHead head;
  BlockPool pool;
  Arena arena(&pool);
  char out[4096];
  for (auto _ : state) {
    head.Clear();
    arena.Clear();
    RequestParser parser(HeadLimits{});
    benchmark::DoNotOptimize(parser.Parse({bytes.data(), bytes.size()}, head));
    benchmark::DoNotOptimize(ResolveTarget(head, "http", EscapedSlashes::kReject, arena));
    StripRequest(head.headers);
    WriteForwarding(head.headers, {.peer = "192.0.2.7", .scheme = "http", .authority = head.authority, .port = "80"},
                    arena);
    benchmark::DoNotOptimize(WriteRequestHead(head, false, out));
  }
}
BENCHMARK(BM_ProxyRequestHead);

void BM_ProxyResponseHead(benchmark::State& state) {
  std::string bytes =
      "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n"
      "Content-Length: 1024\r\nConnection: keep-alive\r\n\r\n";
  ResponseHead head;
  BlockPool pool;
  Arena arena(&pool);
  char out[4096];
  for (auto _ : state) {
    head.Clear();
    arena.Clear();
    ResponseParser parser(HeadLimits{});
    benchmark::DoNotOptimize(parser.Parse({bytes.data(), bytes.size()}, Method::kGet, head));
    StripResponse(head.headers);
    WriteVia(head.headers, head.version, arena);
    benchmark::DoNotOptimize(WriteResponseHead(head, false, out));
  }
}
BENCHMARK(BM_ProxyResponseHead);

}  // namespace
}  // namespace penstock::http::h1
