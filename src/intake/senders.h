#pragma once
// Who sends: for the Senders page and for the watch over senders that fall silent.
// A sender is a product and an address: "telegraf 127.0.0.1", "curl 127.0.0.1".
// Any thread; locked, once per request. Bounded: past senders_max the one that was silent longest
// is forgotten (counted); refs are never used again.

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/counters.h"
#include "base/time.h"
#include "vocabulary/point.h"

namespace tocsin::intake {

struct SenderView {
  SenderRef ref;
  std::string name;      // "curl 127.0.0.1"
  std::string protocol;  // "influx v1"
  std::string agent;     // User-Agent as sent, cut to 200 bytes
  std::string address;
  TimeMs first_seen, last_seen;
  uint64_t points = 0;     // kept
  uint64_t rejected = 0;   // lines
  std::string last_error;  // empty = none yet
  TimeMs last_error_at;
  uint64_t series = 0;        // estimate (6 %), from below: grows as more batches are looked at
  std::vector<Point> recent;  // at most 20 series it sent last, newest first; sampled
};

// "Telegraf/1.24.4 Go/1.19" -> "telegraf"; without a product "unknown".
std::string sender_product(std::string_view user_agent);
// "telegraf 10.0.0.3": what it is known by, in the table, in the journal and on pages.
std::string sender_name(std::string_view user_agent, std::string_view address);

class SenderTable {
 public:
  explicit SenderTable(Counters& counters, size_t senders_max = 10'000);

  // The sender, remembered from now on.
  SenderRef seen(std::string_view protocol, std::string_view user_agent, std::string_view address,
                 TimeMs now);
  // points and lines of one request as they turned out. Forgotten senders are left alone.
  void count(SenderRef sender, TimeMs now, uint64_t points, uint64_t rejected);
  void error(SenderRef sender, TimeMs now, std::string_view text);
  // Looks at a batch's rows, or not: all batches up to 20 rows, of longer ones one per 200 ms.
  void sample(const Batch& batch, TimeMs now);

  std::vector<SenderView> list() const;  // by name, then protocol
  std::optional<SenderView> find(SenderRef sender) const;
  size_t size() const;

 private:
  struct Sender {
    SenderView view;
    TimeMs sampled;
    std::array<uint8_t, 256> sketch{};  // HyperLogLog
  };
  using Key = std::pair<std::string, std::string>;  // name, protocol
  Sender* at(SenderRef sender);
  void forget_oldest();
  static SenderView view_of(const Sender& sender);

  const size_t senders_max_;
  Counter& forgotten_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<Key, uint32_t> by_name_;
  std::unordered_map<uint32_t, Sender> senders_;  // never walked for output: by_name_ is
  uint32_t next_ = 0;
};

}  // namespace tocsin::intake
