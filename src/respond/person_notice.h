#pragma once
// A message to one person that is about no alert: a hand-over, a shift that begins soon. Kept in
// table `person_notices` until it was sent or given up; tried again with the outbox's back-off.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "state/database.h"
#include "state/migrations.h"
#include "vocabulary/alert.h"

namespace tocsin::respond {

struct PersonNotice {
  enum class State : uint8_t { kWaiting, kSent, kGivenUp };
  std::string key;       // one of the same key is kept and told once
  std::string receiver;  // "alice/mail"
  std::string subject;
  std::string text;
  TimeMs created;
  State state = State::kWaiting;
  uint32_t attempts = 0;
  TimeMs next_try;
  std::string answer;
};

// As messages know it: a view whose id begins with a zero half, so that it is taken for no alert.
AlertView view_of(const PersonNotice& notice);
bool is_person_notice(const Id128& alert);

std::span<const state::Migration> person_notice_migrations();
// False: one of that key is there.
Result<bool> add_person_notice(state::Transaction& transaction, const PersonNotice& notice);
// What came of an attempt. Those finished 31 days ago go.
Result<void> update_person_notice(state::Transaction& transaction, const PersonNotice& notice,
                                  TimeMs now);
Result<std::vector<PersonNotice>> waiting_person_notices(state::Database& database, size_t limit);

}  // namespace tocsin::respond
