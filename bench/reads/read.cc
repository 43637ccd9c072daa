// Asks one thing again and again over one connection and says how long the answers took.
//   tocsin_bench_read --port 9640 --target '/api/series/last?match=up&points=60' --count 1000
//   tocsin_bench_read --port 9640 --visible --count 200: from a write's answer to the read that
//                                                       shows its point
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "http_link.h"

namespace {

using Clock = std::chrono::steady_clock;

double micros_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void print(std::vector<double>& micros, size_t bytes) {
  std::sort(micros.begin(), micros.end());
  const auto at = [&](double share) {
    return micros[static_cast<size_t>(share * static_cast<double>(micros.size() - 1))] / 1000;
  };
  fmt::print("p50 {:.4f} ms\np90 {:.4f} ms\np99 {:.4f} ms\nbytes {}\n", at(0.5), at(0.9), at(0.99),
             bytes);
}

int read(bench::HttpLink& link, const std::string& target, int count, int pause_us) {
  std::vector<double> micros;
  size_t bytes = 0;
  for (int i = -count / 10; i < count; ++i) {  // the first tenth warms up
    const auto start = Clock::now();
    const bench::Answer answer = link.get(target);
    const double took = micros_since(start);
    if (answer.status != 200) {
      fmt::print(stderr, "status {}: {}\n", answer.status, answer.body.substr(0, 300));
      return 1;
    }
    bytes = answer.body.size();
    if (i >= 0) micros.push_back(took);
    if (pause_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
  print(micros, bytes);
  return 0;
}

int visible(bench::HttpLink& link, int count, int pause_us) {
  std::vector<double> micros;
  for (int i = 0; i < count; ++i) {
    if (link.post("/write", fmt::format("visible_probe value={}\n", i + 1)).status != 204) return 1;
    const auto answered = Clock::now();
    const std::string wanted = fmt::format(",{}]]", i + 1);
    while (link.get("/api/series/last?match=visible_probe&points=1").body.find(wanted) ==
           std::string::npos) {
    }
    micros.push_back(micros_since(answered));
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
  print(micros, 0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  uint16_t port = 9640;
  std::string target = "/-/healthy";
  int count = 1000, pause_us = 0;
  bool probe = false;
  CLI::App app("Measures reads over one connection.");
  app.add_option("--port", port);
  app.add_option("--target", target);
  app.add_option("--count", count);
  app.add_option("--pause-us", pause_us);
  app.add_flag("--visible", probe);
  CLI11_PARSE(app, argc, argv);
  bench::HttpLink link(port);
  return probe ? visible(link, count, pause_us) : read(link, target, count, pause_us);
}
