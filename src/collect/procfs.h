#pragma once
// What the kernel's files in /proc say, as series. The parsers take the files' texts; lines that
// are not as documented (man 5 proc) are left out, they never fail.

#include <string_view>
#include <utility>
#include <vector>

#include "vocabulary/labels.h"

namespace tocsin::collect {

using Samples = std::vector<std::pair<Labels, double>>;

// Bounds the number of series, whatever the machine has.
struct MachineLimits {
  size_t cpus_max = 64;
  size_t disks_max = 32;
  size_t interfaces_max = 32;
};

// Names are node_exporter's and the Prometheus client libraries'. Every series gets host="...".
class ProcParser {
 public:
  // ticks_per_s: of the kernel's CPU times (sysconf _SC_CLK_TCK); page_bytes: of resident memory.
  ProcParser(std::string_view host, MachineLimits limits, double ticks_per_s, double page_bytes,
             Samples& out);

  void stat(std::string_view text);          // /proc/stat: CPUs by mode, context switches, tasks
  void meminfo(std::string_view text);       // /proc/meminfo: the lines that explain something
  void loadavg(std::string_view text);       // /proc/loadavg
  void diskstats(std::string_view text);     // /proc/diskstats: whole disks only
  void net_dev(std::string_view text);       // /proc/net/dev: interfaces that lead somewhere
  void process_stat(std::string_view text);  // /proc/self/stat
  void open_files(size_t count);             // entries of /proc/self/fd

 private:
  void add(std::string_view name, double value);
  void add(std::string_view name, std::vector<Labels::Pair> labels, double value);
  void cpu(std::string_view number, const std::vector<std::string_view>& fields);
  void disk(const std::vector<std::string_view>& fields);
  void interface(std::string_view device, const std::vector<std::string_view>& fields);

  std::string_view host_;
  MachineLimits limits_;
  double ticks_per_s_;
  double page_bytes_;
  Samples& out_;
};

// Not a partition, loop device, RAM disk or floppy: node_exporter's default.
bool is_whole_disk(std::string_view device);
// Not the loopback, and not one end of a container's or virtual machine's cable.
bool is_real_interface(std::string_view device);

}  // namespace tocsin::collect
