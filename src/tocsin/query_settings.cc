#include "tocsin/query_settings.h"

#include <algorithm>
#include <thread>

#include "config/reader.h"

namespace tocsin {
namespace {

constexpr std::string_view kType = "queries";

uint32_t count(config::MapReader& m, std::string_view key, uint32_t standard, int64_t least,
               int64_t most, std::string_view doc) {
  const auto value = m.value<int64_t>(key, standard, doc);
  return static_cast<uint32_t>(std::clamp(value, least, most));
}

void read_settings(config::MapReader& m, QuerySettings& out) {
  out.threads = count(m, "threads", out.threads, 0, 64,
                      "Queries worked on at a time, at low priority; 0 = one per core (2 to 8).");
  out.queue = count(m, "queue", out.queue, 1, 10'000,
                    "Queries that may wait for a thread; past it they are refused with 503.");
  out.timeout =
      m.value<DurationMs>("timeout", out.timeout, "Longest time of a query, waiting included.");
  out.lookback = m.value<DurationMs>(
      "lookback", out.lookback, "How old the newest point may be for a series to have a value.");
  out.samples_max = static_cast<uint64_t>(std::clamp<int64_t>(
      m.value<int64_t>("samples_max", static_cast<int64_t>(out.samples_max),
                       "Most points one query may hold in memory, 16 bytes each."),
      1000, int64_t{1} << 40));
  if (out.timeout.count <= 0) m.problem("timeout", "has to be longer than 0");
  if (out.lookback.count <= 0) m.problem("lookback", "has to be longer than 0");
}

}  // namespace

QuerySettings QuerySettings::read(const config::Folder& folder, config::Problems& problems) {
  QuerySettings out;
  folder.single(kType, kType, problems, [&](config::MapReader& m) { read_settings(m, out); });
  return out;
}

void QuerySettings::describe(config::Reference& reference) {
  if (!reference.begin_type(kType)) return;
  config::Problems none;
  config::MapReader m(reference, kType, none);
  QuerySettings ignored;
  read_settings(m, ignored);
}

uint32_t QuerySettings::thread_count() const {
  if (threads > 0) return threads;
  return std::clamp<uint32_t>(std::thread::hardware_concurrency(), 2, 8);
}

}  // namespace tocsin
