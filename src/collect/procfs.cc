#include "collect/procfs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/text.h"

namespace tocsin::collect {
namespace {

constexpr double kSectorBytes = 512;  // always, whatever the disk's own sectors are

std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string_view> words(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> out;
  while (true) {
    const size_t start = line.find_first_not_of(kBlank);
    if (start == std::string_view::npos) return out;
    line.remove_prefix(start);
    const size_t end = std::min(line.find_first_of(kBlank), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// Digits alone, as the kernel writes them; nothing that strtod would also take.
std::optional<double> count(std::string_view word) {
  if (word.empty() || word.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return parse_double(word);
}

bool all_digits(std::string_view word) { return count(word).has_value(); }

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string_view without_digits_at_end(std::string_view word) {
  while (!word.empty() && word.back() >= '0' && word.back() <= '9') word.remove_suffix(1);
  return word;
}

}  // namespace

bool is_whole_disk(std::string_view device) {
  const std::string_view stem = without_digits_at_end(device);
  const bool numbered = stem.size() < device.size();
  if (device.empty() || (numbered && one_of(stem, {"loop", "ram", "zram", "fd", "sr"})))
    return false;
  if (!numbered) return true;
  // sda1, vdb2, xvda1, hda3; nvme0n1p2, mmcblk0p1
  for (const std::string_view prefix : {"sd", "hd", "vd", "xvd"})
    if (stem.starts_with(prefix) && stem.size() > prefix.size()) return false;
  const bool parted = stem.ends_with('p') && stem.size() > 1 && stem[stem.size() - 2] >= '0' &&
                      stem[stem.size() - 2] <= '9';
  return !(parted && (stem.starts_with("nvme") || stem.starts_with("mmcblk")));
}

bool is_real_interface(std::string_view device) {
  if (device.empty() || device == "lo") return false;
  for (const std::string_view prefix : {"veth", "docker", "br-", "virbr", "cali", "cni", "flannel",
                                        "lxc", "ifb", "dummy", "tap", "vnet", "kube-"})
    if (device.starts_with(prefix)) return false;
  return true;
}

ProcParser::ProcParser(std::string_view host, MachineLimits limits, double ticks_per_s,
                       double page_bytes, Samples& out)
    : host_(host), limits_(limits), ticks_per_s_(ticks_per_s), page_bytes_(page_bytes), out_(out) {}

void ProcParser::add(std::string_view name, double value) { add(name, {}, value); }

void ProcParser::add(std::string_view name, std::vector<Labels::Pair> labels, double value) {
  labels.emplace_back("host", host_);
  out_.emplace_back(Labels::of(name, std::move(labels)), value);
}

void ProcParser::stat(std::string_view text) {
  size_t cpus = 0;
  while (!text.empty()) {
    const auto fields = words(take_line(text));
    if (fields.size() < 2) continue;
    const std::string_view what = fields[0];
    const auto value = count(fields[1]);
    if (!value) continue;
    if (what.starts_with("cpu") && all_digits(what.substr(3)) && cpus < limits_.cpus_max) {
      ++cpus;
      cpu(what.substr(3), fields);
    }
    if (what == "ctxt") add("node_context_switches_total", *value);
    if (what == "procs_running") add("node_procs_running", *value);
    if (what == "procs_blocked") add("node_procs_blocked", *value);
  }
}

void ProcParser::cpu(std::string_view number, const std::vector<std::string_view>& fields) {
  constexpr std::array<std::string_view, 8> kModes{"user",   "nice", "system",  "idle",
                                                   "iowait", "irq",  "softirq", "steal"};
  for (size_t i = 0; i < kModes.size() && i + 1 < fields.size(); ++i)
    if (const auto ticks = count(fields[i + 1]))
      add("node_cpu_seconds_total",
          {{"cpu", std::string(number)}, {"mode", std::string(kModes[i])}}, *ticks / ticks_per_s_);
}

void ProcParser::meminfo(std::string_view text) {
  while (!text.empty()) {
    const auto fields = words(take_line(text));
    if (fields.size() != 3 || fields[2] != "kB" || !fields[0].ends_with(':')) continue;
    const std::string name(fields[0].substr(0, fields[0].size() - 1));
    const auto kilobytes = count(fields[1]);
    if (!kilobytes ||
        !one_of(name, {"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal",
                       "SwapFree", "Dirty", "Writeback", "AnonPages", "Shmem", "Slab"}))
      continue;
    add("node_memory_" + name + "_bytes", *kilobytes * 1024);
  }
}

void ProcParser::loadavg(std::string_view text) {
  const auto fields = words(take_line(text));
  constexpr std::array<std::string_view, 3> kNames{"node_load1", "node_load5", "node_load15"};
  for (size_t i = 0; i < kNames.size() && i < fields.size(); ++i) {
    const auto load = parse_double(fields[i]);
    if (load && *load >= 0 && *load < 1e9) add(kNames[i], *load);
  }
}

void ProcParser::diskstats(std::string_view text) {
  size_t disks = 0;
  while (!text.empty() && disks < limits_.disks_max) {
    const auto fields = words(take_line(text));
    if (fields.size() < 14 || !is_whole_disk(fields[2])) continue;
    if (!std::all_of(fields.begin() + 3, fields.begin() + 14, all_digits)) continue;
    ++disks;
    disk(fields);
  }
}

// Fields as in Documentation/admin-guide/iostats.rst of the kernel; times are milliseconds.
void ProcParser::disk(const std::vector<std::string_view>& fields) {
  struct Column {
    std::string_view name;
    size_t field;
    double unit;
  };
  constexpr std::array<Column, 9> kColumns{{
      {"node_disk_reads_completed_total", 3, 1},
      {"node_disk_read_bytes_total", 5, kSectorBytes},
      {"node_disk_read_time_seconds_total", 6, 1e-3},
      {"node_disk_writes_completed_total", 7, 1},
      {"node_disk_written_bytes_total", 9, kSectorBytes},
      {"node_disk_write_time_seconds_total", 10, 1e-3},
      {"node_disk_io_now", 11, 1},
      {"node_disk_io_time_seconds_total", 12, 1e-3},
      {"node_disk_io_time_weighted_seconds_total", 13, 1e-3},
  }};
  for (const Column& column : kColumns)
    add(column.name, {{"device", std::string(fields[2])}},
        *count(fields[column.field]) * column.unit);
}

void ProcParser::net_dev(std::string_view text) {
  size_t interfaces = 0;
  while (!text.empty() && interfaces < limits_.interfaces_max) {
    const std::string_view line = take_line(text);
    const size_t colon = line.rfind(':');  // an alias has one in its name
    if (colon == std::string_view::npos) continue;
    const auto name = words(line.substr(0, colon));
    const auto fields = words(line.substr(colon + 1));
    if (name.size() != 1 || fields.size() < 16 || !is_real_interface(name[0])) continue;
    if (!std::all_of(fields.begin(), fields.end(), all_digits)) continue;
    ++interfaces;
    interface(name[0], fields);
  }
}

void ProcParser::interface(std::string_view device, const std::vector<std::string_view>& fields) {
  constexpr std::array<std::string_view, 4> kReceive{
      "node_network_receive_bytes_total", "node_network_receive_packets_total",
      "node_network_receive_errs_total", "node_network_receive_drop_total"};
  constexpr std::array<std::string_view, 4> kTransmit{
      "node_network_transmit_bytes_total", "node_network_transmit_packets_total",
      "node_network_transmit_errs_total", "node_network_transmit_drop_total"};
  constexpr size_t kTransmitStarts = 8;
  for (size_t i = 0; i < kReceive.size(); ++i) {
    add(kReceive[i], {{"device", std::string(device)}}, *count(fields[i]));
    add(kTransmit[i], {{"device", std::string(device)}}, *count(fields[kTransmitStarts + i]));
  }
}

// The command in parentheses may hold blanks and parentheses itself: count from the last one.
void ProcParser::process_stat(std::string_view text) {
  const size_t close = text.rfind(')');
  if (close == std::string_view::npos) return;
  std::string_view rest = text.substr(close + 1);
  const auto fields = words(take_line(rest));  // fields[0] is the third, the state
  if (fields.size() < 22) return;
  const auto user = count(fields[11]);
  const auto system = count(fields[12]);
  const auto pages = count(fields[21]);
  if (user && system) add("process_cpu_seconds_total", (*user + *system) / ticks_per_s_);
  if (pages) add("process_resident_memory_bytes", *pages * page_bytes_);
}

void ProcParser::open_files(size_t count) { add("process_open_fds", static_cast<double>(count)); }

}  // namespace tocsin::collect
