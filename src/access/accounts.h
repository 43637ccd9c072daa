#pragma once
// Users, API tokens and sessions of the running program, in memory and in SQL.
//
// Looking is for any thread: it works on an immutable snapshot, a lock is held to copy a pointer.
// Every change is one transaction on the SQL writer, with its line in the audit log; what is in
// memory changes after the commit and before `done` is called, on the writer's thread. A crash
// keeps the change whole or not at all; only when something was last used may be a minute behind.
// Bounded: 10,000 users and tokens each, 20 sessions a user (the one unused longest ends), 20,000
// in all (kExhausted).

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/audit.h"
#include "access/records.h"
#include "base/clock.h"
#include "state/database.h"

namespace tocsin::access {

struct Lifetimes {
  DurationMs session_idle = days(1);  // not used so long: signed out
  DurationMs session_max = days(14);  // signed in so long: signed out, used or not
};

// Who makes a change and from where, for the audit log.
struct Actor {
  std::string who, kind, address;
};

class Accounts {
 public:
  // Runs the work on the one thread that may write, in order; now or later.
  using Writer = std::function<void(std::function<void(state::Database&)>)>;
  template <class T>
  using Done = std::function<void(Result<T>)>;

  // The clock outlives it.
  Accounts(Writer writer, const Clock& clock, Lifetimes lifetimes = {});
  // What is kept; before anything is asked.
  Result<void> load(state::Database& database);

  // Looking.
  bool any_user() const;
  std::optional<Who> by_token(std::string_view plain) const;    // also notes its use
  std::optional<Who> by_session(std::string_view plain) const;  // likewise
  std::vector<User> users() const;                              // by name
  std::optional<User> user(std::string_view name) const;
  std::vector<Token> tokens() const;                           // by name
  std::vector<Session> sessions(std::string_view user) const;  // that still hold; newest first
  const Lifetimes& lifetimes() const { return lifetimes_; }

  // Changes. kInvalid: a name that is taken or cannot be used; kRefused: it would leave nobody who
  // may administer. `false`: there is no such one.
  void add_user(User user, Actor actor, Done<User> done);
  struct UserChange {
    std::optional<std::string> real_name, mail;
    std::optional<Role> role;
    std::optional<LabelView> view;
  };
  void change_user(std::string name, UserChange change, Actor actor, Done<bool> done);
  // Ends the user's sessions but for `kept_session`. hash: hash_password().
  void set_password(std::string name, std::string hash, std::string kept_session, Actor actor,
                    Done<bool> done);
  void remove_user(std::string name, Actor actor, Done<bool> done);  // their tokens go too

  struct NewToken {
    std::string name;
    Permissions may;
    LabelView view;
    std::string owner;  // a user's name or empty
    TimeMs expires;     // 0 = never
  };
  // The plain text, which is kept nowhere.
  void add_token(NewToken token, Actor actor, Done<std::string> done);
  void remove_token(std::string name, Actor actor, Done<bool> done);
  // Tokens of an earlier version's file; those whose name is taken stay as they are.
  void take_over(std::vector<Token> tokens, Done<size_t> done);

  // The cookie's plain text. The password has been checked.
  void sign_in(std::string user, std::string address, std::string agent, Done<std::string> done);
  // A failed try, for the record.
  void note_refused(std::string user, std::string address);
  void end_session(std::string user, std::string id, Actor actor, Done<bool> done);
  // All of a user's but for `kept_session`; how many.
  void end_sessions(std::string user, std::string kept_session, Actor actor, Done<size_t> done);

  // While there is no user: a secret with which the first administrator is made, once. In memory
  // only; each call makes another.
  std::string begin_setup();
  bool setup_fits(std::string_view secret) const;
  // kRefused if the secret is not the one, or somebody was first.
  void setup(std::string secret, User user, Actor actor, Done<User> done);

  // The secret by which the command line speaks to the server it runs beside.
  std::string begin_command_secret();

  // Writes when things were last used and drops sessions that are over; call each minute.
  void tidy();

 private:
  struct Held {
    std::map<std::string, User, std::less<>> users;
    std::map<std::string, Token, std::less<>> tokens;
    std::map<std::string, Session, std::less<>> sessions;
    std::unordered_map<std::string, std::string> token_by_hash, session_by_hash;  // -> name, id
    void index();
  };
  struct Step;  // one change under way: what is held next, the transaction, the audit line

  std::shared_ptr<const Held> held() const;
  void publish(Held next);
  bool over(const Session& session) const;
  template <class T>
  void change(std::string action, Actor actor, Done<T> done, std::function<Result<T>(Step&)> work);
  static Result<void> drop_sessions(Step& step, std::string_view user, std::string_view kept,
                                    size_t& dropped);

  const Writer writer_;
  const Clock& clock_;
  const Lifetimes lifetimes_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Held> held_ = std::make_shared<Held>();  // guarded by mutex_
  std::string setup_hash_;                                       // guarded by mutex_
  std::string command_hash_;                                     // guarded by mutex_
  std::unordered_map<std::string, TimeMs> written_;  // last uses as kept, by hash; writer's thread
};

}  // namespace tocsin::access
