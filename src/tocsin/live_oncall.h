#pragma once
// Who is on call on the running program: keeps the snapshot of roster and overrides, has overrides
// and the record of who was on call written by the SQL writer, and answers the API.
//
// All of its state but the snapshot belongs to the background loop. It looks once a second whether
// somebody else is on call now.

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "oncall/notices.h"
#include "oncall/record.h"
#include "server/oncall_desk.h"
#include "tocsin/live.h"
#include "tocsin/person_notices.h"

namespace tocsin {

class LiveOnCall final : public server::OnCallDesk {
 public:
  // Reads what is kept. `live` outlives it and is stopped before it is destroyed.
  static Result<std::unique_ptr<LiveOnCall>> start(Live& live);

  // Any thread: a reloaded configuration.
  void configure(const Configuration& configuration);
  // Any thread: as of now.
  oncall::OnCall snapshot() const;

  // On the background loop: a message to somebody that is about no shift.
  void tell_person(respond::PersonNotice notice) { notices_.tell({std::move(notice)}); }

  void ask(std::function<void(const Facts&)> work) override;
  void add(std::vector<oncall::Override> overrides,
           server::Done<std::vector<oncall::Override>> done) override;
  void end(std::string schedule, std::string id, std::string by,
           server::Done<std::optional<oncall::Override>> done) override;
  const access::FeedTokens& feed_tokens() const override { return feed_tokens_; }

 private:
  LiveOnCall(Live& live, access::FeedTokens tokens)
      : live_(live), feed_tokens_(std::move(tokens)), notices_(live) {}
  Result<void> load();
  void look();
  void tell(std::vector<oncall::PersonMessage> messages);
  void tell_hand_over(const oncall::HandOver& hand_over);
  // `by`: who changed the plan.
  void replace(oncall::OnCall on_call, std::string_view by);
  void publish(oncall::OnCall on_call);
  Result<std::vector<oncall::Override>> checked(std::vector<oncall::Override> asked, TimeMs now);
  void write(std::vector<oncall::Override> rows, std::function<void(Result<void>)> done);
  void taken(const std::vector<oncall::Override>& rows, const std::string& by);

  Live& live_;
  access::FeedTokens feed_tokens_;
  // The background loop's.
  PersonNotices notices_;
  TimeMs reminded_at_;
  oncall::Recorder recorder_;
  oncall::LintFacts lint_;
  bool changed_ = true;  // the plan, since the last look
  int64_t made_ = 0;     // overrides in this run: ids differ

  mutable std::mutex mutex_;
  oncall::OnCall on_call_;  // guarded by mutex_
};

}  // namespace tocsin
