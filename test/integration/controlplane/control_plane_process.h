// A real penstock-controlplane with throw-away certificates, for tests.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "api/management/v1/management.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "tools/cli/pki.h"

namespace penstock::test {

// A fresh folder with a CA, and certificates for whoever asks.
class Pki {
 public:
  Pki();

  const std::string& folder() const { return folder_; }
  std::string ca() const { return folder_ + "/ca.crt"; }
  // Issues on first use; the path without ".crt" and ".key".
  std::string Issue(const cli::Identity& identity, const std::string& name);
  std::shared_ptr<grpc::ChannelCredentials> ClientCredentials(const cli::Identity& identity, const std::string& name);

 private:
  std::string folder_;
  cli::KeyPair ca_;
};

class ControlPlaneProcess {
 public:
  explicit ControlPlaneProcess(Pki& pki) : pki_(pki), state_dir_(pki.folder() + "/state") {}
  ~ControlPlaneProcess() { Kill(); }

  // Starts and waits until it is ready. False: it ended; `output()` says why. `flags` win over the usual ones.
  bool Start(const std::vector<std::string>& flags = {});
  void Kill();      // SIGKILL
  int Terminate();  // SIGTERM; the exit code
  pid_t pid() const { return pid_; }
  int exit_code() const { return exit_code_; }
  const std::string& output() const { return output_; }
  const std::string& state_dir() const { return state_dir_; }
  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  bool AwaitReady(int output_fd);

  Pki& pki_;
  const std::string state_dir_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  int port_ = 0;
  int metrics_port_ = 0;
  int exit_code_ = -1;
  std::string output_;
};

// What an Apply, Delete or Rollback call streamed.
struct ChangeAnswer {
  grpc::Status status;
  std::vector<management::v1::ApplyEvent> events;

  management::v1::Outcome outcome() const;
  management::v1::Stored stored() const;
  std::vector<management::v1::Finding> findings() const;
};

class Operator {
 public:
  Operator(const ControlPlaneProcess& process, Pki& pki, const std::string& name = "tester");

  ChangeAnswer Apply(const std::string& yaml, const management::v1::ApplyOptions& options = {});
  ChangeAnswer Rollback(uint64_t to);
  management::v1::FleetStatus Status();
  std::vector<management::v1::GenerationInfo> History();
  std::vector<management::v1::StoredObject> Get(const std::string& kind);
  management::v1::Management::Stub& stub() { return *stub_; }

 private:
  std::unique_ptr<management::v1::Management::Stub> stub_;
};

}  // namespace penstock::test
