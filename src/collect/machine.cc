#include "collect/machine.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

namespace tocsin::collect {
namespace {

constexpr size_t kFileMax = 1 << 20;

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string out;
  std::array<char, 16384> part{};
  while (out.size() < kFileMax) {
    file.read(part.data(), part.size());
    out.append(part.data(), static_cast<size_t>(file.gcount()));
    if (!file) break;
  }
  if (out.empty() || file.bad()) return std::nullopt;
  return out;
}

std::optional<size_t> count_entries(const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator at(path, error);
  size_t out = 0;
  while (!error && at != std::filesystem::directory_iterator()) {
    ++out;
    at.increment(error);
  }
  if (error) return std::nullopt;
  return out;
}

}  // namespace

Machine::Machine(Options options, Counters& counters)
    : options_(std::move(options)),
      ticks_per_s_(static_cast<double>(::sysconf(_SC_CLK_TCK))),
      page_bytes_(static_cast<double>(::sysconf(_SC_PAGESIZE))),
      unreadable_(counters.counter("tocsin_machine_unreadable_total", "",
                                   "Files of /proc that could not be read.")) {
  if (options_.host.empty()) options_.host = machine_name();
}

Samples Machine::read() const {
  Samples out;
  ProcParser parser(options_.host, options_.limits, ticks_per_s_, page_bytes_, out);
  struct Source {
    const char* file;
    void (ProcParser::*parse)(std::string_view);
  };
  constexpr std::array<Source, 6> kSources{{{"/stat", &ProcParser::stat},
                                            {"/meminfo", &ProcParser::meminfo},
                                            {"/loadavg", &ProcParser::loadavg},
                                            {"/diskstats", &ProcParser::diskstats},
                                            {"/net/dev", &ProcParser::net_dev},
                                            {"/self/stat", &ProcParser::process_stat}}};
  for (const Source& source : kSources) {
    if (const auto text = read_file(options_.root + source.file))
      (parser.*source.parse)(*text);
    else
      unreadable_.add();
  }
  if (const auto files = count_entries(options_.root + "/self/fd"))
    parser.open_files(*files);
  else
    unreadable_.add();
  return out;
}

}  // namespace tocsin::collect
