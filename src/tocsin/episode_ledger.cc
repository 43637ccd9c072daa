#include "tocsin/episode_ledger.h"

#include <algorithm>
#include <array>

#include "models/archive.h"

namespace tocsin {
namespace {

constexpr int64_t kHourMs = 3'600'000, kDayMs = 86'400'000;
constexpr int64_t kSpenderDays = 7;
constexpr uint8_t kVersion = 1;
constexpr std::string_view kTables =
    "CREATE TABLE episodes (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;";
constexpr std::array kMigrations = {state::Migration{1, "tocsin", kTables}};

int64_t sum(const std::map<int64_t, int64_t>& counts, int64_t from) {
  int64_t total = 0;
  for (auto at = counts.lower_bound(from); at != counts.end(); ++at) total += at->second;
  return total;
}

void write_counts(ByteWriter& out, const std::map<int64_t, int64_t>& counts) {
  out.varint(counts.size());
  for (const auto& [at, count] : counts) {
    out.zigzag(at);
    out.zigzag(count);
  }
}

// False if a number cannot be one of hours, days or violations: sums of such stay far from the
// end of their type.
bool read_counts(ByteReader& in, std::map<int64_t, int64_t>& out) {
  constexpr int64_t kMax = int64_t{1} << 40;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const int64_t at = in.zigzag(), count = in.zigzag();
    if (at < 0 || at > kMax || count < 0 || count > kMax) return false;
    out[at] = count;
  }
  return in.ok();
}

}  // namespace

EpisodeLedger::Worker* EpisodeLedger::worker_for(std::string_view id, TimeMs now) {
  const auto found = workers_.find(id);
  if (found != workers_.end()) return &found->second;
  if (workers_.size() >= kWorkersMax) {
    const auto last_hour = [](const auto& entry) {
      const Worker& worker = entry.second;
      return worker.hours.empty() ? worker.since.ms / kHourMs : worker.hours.rbegin()->first;
    };
    workers_.erase(std::min_element(
        workers_.begin(), workers_.end(),
        [&](const auto& a, const auto& b) { return last_hour(a) < last_hour(b); }));
  }
  changed_ = true;
  Worker& fresh = workers_[std::string(id)];
  fresh.since = now;
  return &fresh;
}

void EpisodeLedger::begin(std::string_view worker, TimeMs now) { worker_for(worker, now); }

void EpisodeLedger::forget(Worker& worker, TimeMs now) const {
  const int64_t oldest = (now - kKept).ms / kHourMs;
  worker.hours.erase(worker.hours.begin(), worker.hours.lower_bound(oldest));
  const int64_t first_day = now.ms / kDayMs - kSpenderDays + 1;
  for (auto entry = worker.series.begin(); entry != worker.series.end();) {
    Days& days = entry->second;
    days.erase(days.begin(), days.lower_bound(first_day));
    entry = days.empty() ? worker.series.erase(entry) : std::next(entry);
  }
}

// The series with the fewest goes; of equals the first by its labels.
void EpisodeLedger::make_room(Worker& worker, int64_t today) {
  if (worker.series.size() < kSeriesMax) return;
  const int64_t first_day = today - kSpenderDays + 1;
  worker.series.erase(std::min_element(worker.series.begin(), worker.series.end(),
                                       [&](const auto& a, const auto& b) {
                                         return sum(a.second, first_day) < sum(b.second, first_day);
                                       }));
  ++worker.left_out;
}

void EpisodeLedger::opened(Position at, TimeMs now, std::string_view worker, const Labels& series) {
  if (at <= position_) return;
  position_ = at;
  changed_ = true;
  Worker& entry = *worker_for(worker, now);
  const int64_t hour = now.ms / kHourMs, today = now.ms / kDayMs;
  if (entry.hours.empty() || entry.hours.rbegin()->first != hour) forget(entry, now);
  ++entry.hours[hour];
  auto known = entry.series.find(series);
  if (known == entry.series.end()) {
    make_room(entry, today);
    known = entry.series.emplace(series, Days{}).first;
  }
  ++known->second[today];
}

