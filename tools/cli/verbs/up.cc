#include <filesystem>

#include "dataplane/base/status.h"
#include "tools/cli/context.h"
#include "tools/cli/demo_manifests.h"
#include "tools/cli/files.h"
#include "tools/cli/fleet_runner.h"
#include "tools/cli/invocation.h"
#include "tools/cli/local.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"demo", 0, "", "with demo services and a configuration in ./penstock-demo"},
    {"replicas", 0, "N", "data planes, 1 to 50; default 1. Replica i binds 127.0.0.i"},
    {"file", 'f', "FILE|DIR", "manifests to apply at the start; may be repeated"},
    {"port", 0, "PORT", "of the demo's Gateway; default 8080"},
    {"upstream-port", 0, "PORT", "the first of the three ports of the demo services; default 18081"},
    {"state-dir", 0, "DIR",
     "keep everything there, and go on from it the next time; default a folder that is deleted at the end"},
};

constexpr std::string_view kDemoFolder = "penstock-demo";
constexpr uint16_t kControlPlanePort = 9443;
constexpr uint16_t kDataPlaneMetrics = 9464;
constexpr uint16_t kControlPlaneMetrics = 9465;

struct Wish {
  bool demo = false;
  uint16_t port = 0;
  uint16_t upstream_port = 0;
  uint64_t replicas = 0;
  std::vector<std::string> files;
  std::string context;
};

absl::StatusOr<uint16_t> PortFlag(const CommandLine& line, std::string_view flag, uint16_t otherwise) {
  ASSIGN_OR_RETURN(uint64_t port, line.Number(flag, otherwise));
  if (port < 1 || port > 65533) return absl::InvalidArgumentError(StrCat("--", flag, ": a port, 1 to 65533"));
  return static_cast<uint16_t>(port);
}

absl::StatusOr<Wish> WishOf(const CommandLine& line) {
  RETURN_IF_ERROR(line.ExpectPositionals(0, 0));
  Wish wish;
  wish.demo = line.Has("demo");
  wish.files = line.All("file");
  wish.context = line.Get("context", "up");
  ASSIGN_OR_RETURN(wish.port, PortFlag(line, "port", 8080));
  ASSIGN_OR_RETURN(wish.upstream_port, PortFlag(line, "upstream-port", 18081));
  ASSIGN_OR_RETURN(wish.replicas, line.Number("replicas", 1));
  if (wish.replicas < 1 || wish.replicas > 50) return absl::InvalidArgumentError("--replicas: 1 to 50");
  if (!wish.demo && (line.Has("port") || line.Has("upstream-port")))
    return absl::InvalidArgumentError("--port and --upstream-port belong to --demo");
  RETURN_IF_ERROR(wish.files.empty() ? absl::OkStatus() : ReadManifests(wish.files).status());
  return wish;
}

// Another `up` with this context is alive: its control plane answers.
absl::Status RefuseIfRunning(const ContextFile& contexts, const Wish& wish) {
  auto it = contexts.contexts.find(wish.context);
  if (it == contexts.contexts.end() || !std::filesystem::exists(it->second.key)) return absl::OkStatus();
  std::string server = it->second.server;
  uint16_t port = static_cast<uint16_t>(std::atoi(server.substr(server.rfind(':') + 1).c_str()));
  if (IsFree("127.0.0.1", port)) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("a fleet with the context \"", wish.context,
                                           "\" is running already: its control plane answers at ", server,
                                           "\n  stop it with Ctrl-C, or give this one another name: --context NAME"));
}

// The folder of an earlier run stays as it is, so these ports have to be its ports.
absl::Status CheckDemoFolder(const CommandLine& line, const Wish& wish) {
  if (!wish.demo || !std::filesystem::exists(kDemoFolder)) return absl::OkStatus();
  absl::StatusOr<std::string> gateway = ReadFile(StrCat(kDemoFolder, "/gateway.yaml"));
  absl::StatusOr<std::string> backends = ReadFile(StrCat(kDemoFolder, "/backends.yaml"));
  bool fits =
      (!line.Has("port") || (gateway.ok() && StrContains(*gateway, StrCat("port: ", wish.port)))) &&
      (!line.Has("upstream-port") || (backends.ok() && StrContains(*backends, StrCat("port: ", wish.upstream_port))));
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("./", kDemoFolder, " is there already, with other ports than --port or ",
                                           "--upstream-port\n  remove the folder, start in another one, or leave the ",
                                           "flag out"));
}

