// A closed-loop client that plays the load balancer in front of a fleet and counts every failure.
//
//   load --target HOST:PORT[@READY_HOST:READY_PORT] ... [--connections N] [--seconds S] [--requests N] [--rate PER_S]
//        [--path /x] [--host NAME] [--header "name: value"] ... [--record FILE]
//
// Each connection sends numbered requests (header x-load-id) and expects 200 and a body that repeats the number (an
// echo upstream). It never retries; it honours Connection: close; with a READY address it asks GET /ready every 100 ms
// and opens no new connection to a target that does not answer 200. Ends after S seconds, N requests, or when stdin
// closes, and prints one JSON object: sent, ok, failed, failures by kind, connections opened, latency quantiles in
// microseconds.
// --record writes a line per response: ID STATUS X-UPSTREAM X-GENERATION (response headers).
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/support/http_io.h"

namespace penstock::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Target {
  std::string host, ready_host;
  uint16_t port = 0, ready_port = 0;
  std::atomic<bool> ready{true};
};

struct Options {
  std::vector<std::unique_ptr<Target>> targets;
  int connections = 8;
  double seconds = 0, rate = 0;
  uint64_t requests = 0;
  std::string path = "/", host = "localhost", fields, record;
};

std::atomic<bool> stop{false};
std::atomic<uint64_t> next_id{0};
std::atomic<uint64_t> next_target{0};

struct Result {
  uint64_t sent = 0, ok = 0, opened = 0;
  std::map<std::string, uint64_t> failures;
  std::vector<uint32_t> latencies;
  std::string record;
};

