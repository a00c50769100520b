#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/context.h"
#include "tools/cli/demo_upstream.h"
#include "tools/cli/processes.h"

namespace penstock::cli {

// What `penstock up` runs and where each part keeps its things. Pure: names and command lines only.
struct FleetLayout {
  std::string folder;                // pki/ logs/ run/ controlplane/ replica-1/ ...
  std::string control_plane_binary;  // absolute paths
  std::string data_plane_binary;
  std::string self;
  uint16_t control_plane_port = 0;  // on 127.0.0.1
  uint16_t control_plane_metrics = 0;
  struct Replica {
    std::string name;     // "replica-2"
    std::string address;  // "127.0.0.2"
    uint16_t metrics = 0;
  };
  std::vector<Replica> replicas;
  std::vector<DemoService> demo;  // empty: none

  static constexpr std::string_view kControlPlane = "controlplane";
  static constexpr std::string_view kDemo = "demo-upstream";

  std::string Pki(std::string_view file) const;        // FOLDER/pki/FILE
  std::string Log(std::string_view program) const;     // FOLDER/logs/PROGRAM.log
  std::string Script(std::string_view program) const;  // FOLDER/run/PROGRAM starts it again; PROGRAM.pid beside it

  Program ControlPlane() const;
  Program DataPlane(const Replica& replica) const;
  Program DemoUpstream() const;
  // This program with the fleet's context, to talk to the control plane; its output is ours.
  Program Ourselves(std::vector<std::string> arguments) const;
  Target Operator() const;
};

// A shell script that runs the program in the foreground.
std::string StartScript(const Program& program);

}  // namespace penstock::cli
