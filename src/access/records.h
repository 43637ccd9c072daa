#pragma once
// What is kept of users, tokens and sessions: plain values. Secrets are kept as hashes only.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "vocabulary/who.h"

namespace tocsin::access {

inline constexpr size_t kNameBytesMax = 100;
inline constexpr size_t kUsersMax = 10'000, kTokensMax = 10'000;
inline constexpr size_t kSessionsPerUserMax = 20, kSessionsMax = 20'000;

// When something was last used: shared by all copies of a record, written by any thread.
class LastUse {
 public:
  LastUse() : at_(std::make_shared<std::atomic<int64_t>>(0)) {}
  TimeMs get() const { return TimeMs{at_->load(std::memory_order_relaxed)}; }
  void set(TimeMs at) const { at_->store(at.ms, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<int64_t>> at_;
};

struct User {
  std::string name;       // what they sign in with; unique
  std::string real_name;  // may be empty
  std::string mail;       // may be empty
  Role role = Role::kViewer;
  LabelView view;             // everything, unless it says less
  std::string password_hash;  // argon2id; empty = cannot sign in yet
  TimeMs created;
};

struct Token {
  std::string name;  // unique
  std::string hash;  // hash_secret() of the whole text
  Permissions may;
  LabelView view;
  std::string owner;  // a user's name, or empty: nobody's in particular
  TimeMs created;
  TimeMs expires;  // 0 = never
  LastUse last_use;
};

struct Session {
  std::string id;    // for people's eyes and for ending it; no secret
  std::string hash;  // hash_secret() of the cookie
  std::string user;
  std::string address, agent;  // from where it was opened
  TimeMs created;
  LastUse last_use;
};

// Names of users and tokens: 1 to 100 bytes of UTF-8 without control characters, no space at an
// end. kInvalid says which of it is wrong.
Result<void> check_name(std::string_view what, std::string_view name);
// Empty, or one that a letter can be sent to as far as its looks go.
Result<void> check_mail(std::string_view mail);

// A token's scopes, as its maker writes them: the permissions by name, or two everyday names
// ("alerts" = respond, "config" = configure); "admin" holds all others. At least one.
Result<Permissions> parse_scopes(std::string_view list);  // "read,alerts"

}  // namespace tocsin::access
