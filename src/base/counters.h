#pragma once
// Tocsin's own metrics. A Counter or Gauge is registered once (cold, locked) and then added to
// without a lock (relaxed atomics; one instance per thread where it is hot). /metrics writes them
// all.

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace tocsin {

class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double v) { value_.store(v, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Owned by the program and handed in; references it returns live as long as it does. Any thread.
class Counters {
 public:
  // name: "tocsin_points_late_total"; labels: `reason="future"` or empty; the same pair gives the
  // same counter again. help is kept from the first call.
  Counter& counter(std::string_view name, std::string_view labels, std::string_view help);
  Gauge& gauge(std::string_view name, std::string_view labels, std::string_view help);

  // Of all counters of that name, whatever their labels; 0 if there are none.
  uint64_t total(std::string_view name) const;

  // Prometheus text exposition format 0.0.4, families sorted by name.
  std::string exposition() const;

 private:
  enum class Kind { kCounter, kGauge };
  struct Entry {
    Kind kind;
    std::string name, labels, help;
    Counter counter;
    Gauge gauge;
    Entry(Kind k, std::string_view n, std::string_view l, std::string_view h)
        : kind(k), name(n), labels(l), help(h) {}
  };
  Entry& find_or_add(Kind kind, std::string_view name, std::string_view labels,
                     std::string_view help);

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
};

}  // namespace tocsin
