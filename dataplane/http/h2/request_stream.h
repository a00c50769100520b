#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/arena.h"
#include "dataplane/base/check.h"
#include "dataplane/base/chunk.h"
#include "dataplane/http/h2/chunk_queue.h"
#include "dataplane/http/h2/error.h"
#include "dataplane/http/message.h"

namespace penstock::http::h2 {

// One request and its response on a ServerConnection. The session derives its streams from it, makes one when
// ServerConnection::Events::OnRequest asks for it, and owns it until after ServerConnection::Forget. Events come out of
// Receive() and Send(); they may call the connection's other methods, but not these two, and must not destroy anything.
class RequestStream {
 public:
  RequestStream() = default;
  RequestStream(const RequestStream&) = delete;

  int32_t id() const { return id_; }
  // Content of the response that waits for the client's window or for room in the connection.
  size_t unsent() const { return unsent_.bytes(); }
  // Both sides have ended, or one of them has reset it.
  bool closed() const { return closed_; }
  // The request is all here: head, content and trailers.
  bool received() const { return received_; }

 protected:
  ~RequestStream() { PENSTOCK_CHECK(id_ == 0 || closed_, "a stream must be closed or forgotten before it goes"); }

  // Where the request's head and trailers are written to, and what their text lives in. Live until Forget.
  virtual RequestHead& Head() = 0;
  virtual Headers& Trailers() = 0;
  virtual Arena& Text() = 0;

  // The head is complete. kNone: its content follows, if it has any. Otherwise it is malformed or beyond a limit:
  // nothing of the request follows, answer it and reset the stream.
  virtual void OnHead(Error error) = 0;
  // The next content: to be given back with ServerConnection::Consume once it is used.
  virtual void OnContent(Chunk content) = 0;
  // The request is complete; TRAILERS: Trailers() holds some.
  virtual void OnEnd(bool trailers) = 0;
  // The request turned out to be malformed behind its head: nothing of it follows.
  virtual void OnMalformed(Error error) = 0;
  // The client (or an error on its side) has reset the stream: nothing follows, nothing can be sent.
  virtual void OnReset(ErrorCode code) = 0;
  // unsent() has become smaller.
  virtual void OnTaken() = 0;
  // All of the response was given to Send's output.
  virtual void OnSent() = 0;

 private:
  friend class ServerConnection;

  static constexpr uint64_t kUnknown = UINT64_MAX;

  int32_t id_ = 0;
  bool closed_ = false;
  bool connect_ = false;                  // extended CONNECT: what follows is the tunnel's
  bool received_ = false;                 // END_STREAM came
  bool ignoring_ = false;                 // what still comes of the request
  bool sent_ = false;                     // END_STREAM was given to an output
  bool reset_ = false;                    // by us
  bool ending_ = false;                   // no more content will be added to `unsent_`
  std::optional<ErrorCode> reset_after_;  // instead of END_STREAM
  bool deferred_ = false;                 // the library waits to be told of new content
  uint64_t content_ = 0;                  // bytes of the request's content so far
  uint64_t expected_ = kUnknown;          // as its head says
  ChunkQueue unsent_;
  const Headers* trailers_ = nullptr;  // of the response
};

}  // namespace penstock::http::h2