// Told here with the flag that helps; for changes by hand the replicas tell it.
absl::Status CheckGatewayPort(const Wish& wish, const FleetLayout& layout) {
  if (!wish.demo || std::filesystem::exists(kDemoFolder)) return absl::OkStatus();
  for (const FleetLayout::Replica& replica : layout.replicas) {
    if (IsFree(replica.address, wish.port)) continue;
    return absl::InvalidArgumentError(StrCat("port ", wish.port, " of the demo's Gateway is taken on ", replica.address,
                                             " (who has it:  ss -ltnp 'sport = :", wish.port,
                                             "')\n  take another one:  --port PORT"));
  }
  return absl::OkStatus();
}

absl::StatusOr<FleetLayout> LayOut(const Invocation& call, const Wish& wish, const std::string& folder) {
  FleetLayout layout;
  layout.folder = folder;
  ASSIGN_OR_RETURN(layout.control_plane_binary, FindBinary(call.environment, "penstock-controlplane"));
  ASSIGN_OR_RETURN(layout.data_plane_binary, FindBinary(call.environment, "penstock-dataplane"));
  ASSIGN_OR_RETURN(layout.self, SelfPath());
  ASSIGN_OR_RETURN(layout.control_plane_port, FreePort("127.0.0.1", kControlPlanePort));
  ASSIGN_OR_RETURN(layout.control_plane_metrics, FreePort("127.0.0.1", kControlPlaneMetrics));
  for (uint64_t i = 1; i <= wish.replicas; ++i) {
    FleetLayout::Replica replica{StrCat("replica-", i), StrCat("127.0.0.", i), 0};
    ASSIGN_OR_RETURN(replica.metrics, FreePort(replica.address, kDataPlaneMetrics));
    layout.replicas.push_back(std::move(replica));
  }
  if (wish.demo) layout.demo = DemoServices(wish.upstream_port);
  for (const DemoService& service : layout.demo) {
    if (IsFree("127.0.0.1", service.port)) continue;
    return absl::InvalidArgumentError(StrCat("port ", service.port, " of the demo service ", service.name,
                                             " is taken (who has it:  ss -ltnp 'sport = :", service.port,
                                             "')\n  take other ports:  --upstream-port PORT"));
  }
  return layout;
}

// Files that are there already are the user's: they stay as they are.
absl::Status WriteDemoFiles(const Wish& wish, Console& console) {
  if (std::filesystem::exists(kDemoFolder)) {
    console.Note(StrCat("using the files in ./", kDemoFolder));
    return absl::OkStatus();
  }
  for (const ManifestFile& file : DemoManifests(wish.port, wish.upstream_port)) {
    RETURN_IF_ERROR(WriteFileAtomically(StrCat(kDemoFolder, "/", file.name), file.text));
  }
  return absl::OkStatus();
}

std::string UrlsText(const FleetLayout& layout, uint16_t port, std::string_view path) {
  std::vector<std::string> urls;
  for (const FleetLayout::Replica& replica : layout.replicas) {
    urls.push_back(StrCat("http://", replica.address, ":", port == 0 ? replica.metrics : port, path));
    if (urls.size() == 3 && layout.replicas.size() > 3) {
      urls.push_back(StrCat("... and ", layout.replicas.size() - 3, " more"));
      break;
    }
  }
  return Join(urls, "  ");
}

// Only what exists.
std::string WhatToTry(const Invocation& call, const Wish& wish, const FleetLayout& layout, bool is_kept) {
  std::string self = SelfName(call.environment);
  std::string use = wish.context == "up" ? "" : StrCat(" --context ", wish.context);
  std::string text = StrCat("\nfleet     1 control plane at 127.0.0.1:", layout.control_plane_port, ", ",
                            layout.replicas.size(), layout.replicas.size() == 1 ? " replica\n" : " replicas\n");
  if (wish.demo) StrAppend(&text, "gateway   ", UrlsText(layout, wish.port, ""), "\n");
  std::vector<std::string> services;
  for (const DemoService& service : layout.demo) services.push_back(StrCat(service.name, " :", service.port));
  if (wish.demo) StrAppend(&text, "services  ", Join(services, "  "), "\n");
  StrAppend(&text, "metrics   ", UrlsText(layout, 0, "/metrics"),
            "\n          http://127.0.0.1:", layout.control_plane_metrics, "/metrics (control plane)\n");
  StrAppend(&text, "files     ", layout.folder, " (logs, state, certificates", is_kept ? "" : "; deleted at the end",
            ")\n");
  if (wish.demo) {
    StrAppend(&text, "\ntry       curl http://127.0.0.1:", wish.port, "/users/1\n          ", self, use,
              " status\n          ", self, use, " explain request GET http://127.0.0.1:", wish.port,
              "/products\n          edit ", kDemoFolder, "/products.yaml, then:  ", self, use, " apply -f ",
              kDemoFolder, "\n");
  } else {
    StrAppend(&text, "\ntry       ", self, use, " status\n          ", self, use, " apply -f DIR\n");
  }
  return text + "stop      Ctrl-C\n";
}

