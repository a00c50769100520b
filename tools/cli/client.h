#pragma once

#include <memory>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/management/v1/management.pb.h"
#include "tools/cli/context.h"
#include "tools/cli/files.h"

namespace penstock::cli {

namespace api = ::penstock::management::v1;

// The management service over mutual TLS; the only part of the CLI that knows gRPC. Calls block. One thread.
//
// Errors are for people: Unavailable says where it tried, why that failed and what to do.
class Client {
 public:
  using OnEvent = absl::FunctionRef<void(const api::ApplyEvent&)>;
  // Return false to stop listening.
  using OnStatus = absl::FunctionRef<bool(const api::FleetStatus&)>;

  // Reads the certificates; connects at the first call. InvalidArgument if a file cannot be read.
  static absl::StatusOr<std::unique_ptr<Client>> Open(const Target& target);
  virtual ~Client() = default;

  // The event stream of a change. `limit` is how long the call may take, its wait included. After an error,
  // ConnectionWasLost says whether the server may have seen the change: then repeat it with the same request_id.
  virtual absl::Status Apply(const api::ApplyOptions& options, std::span<const ManifestFile> files,
                             absl::Duration limit, OnEvent on_event) = 0;
  virtual absl::Status Delete(const api::DeleteRequest& request, absl::Duration limit, OnEvent on_event) = 0;
  virtual absl::Status Rollback(const api::RollbackRequest& request, absl::Duration limit, OnEvent on_event) = 0;
  virtual bool ConnectionWasLost() const = 0;

  virtual absl::StatusOr<api::DiffResponse> Diff(const api::ApplyOptions& options,
                                                 std::span<const ManifestFile> files) = 0;
  virtual absl::StatusOr<api::DiffResponse> DiffGenerations(const api::DiffGenerationsRequest& request) = 0;
  virtual absl::StatusOr<std::vector<api::StoredObject>> Get(const api::GetRequest& request, absl::Duration limit) = 0;
  virtual absl::StatusOr<api::HistoryResponse> History(const api::HistoryRequest& request) = 0;
  virtual absl::StatusOr<api::FleetStatus> Status(const api::StatusRequest& request) = 0;
  virtual absl::StatusOr<api::ExplainResponse> Explain(const api::ExplainRequest& request) = 0;
  virtual absl::StatusOr<api::EffectiveResponse> Effective(const api::ObjectRef& route) = 0;
  virtual absl::StatusOr<api::VersionResponse> Version() = 0;
  // Streams until the wish holds; DeadlineExceeded after `limit`.
  virtual absl::Status Wait(const api::WaitRequest& request, absl::Duration limit, OnStatus on_status) = 0;
  // The last call failed because nothing answers at the address: a control plane that is starting will.
  virtual bool NobodyAnswered() const = 0;
  virtual absl::Status Watch(const api::StatusRequest& request, OnStatus on_status) = 0;
};

// How long a call without a wait may take.
inline constexpr absl::Duration kCallLimit = absl::Seconds(10);

}  // namespace penstock::cli
