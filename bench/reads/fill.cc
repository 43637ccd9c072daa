// Fills a server with the same series by line protocol or remote write: `series` hosts that
// reported every 10 s for the last `points` rounds, and one series of a week at one point a minute.
//   fleet_load{host="h00042",group="g0000",rack="r00"}: 100 series per group, 1,000 per rack
//   week_load{host="w"}
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <string>

#include "http_link.h"
#include "remote_write.h"

namespace {

constexpr size_t kBatch = 5000;

struct Options {
  uint16_t port = 9640;
  std::string protocol = "line";
  uint32_t series = 50'000;
  uint32_t points = 60;
};

// Sends points as they come, in batches; ends the program when one is not taken.
class Sender {
 public:
  explicit Sender(const Options& options)
      : remote_(options.protocol == "remote"), link_(options.port) {}
  ~Sender() { send(); }
  void add(std::string_view name, std::string_view host, std::string_view group,
           std::string_view rack, double value, int64_t time_ms) {
    if (remote_) {
      body_.add({{"__name__", name}, {"group", group}, {"host", host}, {"rack", rack}}, value,
                time_ms);
    } else {
      fmt::format_to(std::back_inserter(lines_), "{},host={},group={},rack={} value={} {}000000\n",
                     name, host, group, rack, value, time_ms);
    }
    if (++count_ == kBatch) send();
  }

 private:
  void send() {
    if (count_ == 0) return;
    count_ = 0;
    const bench::Answer answer =
        remote_ ? link_.post("/api/v1/write", body_.take(),
                             "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n"
                             "X-Prometheus-Remote-Write-Version: 0.1.0\r\n")
                : link_.post("/write?db=bench&precision=ns", lines_);
    lines_.clear();
    if (answer.status / 100 == 2) return;
    fmt::print(stderr, "the server answered {}: {}\n", answer.status, answer.body);
    std::exit(1);
  }
  const bool remote_;
  bench::HttpLink link_;
  bench::RemoteWriteBody body_;
  std::string lines_;
  size_t count_ = 0;
};

double two_decimals(double value) { return std::round(value * 100) / 100; }

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Fills a server with series to read.");
  app.add_option("--port", options.port);
  app.add_option("--protocol", options.protocol)->check(CLI::IsMember({"line", "remote"}));
  app.add_option("--series", options.series);
  app.add_option("--points", options.points);
  CLI11_PARSE(app, argc, argv);
  const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count() /
                      10'000 * 10'000;
  Sender sender(options);
  constexpr int64_t kWeekPoints = 7 * 24 * 60;
  for (int64_t i = kWeekPoints; i > 0; --i)
    sender.add("week_load", "w", "week", "week",
               two_decimals(500 + 300 * std::sin(static_cast<double>(i) / 229.2)),
               now - (i - 1) * 60'000);
  uint64_t random = 1;
  for (uint32_t round = options.points; round > 0; --round)
    for (uint32_t i = 0; i < options.series; ++i) {
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      sender.add("fleet_load", fmt::format("h{:05}", i), fmt::format("g{:04}", i / 100),
                 fmt::format("r{:03}", i / 1000),
                 two_decimals(static_cast<double>(random >> 40) / 1e5),
                 now - int64_t{round - 1} * 10'000);
    }
  return 0;
}