void ForgetContext(const std::string& path, const std::string& name, const Target& ours) {
  absl::StatusOr<ContextFile> file = ContextFile::Read(path);
  if (!file.ok()) return;
  auto it = file->contexts.find(name);
  if (it == file->contexts.end() || it->second.server != ours.server || it->second.key != ours.key) return;
  file->contexts.erase(it);
  if (file->current == name) file->current = file->contexts.empty() ? "" : file->contexts.begin()->first;
  file->Write(path).IgnoreError();
}

absl::Status RememberContext(const std::string& path, const std::string& name, const Target& ours) {
  ASSIGN_OR_RETURN(ContextFile file, ContextFile::Read(path));
  file.contexts[name] = ours;
  file.current = name;
  return file.Write(path);
}

absl::StatusOr<Exit> RunFleet(Invocation& call, const Wish& wish, const FleetLayout& layout, Processes& processes,
                              bool is_kept) {
  FleetRunner fleet(layout, processes, call.console);
  RETURN_IF_ERROR(fleet.Prepare());
  call.console.Progress(StrCat("starting 1 control plane, ", layout.replicas.size(),
                               layout.replicas.size() == 1 ? " replica" : " replicas"));
  RETURN_IF_ERROR(fleet.Start());
  RETURN_IF_ERROR(RememberContext(call.environment.ConfigFile(), wish.context, layout.Operator()));
  std::vector<std::string> files = wish.files;
  if (wish.demo) files.emplace_back(kDemoFolder);
  call.console.Progress(files.empty() ? "waiting for the replicas" : "applying " + Join(files, ", "));
  ASSIGN_OR_RETURN(Exit exit, fleet.ApplyAndWait(files));
  call.console.EndProgress();
  if (exit == Exit::kOk) {
    call.console.Out(WhatToTry(call, wish, layout, is_kept));
    fleet.Watch();
    call.console.Note("stopping");
  } else if (exit == Exit::kRejected) {
    call.console.Error(
        "stopping: the replicas refuse this configuration; mend it and start again with the same command");
  }
  fleet.Stop();
  return exit;
}

absl::StatusOr<Exit> RunIn(Invocation& call, const Wish& wish, const std::string& folder, bool is_kept) {
  RETURN_IF_ERROR(CheckDemoFolder(call.line, wish));
  ASSIGN_OR_RETURN(FleetLayout layout, LayOut(call, wish, folder));
  RETURN_IF_ERROR(CheckGatewayPort(wish, layout));
  if (wish.demo) RETURN_IF_ERROR(WriteDemoFiles(wish, call.console));
  ASSIGN_OR_RETURN(Processes processes, Processes::Create());
  absl::StatusOr<Exit> exit = RunFleet(call, wish, layout, processes, is_kept);
  ForgetContext(call.environment.ConfigFile(), wish.context, layout.Operator());
  if (absl::IsCancelled(exit.status())) return Exit::kOk;  // Ctrl-C before all was up
  return exit;
}

absl::StatusOr<Exit> RunUp(Invocation& call) {
  ASSIGN_OR_RETURN(Wish wish, WishOf(call.line));
  ASSIGN_OR_RETURN(ContextFile contexts, ContextFile::Read(call.environment.ConfigFile()));
  RETURN_IF_ERROR(RefuseIfRunning(contexts, wish));
  if (call.line.Has("state-dir")) {
    return RunIn(call, wish, std::filesystem::absolute(call.line.Get("state-dir")).lexically_normal().string(), true);
  }
  ASSIGN_OR_RETURN(std::string folder, MakeScratchFolder(call.environment, "penstock-up-"));
  absl::StatusOr<Exit> exit = RunIn(call, wish, folder, false);
  bool ended_well = exit.ok() && *exit == Exit::kOk;
  std::error_code ignored;
  if (ended_well || !std::filesystem::exists(folder + "/logs")) {
    std::filesystem::remove_all(folder, ignored);
  } else {
    call.console.Error(StrCat("the logs are kept in ", folder, "/logs; remove the folder when you have read them"));
  }
  return exit;
}

}  // namespace

const Verb kUp = {
    .name = "up",
    .group = "Start",
    .summary = "Starts a control plane and data planes on this machine, and stops them together",
    .arguments = "",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "Everything listens on loopback. The connections between the processes are mutual TLS with a throw-away "
        "CA. The other verbs find the fleet without flags, in any terminal. Ctrl-C stops all. Each replica writes "
        "access.log and audit.log into its folder below the state folder.",
    .example = "penstock up --demo --replicas 3",
    .run = RunUp,
};

}  // namespace penstock::cli
