#pragma once

namespace penstock::io {
class Reactor;
class Resolver;
}  // namespace penstock::io

namespace penstock {

class Attachments;
class SideCalls;
namespace telemetry {
struct WorkerCells;
}

// What the worker that serves an exchange lends to its policies. One for each worker, who owns it; worker's thread.
struct Services {
  int worker = 0;                  // its index; policies with state per worker keep it under this
  io::Reactor* reactor = nullptr;  // null, as those below, in explain and in tests of policies that do not wait
  io::Resolver* resolver = nullptr;
  Attachments* attachments = nullptr;
  SideCalls* calls = nullptr;
  telemetry::WorkerCells* cells = nullptr;  // what policies count
};

}  // namespace penstock
