#include "tools/cli/fleet_layout.h"

#include "tools/cli/local.h"
#include "tools/cli/text.h"

namespace penstock::cli {

std::string FleetLayout::Pki(std::string_view file) const { return StrCat(folder, "/pki/", file); }
std::string FleetLayout::Log(std::string_view program) const { return StrCat(folder, "/logs/", program, ".log"); }
std::string FleetLayout::Script(std::string_view program) const { return StrCat(folder, "/run/", program); }

Program FleetLayout::ControlPlane() const {
  return {std::string(kControlPlane),
          {control_plane_binary, StrCat("--listen=127.0.0.1:", control_plane_port),
           StrCat("--state-dir=", folder, "/", kControlPlane), "--tls-cert=" + Pki("controlplane.crt"),
           "--tls-key=" + Pki("controlplane.key"), "--tls-ca=" + Pki("ca.crt"),
           StrCat("--metrics-address=127.0.0.1:", control_plane_metrics)},
          Log(kControlPlane)};
}

Program FleetLayout::DataPlane(const Replica& replica) const {
  std::string home = StrCat(folder, "/", replica.name);
  return {replica.name,
          {data_plane_binary, StrCat("--control-plane=127.0.0.1:", control_plane_port),
           "--tls-cert=" + Pki(StrCat("dataplane-", replica.name, ".crt")),
           "--tls-key=" + Pki(StrCat("dataplane-", replica.name, ".key")), "--tls-ca=" + Pki("ca.crt"),
           "--id=" + replica.name, "--group=local", "--gateway-class=default", "--bind-address=" + replica.address,
           "--state-dir=" + home, StrCat("--metrics-address=", replica.address, ":", replica.metrics),
           "--admin-socket=" + home + "/admin.sock", "--access-log=" + home + "/access.log",
           "--audit-log=" + home + "/audit.log",
           "--drain-grace=0s",  // nobody balances over these replicas by their readiness
           "--drain-timeout=5s"},
          Log(replica.name)};
}

Program FleetLayout::DemoUpstream() const {
  Program program{std::string(kDemo), {self, "demo-upstream"}, Log(kDemo)};
  for (const DemoService& service : demo) program.argv.push_back(StrCat(service.name, "=", service.port));
  return program;
}

Program FleetLayout::Ourselves(std::vector<std::string> arguments) const {
  Target target = Operator();
  Program program{"penstock " + arguments[0], {self}, ""};
  program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
  for (std::string flag :
       {"--server=" + target.server, "--cert=" + target.cert, "--key=" + target.key, "--ca=" + target.ca}) {
    program.argv.push_back(std::move(flag));
  }
  return program;
}

Target FleetLayout::Operator() const {
  return {StrCat("127.0.0.1:", control_plane_port), Pki("operator-up.crt"), Pki("operator-up.key"), Pki("ca.crt"),
          "penstock up"};
}

std::string StartScript(const Program& program) {
  std::string script = "#!/bin/sh\nexec";
  for (const std::string& word : program.argv) StrAppend(&script, " \\\n  ", ShellWord(word));
  if (!program.log.empty()) StrAppend(&script, " \\\n  >>", ShellWord(program.log), " 2>&1");
  return script + "\n";
}

}  // namespace penstock::cli
