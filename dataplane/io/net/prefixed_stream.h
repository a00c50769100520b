#pragma once

#include <memory>

#include "dataplane/io/net/stream.h"

namespace penstock::io {

// A stream whose first bytes were read already, to look at them: they are read again, then it is the stream itself.
class PrefixedStream final : public Stream {
 public:
  PrefixedStream(std::unique_ptr<Stream> stream, Chunk prefix)
      : stream_(std::move(stream)), prefix_(std::move(prefix)) {}

  Task<StatusOr<Chunk>> Read(std::size_t max, Wait wait) override;
  Task<Status> Write(std::span<const std::string_view> pieces, Wait wait) override {
    return stream_->Write(pieces, wait);
  }
  Task<Status> ShutdownWrite(Wait wait) override { return stream_->ShutdownWrite(wait); }
  void Close() override {
    prefix_.Reset();
    stream_->Close();
  }
  void Reset() override {
    prefix_.Reset();
    stream_->Reset();
  }
  bool readable() const override { return !prefix_.empty() || stream_->readable(); }
  bool gone() const override { return stream_->gone(); }
  void set_watcher(Watcher* watcher) override { stream_->set_watcher(watcher); }
  const SocketAddress& peer() const override { return stream_->peer(); }
  const SocketAddress& local() const override { return stream_->local(); }
  Reactor& reactor() const override { return stream_->reactor(); }

 private:
  const std::unique_ptr<Stream> stream_;
  Chunk prefix_;
};

}  // namespace penstock::io
