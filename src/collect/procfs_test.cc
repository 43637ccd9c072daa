#include "collect/procfs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "collect/machine.h"

namespace tocsin::collect {
namespace {

using Parse = void (ProcParser::*)(std::string_view);

std::string parsed(Parse parse, std::string_view text, MachineLimits limits = {}) {
  Samples samples;
  ProcParser parser("web-1", limits, 100, 4096, samples);
  (parser.*parse)(text);
  std::string out;
  for (const auto& [labels, value] : samples) {
    EXPECT_EQ(labels.get("host"), "web-1");
    out += labels.with("host", "").text() + " " + std::to_string(value) + "\n";
  }
  return out;
}

struct Case {
  const char* name;
  Parse parse;
  std::string text;
  std::string expected;
};
class ProcFiles : public ::testing::TestWithParam<Case> {};
TEST_P(ProcFiles, BecomeSeries) {
  EXPECT_EQ(parsed(GetParam().parse, GetParam().text), GetParam().expected);
}

const std::string kMounted =
    " 259       0 nvme0n1 10 2 16 500 20 3 32 1500 4 2500 4000 0 0 0 0 7 8\n";

INSTANTIATE_TEST_SUITE_P(
    All, ProcFiles,
    ::testing::Values(
        Case{"stat", &ProcParser::stat,
             "cpu  200 0 0 0 0 0 0 0 0 0\ncpu0 100 1 250 300 4 5 6 7 8 9\nintr 1 2\nctxt 42\n"
             "btime 1795411000\nprocs_running 3\nprocs_blocked 0\n",
             "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 1.000000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"nice\"} 0.010000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"system\"} 2.500000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 3.000000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"iowait\"} 0.040000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"irq\"} 0.050000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"softirq\"} 0.060000\n"
             "node_cpu_seconds_total{cpu=\"0\",mode=\"steal\"} 0.070000\n"
             "node_context_switches_total 42.000000\nnode_procs_running 3.000000\n"
             "node_procs_blocked 0.000000\n"},
        Case{"stat_of_an_old_kernel", &ProcParser::stat, "cpu1 100 1\n",
             "node_cpu_seconds_total{cpu=\"1\",mode=\"user\"} 1.000000\n"
             "node_cpu_seconds_total{cpu=\"1\",mode=\"nice\"} 0.010000\n"},
        Case{"stat_rubbish", &ProcParser::stat,
             "cpu0 x\ncpux 1 2\ncpu 5\nctxt\nctxt -1\nctxt 1e3\n", ""},
        Case{"meminfo", &ProcParser::meminfo,
             "MemTotal:        8000 kB\nMemFree: 1 kB\nActive(anon): 5 kB\nHugePages_Total: 0\n",
             "node_memory_MemTotal_bytes 8192000.000000\nnode_memory_MemFree_bytes 1024.000000\n"},
        Case{"meminfo_rubbish", &ProcParser::meminfo,
             "MemTotal 8000 kB\nMemTotal: kB\nMemTotal: -1 kB\nMemTotal: 5 MB\n: 5 kB\n", ""},
        Case{"loadavg", &ProcParser::loadavg, "0.50 1.25 10.00 2/282 21770\n",
             "node_load1 0.500000\nnode_load5 1.250000\nnode_load15 10.000000\n"},
        Case{"loadavg_cut", &ProcParser::loadavg, "0.50 x", "node_load1 0.500000\n"},
        Case{"loadavg_rubbish", &ProcParser::loadavg, "nan -1 inf", ""},
        Case{"diskstats", &ProcParser::diskstats,
             "   7       0 loop0 1 1 1 1 1 1 1 1 1 1 1\n" + kMounted +
                 " 259       1 nvme0n1p1 1 1 1 1 1 1 1 1 1 1 1\n",
             "node_disk_reads_completed_total{device=\"nvme0n1\"} 10.000000\n"
             "node_disk_read_bytes_total{device=\"nvme0n1\"} 8192.000000\n"
             "node_disk_read_time_seconds_total{device=\"nvme0n1\"} 0.500000\n"
             "node_disk_writes_completed_total{device=\"nvme0n1\"} 20.000000\n"
             "node_disk_written_bytes_total{device=\"nvme0n1\"} 16384.000000\n"
             "node_disk_write_time_seconds_total{device=\"nvme0n1\"} 1.500000\n"
             "node_disk_io_now{device=\"nvme0n1\"} 4.000000\n"
             "node_disk_io_time_seconds_total{device=\"nvme0n1\"} 2.500000\n"
             "node_disk_io_time_weighted_seconds_total{device=\"nvme0n1\"} 4.000000\n"},
        Case{"diskstats_rubbish", &ProcParser::diskstats,
             "8 0 sda 1 2 3\n8 0 sda 1 2 3 4 5 6 7 8 9 10 x\n\n\n", ""},
        Case{"net_dev", &ProcParser::net_dev,
             "Inter-|   Receive\n face |bytes packets errs drop\n"
             "    lo: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
             "  eth0:100 2 3 4 0 0 0 0 500 6 7 8 0 0 0 0\n",
             "node_network_receive_bytes_total{device=\"eth0\"} 100.000000\n"
             "node_network_transmit_bytes_total{device=\"eth0\"} 500.000000\n"
             "node_network_receive_packets_total{device=\"eth0\"} 2.000000\n"
             "node_network_transmit_packets_total{device=\"eth0\"} 6.000000\n"
             "node_network_receive_errs_total{device=\"eth0\"} 3.000000\n"
             "node_network_transmit_errs_total{device=\"eth0\"} 7.000000\n"
             "node_network_receive_drop_total{device=\"eth0\"} 4.000000\n"
             "node_network_transmit_drop_total{device=\"eth0\"} 8.000000\n"},
        Case{"net_dev_rubbish", &ProcParser::net_dev,
             "eth0: 1 2 3\neth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 x\n: 1\n", ""},
        Case{"process", &ProcParser::process_stat,
             "123 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 7 0 100 90000 2000 1844\n",
             "process_cpu_seconds_total 3.000000\nprocess_resident_memory_bytes 8192000.000000\n"},
        Case{"process_cut", &ProcParser::process_stat, "123 (tocsin) S 1 2 3", ""},
        Case{"process_rubbish", &ProcParser::process_stat, "123 tocsin S 1 2 3", ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ProcParser, NumbersOfSeriesAreBounded) {
  std::string cpus, disks, interfaces;
  for (int i = 0; i < 10; ++i) {
    cpus += "cpu" + std::to_string(i) + " 1 1 1 1 1 1 1 1\n";
    disks += "8 0 dm-" + std::to_string(i) + " 1 1 1 1 1 1 1 1 1 1 1\n";
    interfaces += "eth" + std::to_string(i) + ": 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n";
  }
  const MachineLimits limits{.cpus_max = 3, .disks_max = 2, .interfaces_max = 1};
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(parsed(&ProcParser::stat, cpus, limits)), 3 * 8);
  EXPECT_EQ(lines(parsed(&ProcParser::diskstats, disks, limits)), 2 * 9);
  EXPECT_EQ(lines(parsed(&ProcParser::net_dev, interfaces, limits)), 8);
}

RC_GTEST_PROP(ProcParser, SurvivesAnyText, (std::string text)) {
  for (const Parse parse :
       {&ProcParser::stat, &ProcParser::meminfo, &ProcParser::loadavg, &ProcParser::diskstats,
        &ProcParser::net_dev, &ProcParser::process_stat})
    parsed(parse, text);
}

TEST(Devices, WholeDisks) {
  for (const char* disk : {"sda", "vdb", "xvda", "nvme0n1", "mmcblk0", "dm-0", "md127", "sdaa"})
    EXPECT_TRUE(is_whole_disk(disk)) << disk;
  for (const char* other : {"sda1", "vdb12", "xvda1", "hda3", "nvme0n1p2", "mmcblk0p1", "loop0",
                            "ram15", "zram0", "fd0", "sr0", ""})
    EXPECT_FALSE(is_whole_disk(other)) << other;
}

TEST(Devices, RealInterfaces) {
  for (const char* real : {"eth0", "ens3", "enp0s31f6", "wlan0", "bond0", "wg0"})
    EXPECT_TRUE(is_real_interface(real)) << real;
  for (const char* other : {"lo", "veth12ab", "docker0", "br-1a2b", "virbr0", "cali1", "ifb0", ""})
    EXPECT_FALSE(is_real_interface(other)) << other;
}

TEST(Machine, ReadsThisOne) {
  Counters counters;
  const Machine machine({}, counters);
  const Samples samples = machine.read();
  const auto value = [&](std::string_view name) {
    for (const auto& [labels, number] : samples)
      if (labels.name() == name && labels.get("host") == machine.host()) return number;
    return -1.0;
  };
  EXPECT_FALSE(machine.host().empty());
  EXPECT_GT(value("node_memory_MemTotal_bytes"), 1e6);
  EXPECT_GT(value("process_resident_memory_bytes"), 1e5);
  EXPECT_GE(value("process_open_fds"), 3);
  EXPECT_GE(value("node_load1"), 0);
  EXPECT_GE(value("node_cpu_seconds_total"), 0);
  EXPECT_EQ(counters.exposition().find("tocsin_machine_unreadable_total 1"), std::string::npos);
}

TEST(Machine, MissingFilesAreLeftOutAndCounted) {
  Counters counters;
  const Machine machine({.root = "/nowhere", .host = "h", .limits = {}}, counters);
  EXPECT_TRUE(machine.read().empty());
  EXPECT_NE(counters.exposition().find("tocsin_machine_unreadable_total 7"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::collect
