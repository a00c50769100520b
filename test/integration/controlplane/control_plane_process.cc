#include "test/integration/controlplane/control_plane_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

namespace penstock::test {
namespace {

constexpr char kBinary[] = "controlplane/server/penstock-controlplane";
constexpr int kStartTimeoutMs = 60'000;  // sanitizers on a busy machine

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The number behind "NAME=".
int FieldOf(std::string_view text, std::string_view name) {
  const size_t at = text.find(std::string(" ") + std::string(name) + "=");
  return at == std::string_view::npos ? 0 : std::atoi(text.data() + at + name.size() + 2);
}

ChangeAnswer ReadAll(grpc::ClientReader<management::v1::ApplyEvent>& reader) {
  ChangeAnswer answer;
  management::v1::ApplyEvent event;
  while (reader.Read(&event)) answer.events.push_back(event);
  answer.status = reader.Finish();
  return answer;
}

}  // namespace

Pki::Pki() {
  const char* base = std::getenv("TEST_TMPDIR");
  std::string pattern = std::string(base == nullptr ? "/tmp" : base) + "/cp-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  ca_ = cli::MakeCa("test", absl::Hours(1)).value();
  std::ofstream(ca()) << ca_.certificate;
}

std::string Pki::Issue(const cli::Identity& identity, const std::string& name) {
  const std::string stem = folder_ + "/" + name;
  if (access((stem + ".crt").c_str(), F_OK) == 0) return stem;
  const cli::KeyPair pair = cli::Issue(ca_, identity, absl::Hours(1)).value();
  if (!cli::WriteKeyPair(folder_, name, pair).ok()) std::abort();
  return stem;
}

std::shared_ptr<grpc::ChannelCredentials> Pki::ClientCredentials(const cli::Identity& identity,
                                                                 const std::string& name) {
  const std::string stem = Issue(identity, name);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(ca());
  options.pem_cert_chain = ReadFile(stem + ".crt");
  options.pem_private_key = ReadFile(stem + ".key");
  return grpc::SslCredentials(options);
}

bool ControlPlaneProcess::Start(const std::vector<std::string>& flags) {
  const std::string stem = pki_.Issue(cli::ControlPlaneIdentity({"127.0.0.1", "localhost"}), "controlplane");
  std::vector<std::string> arguments = {kBinary,
                                        "--listen=127.0.0.1:0",
                                        "--metrics-address=127.0.0.1:0",
                                        "--state-dir=" + state_dir_,
                                        "--tls-cert=" + stem + ".crt",
                                        "--tls-key=" + stem + ".key",
                                        "--tls-ca=" + pki_.ca()};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return false;
  output_.clear();
  pid_ = fork();
  if (pid_ == 0) {
    close(STDIN_FILENO);  // as some supervisors start it
    close(STDOUT_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
    execv(kBinary, pointers.data());
    _exit(127);
  }
  close(pipe_fds[1]);
  return AwaitReady(pipe_fds[0]);
}

bool ControlPlaneProcess::AwaitReady(int output_fd) {
  output_fd_ = output_fd;
  char buffer[4096];
  while (true) {
    pollfd waiting{.fd = output_fd_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kStartTimeoutMs) <= 0) break;
    const ssize_t size = read(output_fd_, buffer, sizeof(buffer));
    if (size <= 0) break;
    output_.append(buffer, static_cast<size_t>(size));
    const size_t ready = output_.find("server: ready");
    if (ready == std::string::npos || output_.find('\n', ready) == std::string::npos) continue;
    port_ = FieldOf(std::string_view(output_).substr(ready), "port");
    metrics_port_ = FieldOf(std::string_view(output_).substr(ready), "metrics_port");
    return true;
  }
  int status = 0;
  kill(pid_, SIGKILL);
  waitpid(pid_, &status, 0);
  pid_ = -1;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  close(output_fd_);
  return false;
}

void ControlPlaneProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_fd_);
  pid_ = -1;
}

int ControlPlaneProcess::Terminate() {
  int status = 0;
  kill(pid_, SIGTERM);
  waitpid(pid_, &status, 0);
  char buffer[4096];
  while (true) {
    const ssize_t size = read(output_fd_, buffer, sizeof(buffer));
    if (size <= 0) break;
    output_.append(buffer, static_cast<size_t>(size));
  }
  close(output_fd_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

management::v1::Outcome ChangeAnswer::outcome() const {
  return events.empty() ? management::v1::Outcome() : events.back().outcome();
}

management::v1::Stored ChangeAnswer::stored() const {
  for (const auto& event : events) {
    if (event.has_stored()) return event.stored();
  }
  return {};
}

std::vector<management::v1::Finding> ChangeAnswer::findings() const {
  std::vector<management::v1::Finding> findings;
  for (const auto& event : events) {
    for (const auto& finding : event.findings().findings()) findings.push_back(finding);
  }
  return findings;
}

Operator::Operator(const ControlPlaneProcess& process, Pki& pki, const std::string& name)
    : stub_(management::v1::Management::NewStub(grpc::CreateChannel(
          process.address(), pki.ClientCredentials(cli::OperatorIdentity(name), "operator-" + name)))) {}

ChangeAnswer Operator::Apply(const std::string& yaml, const management::v1::ApplyOptions& options) {
  grpc::ClientContext context;
  auto stream = stub_->Apply(&context);
  management::v1::ApplyRequest request;
  *request.mutable_options() = options;
  stream->Write(request);
  request.mutable_file()->set_name("test.yaml");
  request.mutable_file()->set_data(yaml);
  stream->Write(request);
  stream->WritesDone();
  ChangeAnswer answer;
  management::v1::ApplyEvent event;
  while (stream->Read(&event)) answer.events.push_back(event);
  answer.status = stream->Finish();
  return answer;
}

ChangeAnswer Operator::Rollback(uint64_t to) {
  grpc::ClientContext context;
  management::v1::RollbackRequest request;
  request.set_to(to);
  auto reader = stub_->Rollback(&context, request);
  return ReadAll(*reader);
}

management::v1::FleetStatus Operator::Status() {
  grpc::ClientContext context;
  management::v1::FleetStatus status;
  stub_->Status(&context, {}, &status);
  return status;
}

std::vector<management::v1::GenerationInfo> Operator::History() {
  grpc::ClientContext context;
  management::v1::HistoryRequest request;
  request.set_limit(1000);
  management::v1::HistoryResponse response;
  stub_->History(&context, request, &response);
  return {response.generations().begin(), response.generations().end()};
}

std::vector<management::v1::StoredObject> Operator::Get(const std::string& kind) {
  grpc::ClientContext context;
  management::v1::GetRequest request;
  request.set_kind(kind);
  auto reader = stub_->Get(&context, request);
  std::vector<management::v1::StoredObject> objects;
  management::v1::GetResponse response;
  while (reader->Read(&response)) objects.push_back(response.object());
  return objects;
}

}  // namespace penstock::test
