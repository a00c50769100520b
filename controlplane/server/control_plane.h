// A whole control plane: builds the tree of what runs, and takes it down again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/server/tls_files.h"
#include "dataplane/telemetry/log/log.h"

namespace penstock::server {

inline constexpr char kBuild[] = "0.1.0";

struct Options {
  std::string listen;  // "127.0.0.1:9090", "[::]:9090"; port 0: any
  std::string state_dir;
  std::string store_key_file;   // store/sqlite: key_file
  std::string metrics_address;  // "" none; plain HTTP, for the scraper and the supervisor
  TlsFiles tls;
  bool new_epoch = false;  // store/sqlite: the operator confirms a restored store
};

class ControlPlane {
 public:
  virtual ~ControlPlane() = default;

  // Opens the store, loads and compiles the newest generation, and listens. Errors say what to do: bad certificate,
  // port in use, store locked by another process or of a newer schema.
  static absl::StatusOr<std::unique_ptr<ControlPlane>> Start(const Options& options, telemetry::Log* log);

  virtual uint16_t port() const = 0;
  virtual uint16_t metrics_port() const = 0;  // 0: none

  // Opens the audit log anew, after logrotate moved it away. Certificates need no word: their files are watched.
  virtual absl::Status Reopen() = 0;

  // Ends every call: waiting ones are told to ask again, streams end so that data planes go to another control plane.
  // Then the destructor finishes the running change and closes the store. Takes at most a few seconds.
  virtual void Stop() = 0;
};

}  // namespace penstock::server
