#pragma once

#include <cstdint>

#include "dataplane/base/arena.h"
#include "dataplane/base/check.h"
#include "dataplane/base/chunk.h"
#include "dataplane/http/h2/chunk_queue.h"
#include "dataplane/http/h2/error.h"
#include "dataplane/http/message.h"

namespace penstock::http::h2 {

// One request and its response on a ClientConnection, owned by who asks, until after ClientConnection::Forget. Events
// come out of Receive() and Send(); they may call the connection's other methods, but not these two, and must not
// destroy anything.
class ResponseStream {
 public:
  ResponseStream() = default;
  ResponseStream(const ResponseStream&) = delete;

  // Content of the request that waits for the server's window or for room in the connection.
  size_t unsent() const { return unsent_.bytes(); }
  // Both sides have ended, or one of them has reset it.
  bool closed() const { return closed_; }
  // Its first frame was given to Send's output: the server may have begun to work.
  bool begun() const { return begun_; }
  // All of the request was given to Send's output.
  bool sent() const { return sent_; }

 protected:
  ~ResponseStream() { PENSTOCK_CHECK(id_ == 0 || closed_, "a stream must be closed or forgotten before it goes"); }

  // Where the next head and the trailers are written to, and what their text lives in. Live until Forget.
  virtual ResponseHead& Head() = 0;
  virtual Headers& Trailers() = 0;
  virtual Arena& Text() = 0;

  // Head() holds an informational one (100, 103); another one follows.
  virtual void OnInformational() = 0;
  // Head() holds the final one; its content follows, if it has any.
  virtual void OnHead() = 0;
  // The next content: to be given back with ClientConnection::Consume once it is used.
  virtual void OnContent(Chunk content) = 0;
  // The response is complete; TRAILERS: Trailers() holds some.
  virtual void OnEnd(bool trailers) = 0;
  // unsent() has become smaller, or sent() or closed() true.
  virtual void OnTaken() = 0;

  // At most one of these, and nothing after it.
  // The server has not begun to work on the request (REFUSED_STREAM, or GOAWAY without it): it may be sent again.
  virtual void OnRefused() = 0;
  // The server (or an error on its side) has reset the stream.
  virtual void OnReset(ErrorCode code) = 0;
  // The response is malformed or beyond a limit; the stream is reset.
  virtual void OnMalformed(Error error) = 0;

 private:
  friend class ClientConnection;

  static constexpr uint64_t kUnknown = UINT64_MAX;

  int32_t id_ = 0;
  Method method_ = Method::kOther;
  uint8_t informational_ = 0;  // heads so far
  bool begun_ = false;
  bool head_done_ = false;  // the final one came
  bool received_ = false;   // END_STREAM came
  bool ignoring_ = false;   // what still comes of the response
  bool sent_ = false;       // END_STREAM was given to an output
  bool reset_ = false;      // by us
  bool closed_ = false;
  bool ending_ = false;           // no more content will be added to `unsent_`
  bool deferred_ = false;         // the library waits to be told of new content
  uint64_t content_ = 0;          // bytes of the response's content so far
  uint64_t expected_ = kUnknown;  // as its head says
  size_t held_ = 0;               // content that was given and not consumed
  ChunkQueue unsent_;
  const Headers* trailers_ = nullptr;  // of the request
};

}  // namespace penstock::http::h2
