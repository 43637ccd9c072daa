// Sends line protocol to Tocsin, VictoriaMetrics or InfluxDB and says how fast it went.
//   tocsin_bench_send --port 9640 --series 200000 --connections 2 --batch 5000 --seconds 10
//   tocsin_bench_send --port 9640 --burst 200000 --period 10 --seconds 60
//   tocsin_bench_send --port 9640 --burst 200000 --period 0.25 --seconds 180 --step 10   (two
//   hours)
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>
#include <vector>

#include "connection.h"
#include "load.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string host = "127.0.0.1";
  uint16_t port = 9640;
  std::string path = "/write?db=bench&precision=ns";
  uint32_t series = 200'000;
  uint32_t connections = 2;
  uint32_t batch = 5'000;
  double seconds = 10;
  uint32_t burst = 0;  // points per period, spread over its first second; 0 = as fast as it goes
  double period = 10;  // seconds
  double step = 0;     // seconds of the points' time from burst to burst; 0 = they are of now
  bool shuffled = false;
};

struct Outcome {
  uint64_t points = 0;
  std::map<int, uint64_t> errors;  // by status; 0 = no answer
  std::string first_error;
  std::vector<uint32_t> micros;  // response times
};

double process_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// When a connection's request number n of a burst is due, and the time of its points.
class Schedule {
 public:
  explicit Schedule(const Options& options) : options_(options) {
    const uint64_t points = std::max<uint64_t>(1, options.burst / options.connections);
    per_burst_ = (points + options.batch - 1) / options.batch;
  }
  [[nodiscard]] Clock::time_point due(uint64_t n) const {
    const double spread = std::min(1.0, options_.period);
    return start_ +
           seconds(static_cast<double>(n / per_burst_) * options_.period + share(n) * spread);
  }
  // With a step the last burst is of the time when sending began.
  [[nodiscard]] int64_t time_ns(uint64_t n) const {
    using std::chrono::system_clock;
    if (options_.step <= 0) return nanoseconds(system_clock::now());
    const double bursts = std::ceil(options_.seconds / options_.period);
    const double back = (bursts - static_cast<double>(n / per_burst_) - share(n)) * options_.step;
    return nanoseconds(began_ - std::chrono::duration_cast<system_clock::duration>(
                                    std::chrono::duration<double>(back)));
  }

 private:
  static Clock::duration seconds(double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
  }
  static int64_t nanoseconds(std::chrono::system_clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
  }
  [[nodiscard]] double share(uint64_t n) const {
    return static_cast<double>(n % per_burst_) / static_cast<double>(per_burst_);
  }

  const Options& options_;
  uint64_t per_burst_ = 1;
  Clock::time_point start_ = Clock::now();
  std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now();
};

void send_one(bench::Connection& connection, bench::Load& load, int64_t now_ns, Outcome& outcome) {
  const std::string_view body = load.next(now_ns);
  const auto begin = Clock::now();
  const int status = connection.post(body);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  outcome.micros.push_back(static_cast<uint32_t>(took.count()));
  if (status == 204 || status == 200) {
    outcome.points += load.lines();
    return;
  }
  ++outcome.errors[status];
  if (outcome.first_error.empty()) outcome.first_error = connection.last_body();
  // A refused or unreachable server is not hammered: that would measure the hammering.
  std::this_thread::sleep_for(std::chrono::milliseconds(status == 0 ? 100 : 10));
}

void run(const Options& options, bench::Load& load, Outcome& outcome) {
  bench::Connection connection(options.host, options.port, options.path);
  outcome.micros.reserve(1 << 16);
  const Schedule schedule(options);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  for (uint64_t n = 0; Clock::now() < end; ++n) {
    if (options.burst > 0) {
      const auto at = schedule.due(n);
      if (at >= end) return;
      std::this_thread::sleep_until(at);
    }
    send_one(connection, load, schedule.time_ns(n), outcome);
  }
}

uint32_t quantile(std::vector<uint32_t>& sorted, double q) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<size_t>(q * static_cast<double>(sorted.size())))];
}

void print(const std::vector<Outcome>& outcomes, double seconds, double cpu_seconds) {
  Outcome all;
  for (const Outcome& one : outcomes) {
    all.points += one.points;
    all.micros.insert(all.micros.end(), one.micros.begin(), one.micros.end());
    for (const auto& [status, count] : one.errors) all.errors[status] += count;
    if (all.first_error.empty()) all.first_error = one.first_error;
  }
  std::sort(all.micros.begin(), all.micros.end());
  fmt::print("points          {}\npoints/s        {:.0f}\n", all.points,
             static_cast<double>(all.points) / seconds);
  fmt::print("sender CPU      {:.3f} us/point\n",
             all.points == 0 ? 0 : cpu_seconds * 1e6 / static_cast<double>(all.points));
  fmt::print("requests        {}\nresponse p50    {:.2f} ms\nresponse p99    {:.2f} ms\n",
             all.micros.size(), quantile(all.micros, 0.5) / 1e3, quantile(all.micros, 0.99) / 1e3);
  for (const auto& [status, count] : all.errors)
    fmt::print("status {:<8} {}\n", status == 0 ? "none" : std::to_string(status), count);
  if (!all.first_error.empty()) fmt::print("first error     {:.300}\n", all.first_error);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Sends line protocol and says how fast it went"};
  app.add_option("--host", options.host, "IPv4 address");
  app.add_option("--port", options.port);
  app.add_option("--path", options.path, "path and query to post to");
  app.add_option("--series", options.series)->check(CLI::Range(1u, 100'000'000u));
  app.add_option("--connections", options.connections)->check(CLI::Range(1u, 1000u));
  app.add_option("--batch", options.batch, "lines per request")->check(CLI::Range(1u, 1'000'000u));
  app.add_option("--seconds", options.seconds);
  app.add_option("--burst", options.burst, "points spread over 1 s, once per period; 0 = no pause");
  app.add_option("--period", options.period, "seconds from burst to burst");
  app.add_option(
      "--step", options.step,
      "seconds of the points' time from burst to burst, the last of now; 0 = all of now");
  app.add_flag("--shuffle", options.shuffled, "another order of the series in every round");
  CLI11_PARSE(app, argc, argv);

  std::vector<Outcome> outcomes(options.connections);
  std::vector<bench::Load> loads;
  const uint32_t share = std::max(1u, options.series / options.connections);
  for (uint32_t i = 0; i < options.connections; ++i)
    loads.emplace_back(i * share, share, options.batch, options.shuffled);
  const double cpu = process_cpu_seconds();
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options.connections; ++i)
    threads.emplace_back([&, i] { run(options, loads[i], outcomes[i]); });
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  print(outcomes, seconds, process_cpu_seconds() - cpu);
  bool failed = false;
  for (const Outcome& outcome : outcomes) failed = failed || !outcome.errors.empty();
  return failed ? 1 : 0;
}
