#include "tocsin/person_notices.h"

#include <utility>

#include "base/log.h"
#include "supervisor/outbox.h"

namespace tocsin {

using respond::PersonNotice;

namespace {

constexpr DurationMs kGiveUpAfter = hours(24);

Counter& counted(Counters& counters, const char* result) {
  return counters.counter("tocsin_person_notices_total", std::string("result=\"") + result + "\"",
                          "Messages to people that are about no alert, by what came of them.");
}

}  // namespace

PersonNotices::PersonNotices(Live& live)
    : live_(live),
      sent_(counted(live.counters(), "sent")),
      given_up_(counted(live.counters(), "given up")),
      refused_(counted(live.counters(), "refused")) {}

Result<void> PersonNotices::load() {
  auto all = respond::waiting_person_notices(live_.reader(), kWaitingMax);
  if (!all) return fail(all.error());
  for (PersonNotice& one : *all) {
    const std::string key = one.key;
    waiting_[key].notice = std::move(one);
  }
  return {};
}

void PersonNotices::tell(std::vector<PersonNotice> notices) {
  for (PersonNotice& one : notices) {
    if (waiting_.contains(one.key)) continue;
    if (waiting_.size() >= kWaitingMax) {
      refused_.add();
      log::error("not told: {} to {}: 1000 messages wait already", one.subject, one.receiver);
      continue;
    }
    live_.decisions().write_state([this, one](state::Database& database) {
      auto transaction = database.begin();
      if (!transaction) return log::error("keeping a notice: {}", transaction.error().text());
      auto added = respond::add_person_notice(*transaction, one);
      if (!added) return log::error("keeping a notice: {}", added.error().text());
      if (auto done = transaction->commit(); !done)
        return log::error("keeping a notice: {}", done.error().text());
      if (!*added) return;
      live_.background().post([this, one] {
        waiting_[one.key].notice = one;
        look();
      });
    });
  }
}

void PersonNotices::look() {
  const TimeMs now = live_.clock().now();
  for (auto& [key, waiting] : waiting_)
    if (!waiting.under_way && waiting.notice.next_try <= now) attempt(waiting, now);
}

void PersonNotices::attempt(Waiting& waiting, TimeMs now) {
  const std::string key = waiting.notice.key;
  waiting.under_way = true;
  auto begun = live_.dispatcher().tell(waiting.notice, [this, key](const Delivery& delivery) {
    live_.background().post([this, key, delivery] { settled(key, delivery); });
  });
  if (begun) return;
  Delivery refused;
  refused.state = begun.error().code == ErrorCode::kExhausted ? Delivery::State::kFailed
                                                              : Delivery::State::kGivenUp;
  refused.sent = now;
  refused.answer = begun.error().message;
  live_.background().post([this, key, refused] { settled(key, refused); });
}

void PersonNotices::settled(const std::string& key, const Delivery& delivery) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  PersonNotice& notice = found->second.notice;
  found->second.under_way = false;
  ++notice.attempts;
  notice.answer = delivery.answer;
  const bool sent = delivery.state == Delivery::State::kSent;
  const bool again =
      delivery.state == Delivery::State::kFailed && delivery.sent < notice.created + kGiveUpAfter;
  notice.next_try =
      delivery.sent + supervisor::back_off(notice.attempts, static_cast<int64_t>(hash64(key)), 0);
  if (!again) notice.state = sent ? PersonNotice::State::kSent : PersonNotice::State::kGivenUp;
  if (!again) (sent ? sent_ : given_up_).add();
  if (!again && !sent)
    log::error("not told: {} to {}: {}", notice.subject, notice.receiver, notice.answer);
  const PersonNotice kept = notice;
  if (!again) waiting_.erase(found);
  live_.decisions().write_state([kept, now = delivery.sent](state::Database& database) {
    auto transaction = database.begin();
    if (!transaction) return log::error("keeping a notice: {}", transaction.error().text());
    auto done = respond::update_person_notice(*transaction, kept, now);
    if (done) done = transaction->commit();
    if (!done) log::error("keeping a notice: {}", done.error().text());
  });
}

}  // namespace tocsin
