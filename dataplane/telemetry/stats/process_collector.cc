#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "dataplane/telemetry/stats/metrics.h"

namespace penstock::telemetry {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.emplace_back();
  family.metric.back().counter.value = value;
  family.metric.back().gauge.value = value;
  return family;
}

double Seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

double OpenDescriptors() {
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  int count = -3;  // ".", ".." and the descriptor of the listing itself
  while (readdir(dir) != nullptr) ++count;
  closedir(dir);
  return count;
}

// Field N (proc(5), from 1) of /proc/self/stat.
double StatField(int n) {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  size_t after_name = text.rfind(')');  // the command's name may hold anything, also spaces
  if (after_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(after_name + 1));
  std::string field;
  for (int i = 3; i <= n && fields >> field; ++i) {
  }
  return std::strtod(field.c_str(), nullptr);
}

double BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    if (word != "btime") continue;
    double seconds = 0;
    file >> seconds;
    return seconds;
  }
  return 0;
}

}  // namespace

std::vector<MetricFamily> ProcessCollector::Collect() const {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  constexpr int kStartTime = 22;
  constexpr int kResidentPages = 24;
  auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  std::vector<MetricFamily> out;
  out.push_back(Single("process_cpu_seconds_total", "User and system CPU time.", MetricType::Counter,
                       Seconds(usage.ru_utime) + Seconds(usage.ru_stime)));
  out.push_back(Single("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
                       StatField(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE))));
  out.push_back(Single("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenDescriptors()));
  out.push_back(Single("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge,
                       static_cast<double>(files.rlim_cur)));
  out.push_back(Single("process_start_time_seconds", "Start of the process, unix time.", MetricType::Gauge,
                       BootTime() + StatField(kStartTime) / ticks));
  return out;
}

}  // namespace penstock::telemetry