void WatchReady(Target& target) {
  while (!stop) {
    bool ready = false;
    if (std::optional<Connection> connection = Connection::Dial(target.ready_host, target.ready_port, 1000)) {
      connection->Write("GET /ready HTTP/1.1\r\nhost: ready\r\nconnection: close\r\n\r\n");
      std::optional<Message> answer = ReadMessage(*connection, true);
      ready = answer && answer->status() == 200;
    }
    target.ready = ready;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Target* PickTarget(const Options& options) {
  for (size_t i = 0; i < options.targets.size(); ++i) {
    Target& target = *options.targets[next_target++ % options.targets.size()];
    if (target.ready) return &target;
  }
  return nullptr;
}

// One request on the connection; false when the connection is done for.
bool Exchange(Connection& connection, const Options& options, uint64_t id, Result& result) {
  std::string number = std::to_string(id);
  std::string request = "GET " + options.path + " HTTP/1.1\r\nhost: " + options.host + "\r\nx-load-id: " + number +
                        "\r\n" + options.fields + "\r\n";
  Clock::time_point begin = Clock::now();
  ++result.sent;
  if (!connection.Write(request)) return ++result.failures["write_" + connection.failure()], false;
  std::optional<Message> answer = ReadMessage(connection, true);
  if (!answer) return ++result.failures["read_" + connection.failure()], false;
  result.latencies.push_back(static_cast<uint32_t>((Clock::now() - begin) / std::chrono::microseconds(1)));
  if (!options.record.empty()) {
    result.record += number + " " + std::to_string(answer->status()) + " " + answer->Header("x-upstream") + " " +
                     answer->Header("x-generation") + "\n";
  }
  if (answer->status() != 200) {
    ++result.failures["status_" + std::to_string(answer->status())];
  } else if (answer->body.find("\"x-load-id\":\"" + number + "\"") == std::string::npos) {
    ++result.failures["wrong_body"];
  } else {
    ++result.ok;
  }
  return answer->Header("connection") != "close";
}

void Drive(const Options& options, Result& result) {
  std::optional<Connection> connection;
  Clock::time_point due = Clock::now();
  auto gap = options.rate > 0 ? std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(options.connections / options.rate))
                              : Clock::duration::zero();
  while (!stop) {
    // A load balancer uses no idle connection on which the peer has closed.
    if (connection && connection->HasInput()) connection.reset();
    if (!connection) {
      Target* target = PickTarget(options);
      if (target == nullptr) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      connection = Connection::Dial(target->host, target->port, 10000);
      if (!connection) {
        ++result.sent, ++result.failures["connect"];
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      ++result.opened;
    }
    uint64_t id = ++next_id;
    if (options.requests != 0 && id > options.requests) break;
    if (!Exchange(*connection, options, id, result)) connection.reset();
    if (gap.count() > 0) {
      due += gap;
      std::this_thread::sleep_until(due);
    }
  }
}

bool ParseTarget(const std::string& text, Target& target) {
  auto split = [](const std::string& part, std::string& host, uint16_t& port) {
    size_t colon = part.rfind(':');
    if (colon == std::string::npos) return false;
    host = part.substr(0, colon);
    port = static_cast<uint16_t>(std::stoi(part.substr(colon + 1)));
    return true;
  };
  size_t at = text.find('@');
  if (at != std::string::npos && !split(text.substr(at + 1), target.ready_host, target.ready_port)) return false;
  return split(text.substr(0, at), target.host, target.port);
}

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--target") {
      options.targets.push_back(std::make_unique<Target>());
      if (!ParseTarget(value, *options.targets.back())) return false;
    } else if (flag == "--connections") {
      options.connections = std::stoi(value);
    } else if (flag == "--seconds") {
      options.seconds = std::stod(value);
    } else if (flag == "--rate") {
      options.rate = std::stod(value);
    } else if (flag == "--requests") {
      options.requests = std::stoull(value);
    } else if (flag == "--path") {
      options.path = value;
    } else if (flag == "--host") {
      options.host = value;
    } else if (flag == "--header") {
      options.fields += value + "\r\n";
    } else if (flag == "--record") {
      options.record = value;
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && !options.targets.empty();
}

void StopWhenAsked(double seconds) {
  Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (!stop && (seconds == 0 || Clock::now() < end)) {
    pollfd input{0, POLLIN, 0};
    if (poll(&input, 1, 50) > 0) {
      char byte;
      if (read(0, &byte, 1) <= 0) break;
    }
  }
  stop = true;
}

void Print(std::vector<Result>& results, const Options& options) {
  Result all;
  for (Result& result : results) {
    all.sent += result.sent, all.ok += result.ok, all.opened += result.opened;
    for (const auto& [kind, count] : result.failures) all.failures[kind] += count;
    all.latencies.insert(all.latencies.end(), result.latencies.begin(), result.latencies.end());
    all.record += result.record;
  }
  std::sort(all.latencies.begin(), all.latencies.end());
  auto quantile = [&](double q) {
    return all.latencies.empty()
               ? 0
               : all.latencies[static_cast<size_t>(q * static_cast<double>(all.latencies.size() - 1))];
  };
  std::string failures;
  for (const auto& [kind, count] : all.failures) {
    failures += (failures.empty() ? "\"" : ",\"") + kind + "\":" + std::to_string(count);
  }
  printf(
      "{\"sent\":%lu,\"ok\":%lu,\"failed\":%lu,\"failures\":{%s},\"opened\":%lu,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":"
      "%u}\n",
      all.sent, all.ok, all.sent - all.ok, failures.c_str(), all.opened, quantile(0.5), quantile(0.99), quantile(1));
  if (options.record.empty()) return;
  FILE* file = fopen(options.record.c_str(), "w");
  fwrite(all.record.data(), 1, all.record.size(), file);
  fclose(file);
}

int Main(const Options& options) {
  signal(SIGPIPE, SIG_IGN);
  std::vector<std::thread> watchers, drivers;
  for (const auto& target : options.targets) {
    if (target->ready_port == 0) continue;
    target->ready = false;
    watchers.emplace_back(WatchReady, std::ref(*target));
  }
  std::vector<Result> results(static_cast<size_t>(options.connections));
  for (Result& result : results) drivers.emplace_back(Drive, std::cref(options), std::ref(result));
  std::thread stopper(StopWhenAsked, options.seconds);
  for (std::thread& driver : drivers) driver.join();
  stop = true;
  stopper.join();
  for (std::thread& watcher : watchers) watcher.join();
  Print(results, options);
  return 0;
}

}  // namespace
}  // namespace penstock::test

int main(int argc, char** argv) {
  penstock::test::Options options;
  if (!penstock::test::ParseOptions(argc, argv, options)) {
    fprintf(stderr, "usage: load --target HOST:PORT[@READY_HOST:READY_PORT] ... ; see the top of load_main.cc\n");
    return 2;
  }
  return penstock::test::Main(options);
}
