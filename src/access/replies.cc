#include "access/replies.h"

#include <utility>

namespace tocsin::access {

Replies::Replies(Counters& counters)
    : dropped_(counters.counter("tocsin_http_replies_dropped_total", "",
                                "Kept answers that went before their 24 hours: too many, or too "
                                "large.")) {}

Result<void> Replies::load(state::Database& database, TimeMs now) {
  const std::lock_guard lock(mutex_);
  auto done = database.query(
      "SELECT key, request, at, status, type, body FROM access_replies WHERE at > ? ORDER BY at, "
      "key",
      {now - kKept}, [this](const state::Row& row) {
        KeptReply one;
        one.key = row.get<std::string>(0);
        one.request = row.get<std::string>(1);
        one.at = row.get<TimeMs>(2);
        one.status = row.get<int>(3);
        one.type = row.get<std::string>(4);
        one.body = row.get<std::string>(5);
        one.body_kept = !one.type.empty();
        bytes_ += one.body.size();
        std::string key = one.key;
        by_key_.emplace(std::move(key), order_.insert(order_.end(), std::move(one)));
      });
  if (!done) return fail(done.error());
  return {};
}

void Replies::drop_first() {
  bytes_ -= order_.front().body.size();
  by_key_.erase(order_.front().key);
  order_.pop_front();
}

void Replies::drop_old(TimeMs now) {
  while (!order_.empty() && now - order_.front().at >= kKept) drop_first();
  while (order_.size() > kRepliesMax || bytes_ > kBytesMax) {
    dropped_.add();
    drop_first();
  }
}

Replies::Found Replies::begin(const std::string& key, const std::string& request, TimeMs now,
                              KeptReply& kept) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) {
    KeptReply one;
    one.key = key;
    one.request = request;
    one.at = now;
    by_key_.emplace(key, order_.insert(order_.end(), std::move(one)));
    return Found::kFresh;
  }
  if (known->second->request != request) return Found::kOther;
  if (known->second->status == 0) return Found::kRunning;
  kept = *known->second;
  return Found::kAnswered;
}

void Replies::finish(const std::string& key, int status, std::string type, std::string body,
                     bool keep_body) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return;  // dropped meanwhile
  KeptReply& one = *known->second;
  one.status = status;
  one.body_kept = keep_body && body.size() <= kBodyBytesMax;
  if (one.body_kept) {
    one.type = type.empty() ? "text/plain" : std::move(type);
    one.body = std::move(body);
    bytes_ += one.body.size();
  }
  new_.push_back(key);
}

void Replies::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return;
  order_.erase(known->second);
  by_key_.erase(known);
}

std::vector<KeptReply> Replies::take_new() {
  const std::lock_guard lock(mutex_);
  std::vector<KeptReply> out;
  for (const std::string& key : std::exchange(new_, {}))
    if (const auto known = by_key_.find(key); known != by_key_.end()) out.push_back(*known->second);
  return out;
}

Result<void> Replies::write(state::Transaction& transaction,
                            const std::vector<KeptReply>& replies) {
  for (const KeptReply& one : replies) {
    auto done = transaction.execute(
        "INSERT INTO access_replies (key, request, at, status, type, body) VALUES (?, ?, ?, ?, ?, "
        "?) ON CONFLICT (key) DO UPDATE SET request = excluded.request, at = excluded.at, status = "
        "excluded.status, type = excluded.type, body = excluded.body",
        {one.key, one.request, one.at, one.status, one.type, one.body});
    if (!done) return fail(done.error());
  }
  return {};
}

Result<void> Replies::remove_old(state::Transaction& transaction, TimeMs now) {
  auto done = transaction.execute("DELETE FROM access_replies WHERE at <= ?", {now - kKept});
  if (!done) return fail(done.error());
  return {};
}

}  // namespace tocsin::access
