#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/base/arena.h"
#include "dataplane/base/cancellation.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/ids.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/exchange/address_lists.h"
#include "dataplane/exchange/body.h"
#include "dataplane/exchange/connection_info.h"
#include "dataplane/exchange/consumers.h"
#include "dataplane/exchange/identity.h"
#include "dataplane/exchange/reason.h"
#include "dataplane/exchange/revocations.h"
#include "dataplane/exchange/services.h"
#include "dataplane/http/forwarded.h"
#include "dataplane/http/message.h"

namespace penstock {

// When things happened; the log's durations. Unset: TimePoint().
struct Timings {
  WallTime wall;             // the request's first byte
  TimePoint started;         // the same, monotonic
  TimePoint head_received;   // the request's head was complete
  TimePoint upstream_start;  // the last attempt began
  TimePoint upstream_head;   // its response's head was complete
  Duration connect{-1};      // of the last attempt; negative: a pooled connection, or none
  TimePoint ended;           // the response's last byte was given to the kernel
};

class Policy;

// What a policy refused.
struct Refusal {
  const Policy* by = nullptr;  // null: none did
  Reason reason = Reason::kNone;
  bool told = false;  // it is in the audit log
};

// What a policy would have refused, had it not been told to let it pass (shadow).
struct ShadowRefusal {
  const Policy* by;
  Reason reason;
  std::string_view rule;  // of the policy, by name
  const ShadowRefusal* next;
};

// One request and its response, from the first byte to the log line. Policies, router and forwarding see it and nothing
// else. Belongs to one worker; pooled, so that a steady request allocates nothing. Everything in it is a plain member:
// an Exchange is a record, and the steps of proxy/ are what changes it, in order.
class Exchange {
 public:
  static constexpr size_t kSlots = 32;

  explicit Exchange(BlockPool* pool) : arena(pool) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { Clear(); }

  mutable Arena arena;  // freed at once when the exchange ends; mutable for what is made when it is asked for first

  // The request as it will be forwarded: canonical, then changed by policies and filters.
  http::RequestHead request;
  Body* request_body = &no_body;

  // The response as it will be delivered.
  http::ResponseHead response;
  Body* response_body = &no_body;

  // Who asks.
  IpAddress peer;                              // the TCP peer
  std::string_view peer_text;                  // "192.0.2.1", or http::kUnixPeer
  std::string_view peer_address_text;          // "192.0.2.1:4711", "[2001:db8::1]:4711", or http::kUnixPeer
  const ConnectionInfo* connection = nullptr;  // null: a request that no client's connection carries (a mirror)
  http::Client client;                         // behind trusted proxies
  std::string_view client_text;
  std::string_view listener_port;        // of the local address, decimal: X-Forwarded-Port; "" of a Unix socket
  Identity identity;                     // what policies have proven so far
  const Consumers* consumers = nullptr;  // of the generation, as the next; for OnRequest only. null: nobody is known
  const Revocations* revocations = nullptr;     // null: nothing is taken back
  const AddressLists* address_lists = nullptr;  // null: they hold nobody

  // What was decided. Views live as long as the exchange, though not all of its Snapshot does.
  uint64_t generation_epoch = 0;
  uint64_t generation_number = 0;
  uint64_t endpoints_epoch = 0;
  std::string_view listener;
  std::string_view route;  // "": none matched
  int rule = -1;
  std::string_view cluster;   // "": not forwarded
  std::string_view endpoint;  // "192.0.2.7:8080" of the last attempt; "" if none
  uint32_t tries = 0;         // upstream attempts
  Reason reason = Reason::kNone;
  bool is_grpc = false;     // its caller understands a status of gRPC
  int grpc_status = -1;     // that it ended with; negative: none (yet)
  std::string_view detail;  // for the log: what exactly was wrong; static text, or in the arena
  // Which policy refused, by which of its rules (as DETAIL; "": it has no rules,
  // or none was it), and what policies let pass only for a trial, the last one first. A policy whose body refuses
  // content sets the refusal with the reason; for verdicts proxy/ does.
  Refusal refusal;
  std::string_view refusing_rule;
  const ShadowRefusal* shadows = nullptr;

  RequestId id;
  std::string_view id_text;  // x-request-id
  uint64_t seed = 0;         // every random pick is a function of it, so that a replay picks alike

  Timings time;
  TimePoint deadline = kNoDeadline;       // until the response's head must be there
  TimePoint firm_deadline = kNoDeadline;  // the caller's own: content that still goes up does not move it
  uint64_t bytes_in = 0;                  // content taken from the client
  uint64_t bytes_out = 0;                 // content given to the client

  // Cancelled when the client is gone or the drain deadline passed: whatever waits for this exchange unwinds.
  Cancellation& cancellation() { return *cancellation_; }

  // How whatever is done for this exchange waits.
  Wait wait() { return Wait{deadline, cancellation_}; }

  const Services* services = nullptr;  // of the worker; null where nothing can be waited for

  // State of policies for this request, by the policy's slot number.
  std::array<void*, kSlots> slots = {};

  // request.path without escaped delimiters (http::WithoutEscapedDelimiters), for whoever keeps somebody out or counts
  // by it. Made once for a path, however many ask.
  std::string_view UnescapedPath() const;

  // Makes a T that lives until the exchange ends, in the arena; its destructor runs then. For bodies that wrap bodies.
  template <typename T, typename... Args>
  T& Own(Args&&... args);

  // Back to empty, for the pool. CANCELLATION outlives the exchange that begins.
  void Begin(Cancellation& cancellation) { cancellation_ = &cancellation; }
  void Clear();

  EmptyBody no_body;

 private:
  struct Cleanup {
    void (*destroy)(void*);
    void* object;
    Cleanup* next;
  };

  Cleanup* cleanups_ = nullptr;
  mutable std::string_view unescaped_of_;  // the path that unescaped_ was made of
  mutable std::string_view unescaped_;
  Cancellation* cancellation_ = nullptr;
};

template <typename T, typename... Args>
T& Exchange::Own(Args&&... args) {
  T* object = new (arena.Allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  void (*destroy)(void*) = [](void* p) { static_cast<T*>(p)->~T(); };
  cleanups_ = arena.New<Cleanup>(destroy, static_cast<void*>(object), cleanups_);
  return *object;
}

// A worker's Exchanges: at most kKept idle ones are kept. Outlives what it lends.
class ExchangePool {
 public:
  static constexpr size_t kKept = 256;

  // POOL gives the arenas' blocks and outlives this.
  explicit ExchangePool(BlockPool* pool) : pool_(pool) {}
  ExchangePool(const ExchangePool&) = delete;

  struct Return {
    ExchangePool* pool;
    void operator()(Exchange* exchange) const { pool->Take(exchange); }
  };
  using Lease = std::unique_ptr<Exchange, Return>;

  // An empty exchange, given back when the lease ends.
  Lease Get();
  size_t lent() const { return lent_; }

 private:
  void Take(Exchange* exchange);

  BlockPool* pool_;
  std::vector<std::unique_ptr<Exchange>> free_;
  size_t lent_ = 0;
};

}  // namespace penstock
