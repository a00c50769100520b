#include "dataplane/upstream/forward/mirror.h"

#include "dataplane/upstream/forward/forward_to.h"

namespace penstock::upstream {
namespace {

// Kept slices as content.
class SlicesBody final : public Body {
 public:
  explicit SlicesBody(std::span<const Chunk> slices) : count_(slices.size()) {
    for (std::size_t i = 0; i < count_; ++i) slices_[i] = slices[i].Share();
  }
  Task<StatusOr<Chunk>> Read() override {
    return StatusOr<Chunk>(next_ < count_ ? std::move(slices_[next_++]) : Chunk());
  }
  void Cancel() override { next_ = count_; }
  Task<void> Finish() override { return Task<void>(); }

 private:
  std::array<Chunk, ReplayBody::kSlices> slices_;
  const std::size_t count_;
  std::size_t next_ = 0;
};

// The head as it is forwarded, in the copy's own memory.
void CopyHead(const http::RequestHead& from, Arena& arena, http::RequestHead& to) {
  to.method = from.method;
  to.method_text = arena.Copy(from.method_text);
  to.scheme = arena.Copy(from.scheme);
  to.authority = arena.Copy(from.authority);
  to.host = arena.Copy(from.host);
  to.port = from.port;
  to.path = arena.Copy(from.path);
  to.query = arena.Copy(from.query);
  to.has_query = from.has_query;
  to.framing = from.framing;
  for (const http::Field& field : from.headers) {
    to.headers.Append(http::Field(field.id(), arena.Copy(field.name()), arena.Copy(field.value())));
  }
}

const snapshot::Forward& NoRetries() {
  static const snapshot::Forward* const rule = new snapshot::Forward();
  return *rule;
}

Task<void> RunMirror(Upstreams* upstreams, ExchangePool::Lease copy, ViewRef view) {
  Exchange& x = *copy;
  view->cluster().cells().mirrored.Add();
  Reason reason = co_await ForwardTo(x, std::move(view), NoRetries(), nullptr, nullptr);
  while (reason == Reason::kNone) {
    StatusOr<Chunk> dropped = co_await x.response_body->Read();
    if (!dropped.ok() || dropped->empty()) break;
  }
  if (reason == Reason::kNone) co_await x.response_body->Finish();
  copy.reset();
  --upstreams->mirrors_running();
}

}  // namespace

Mirrors::Mirrors(Exchange& x, Upstreams& upstreams, std::span<Cluster* const> clusters) : x_(x), upstreams_(upstreams) {
  for (std::size_t i = 0; i < clusters.size() && i < kMost; ++i) views_[i] = clusters[i]->view();
}

void Mirrors::Begin(ReplayBody* body) {
  if (body == nullptr) return Send({});
  body->set_on_end(this);
}

void Mirrors::BodyEnded(ReplayBody& body) {
  if (body.CanReplay()) return Send(body.kept());
  for (ViewRef& view : views_) {
    if (view) view->cluster().cells().mirrors_skipped.Add();
  }
}

void Mirrors::Send(std::span<const Chunk> content) {
  for (ViewRef& view : views_) {
    if (!view) continue;
    if (upstreams_.mirrors_running() >= Upstreams::kMaxMirrors) {
      view->cluster().cells().mirrors_skipped.Add();
      continue;
    }
    ++upstreams_.mirrors_running();
    ExchangePool::Lease copy = upstreams_.exchanges().Get();
    copy->Begin(upstreams_.life());
    copy->seed = x_.seed;
    copy->id = x_.id;
    copy->deadline = After(upstreams_.reactor().Now(), snapshot::kDefaultRequestTimeout);
    CopyHead(x_.request, copy->arena, copy->request);
    if (!content.empty()) copy->request_body = &copy->Own<SlicesBody>(content);
    upstreams_.reactor().Spawn(RunMirror(&upstreams_, std::move(copy), std::move(view)));
  }
}

}  // namespace penstock::upstream
