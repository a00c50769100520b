#include "dataplane/io/net/port_owner.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

std::vector<std::string> Entries(const std::string& path) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, CloseDir> dir(opendir(path.c_str()));
  if (dir == nullptr) return names;
  while (const dirent* entry = readdir(dir.get())) names.emplace_back(entry->d_name);
  return names;
}

// The inode of a socket that listens on the port, "" if none; proc(5), /proc/net/tcp: "sl local rem st ... inode".
std::string ListeningInode(const std::string& table, std::uint16_t port) {
  constexpr std::string_view kListenState = "0A";
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    std::size_t colon = local.rfind(':');
    if (state != kListenState || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) return inode;
  }
  return "";
}

bool HasSocket(const std::string& pid, const std::string& link) {
  std::string folder = StrCat("/proc/", pid, "/fd");
  for (const std::string& fd : Entries(folder)) {
    char target[64];
    ssize_t size = readlink(StrCat(folder, "/", fd).c_str(), target, sizeof(target));
    if (size > 0 && std::string_view(target, static_cast<std::size_t>(size)) == link) return true;
  }
  return false;
}

}  // namespace

std::string DescribePortOwner(const SocketAddress& address) {
  if (!address.is_ip()) return "";
  std::string inode = ListeningInode("/proc/net/tcp", address.port());
  if (inode.empty()) inode = ListeningInode("/proc/net/tcp6", address.port());
  if (inode.empty()) return "";
  std::string link = StrCat("socket:[", inode, "]");
  for (const std::string& pid : Entries("/proc")) {
    if (pid.find_first_not_of("0123456789") != std::string::npos || !HasSocket(pid, link)) continue;
    std::ifstream comm(StrCat("/proc/", pid, "/comm"));
    std::string name;
    std::getline(comm, name);
    return StrCat(name, " (pid ", pid, ")");
  }
  return "a process that this user may not see";
}

}  // namespace penstock::io
