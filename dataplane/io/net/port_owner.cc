#include "dataplane/io/net/port_owner.h"

#include <dirent.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
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

// The address as /proc/net/tcp writes it: 32-bit words in the order of the network, each as the machine reads it.
std::string ProcText(const SocketAddress& address) {
  const void* bytes = address.family() == AF_INET
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address.raw())->sin_addr)
                          : &reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_addr;
  std::uint32_t words[4];
  std::size_t count = address.family() == AF_INET ? 1 : 4;
  std::memcpy(words, bytes, count * sizeof(words[0]));
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08X", words[i]);
    text += digits;
  }
  return text;
}

bool IsWildcard(std::string_view proc_text) { return proc_text.find_first_not_of('0') == proc_text.npos; }

// The inodes of the sockets that listen where ADDRESS would; proc(5), /proc/net/tcp: "sl local rem st ... inode".
std::vector<std::string> ListeningInodes(const SocketAddress& address) {
  constexpr std::string_view kListenState = "0A";
  std::ifstream file(address.family() == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6");
  std::string wanted = ProcText(address);
  std::vector<std::string> inodes;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    std::size_t colon = local.rfind(':');
    if (state != kListenState || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) != address.port()) continue;
    std::string at = local.substr(0, colon);
    if (at == wanted || IsWildcard(at) || IsWildcard(wanted)) inodes.push_back(inode);
  }
  return inodes;
}

std::string LinkOf(const std::string& inode) { return StrCat("socket:[", inode, "]"); }

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
  std::vector<std::string> inodes = ListeningInodes(address);
  if (inodes.empty()) return "";
  std::string link = LinkOf(inodes.front());
  for (const std::string& pid : Entries("/proc")) {
    if (pid.find_first_not_of("0123456789") != std::string::npos || !HasSocket(pid, link)) continue;
    std::ifstream comm(StrCat("/proc/", pid, "/comm"));
    std::string name;
    std::getline(comm, name);
    return StrCat(name, " (pid ", pid, ")");
  }
  return "a process that this user may not see";
}

bool OnlyWeListen(const SocketAddress& address) {
  if (!address.is_ip()) return false;
  for (const std::string& inode : ListeningInodes(address)) {
    if (!HasSocket("self", LinkOf(inode))) return false;
  }
  return true;
}

}  // namespace penstock::io