int64_t EpisodeLedger::episodes(std::string_view worker, TimeMs now, DurationMs span) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? 0 : sum(found->second.hours, (now - span).ms / kHourMs + 1);
}

EpisodeLedger::Spent EpisodeLedger::spent(std::string_view worker, TimeMs now, DurationMs span,
                                          size_t spenders) const {
  Spent out;
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return out;
  const Worker& entry = found->second;
  out.since = std::max(entry.since, now - span);
  out.episodes = episodes(worker, now, span);
  out.series_left_out = entry.left_out;
  const int64_t today = now.ms / kDayMs, days = std::max<int64_t>(1, span.count / kDayMs);
  out.by_day.resize(static_cast<size_t>(days));
  for (const auto& [hour, count] : entry.hours)
    if (const int64_t ago = today - hour / 24; ago >= 0 && ago < days)
      out.by_day[static_cast<size_t>(days - 1 - ago)] += count;
  for (const auto& [series, by_day] : entry.series)
    if (const int64_t count = sum(by_day, today - kSpenderDays + 1); count > 0)
      out.most.push_back({series, count});
  out.series = static_cast<int64_t>(out.most.size());
  std::stable_sort(out.most.begin(), out.most.end(),
                   [](const Spender& a, const Spender& b) { return a.episodes > b.episodes; });
  if (out.most.size() > spenders) out.most.resize(spenders);
  return out;
}

std::string EpisodeLedger::encode() const {
  ByteWriter out;
  out.u8(kVersion);
  out.varint(position_.lsn.value);
  out.zigzag(position_.due.ms);
  out.varint(position_.row);
  out.varint(position_.step);
  out.varint(workers_.size());
  for (const auto& [id, worker] : workers_) {
    out.text(id);
    out.zigzag(worker.since.ms);
    out.zigzag(worker.left_out);
    write_counts(out, worker.hours);
    out.varint(worker.series.size());
    for (const auto& [series, days] : worker.series) {
      models::write_labels(out, series);
      write_counts(out, days);
    }
  }
  return out.take();
}

bool EpisodeLedger::decode(std::string_view text) {
  ByteReader in(text);
  EpisodeLedger read;
  if (in.u8() != kVersion) return false;
  read.position_.lsn.value = in.varint();
  read.position_.due.ms = in.zigzag();
  read.position_.row = in.varint();
  read.position_.step = static_cast<uint32_t>(in.varint());
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    std::string id(in.text());
    Worker& worker = read.workers_[std::move(id)];
    worker.since.ms = in.zigzag();
    worker.left_out = in.zigzag();
    if (!read_counts(in, worker.hours)) return false;
    for (uint64_t series = in.varint(); series > 0 && in.ok(); --series) {
      Labels labels = models::read_labels(in);
      if (!read_counts(in, worker.series[std::move(labels)])) return false;
    }
  }
  if (!in.done()) return false;
  *this = std::move(read);
  return true;
}

std::span<const state::Migration> EpisodeLedger::migrations() { return kMigrations; }

Result<void> EpisodeLedger::save(state::Transaction& transaction) {
  const std::string body = encode();
  auto done = transaction.execute(
      "INSERT INTO episodes (id, body) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = "
      "excluded.body",
      {state::Blob{body}});
  if (!done) return fail(done.error());
  changed_ = false;
  return {};
}

Result<void> EpisodeLedger::load(state::Database& database) {
  std::string body;
  auto rows = database.query("SELECT body FROM episodes WHERE id = 1", {},
                             [&](const state::Row& row) { body = row.get<std::string>(0); });
  if (!rows) return fail(rows.error());
  if (*rows > 0 && !decode(body))
    return fail(ErrorCode::kCorrupt,
                "cannot read how many violations were counted (table episodes of state.db); the "
                "noise budget is measured anew from now on");
  return {};
}

}  // namespace tocsin
