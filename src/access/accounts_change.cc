// Every change of users, tokens and sessions: checked, written and recorded in one transaction.

#include <fmt/format.h>

#include <algorithm>

#include "access/accounts.h"
#include "access/secret.h"
#include "access/tables.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/text.h"

namespace tocsin::access {
namespace {

constexpr std::string_view kTokenPrefix = "toc_";
constexpr size_t kRealNameBytesMax = 200, kAgentBytesMax = 200;

std::string user_json(const User& user) {
  JsonWriter json;
  json.begin_object()
      .member("name", user.name)
      .member("real_name", user.real_name)
      .member("mail", user.mail)
      .member("role", to_text(user.role))
      .member("view", user.view.text())
      .end_object();
  return json.take();
}

std::string token_json(const Token& token) {
  JsonWriter json;
  json.begin_object()
      .member("name", token.name)
      .member("scopes", to_text(token.may))
      .member("view", token.view.text())
      .member("owner", token.owner)
      .key("expires_at");
  token.expires.ms == 0 ? json.null() : json.integer(token.expires.ms);
  json.end_object();
  return json.take();
}

Result<void> check_user(const User& user) {
  if (auto good = check_name("user", user.name); !good) return good;
  if (user.real_name.size() > kRealNameBytesMax || !valid_utf8(user.real_name))
    return fail(ErrorCode::kInvalid, "the real name has to be UTF-8 of at most 200 bytes");
  return check_mail(user.mail);
}

Error last_administrator(std::string_view name) {
  return {ErrorCode::kRefused,
          fmt::format("{} is the last administrator; make another one first", name),
          {}};
}

}  // namespace

struct Accounts::Step {
  Held next;
  state::Transaction& transaction;
  TimeMs now;
  AuditEntry audit;

  // Whether somebody would be left who may administer, without this one.
  bool administrators_beside(std::string_view name) const {
    return std::any_of(next.users.begin(), next.users.end(), [&](const auto& one) {
      return one.first != name && one.second.role == Role::kAdmin;
    });
  }
};

template <class T>
void Accounts::change(std::string action, Actor actor, Done<T> done,
                      std::function<Result<T>(Step&)> work) {
  writer_([this, action = std::move(action), actor = std::move(actor), done = std::move(done),
           work = std::move(work)](state::Database& database) {
    auto transaction = database.begin();
    if (!transaction) return done(fail(transaction.error()));
    Step step{*held(), *transaction, clock_.now(), {}};
    step.audit.at = step.now;
    step.audit.who = actor.who;
    step.audit.kind = actor.kind;
    step.audit.address = actor.address;
    step.audit.action = action;
    step.audit.status = 200;
    auto out = work(step);
    if (!out) return done(fail(out.error()));
    // Without a target nothing was there to change.
    if (!step.audit.target.empty())
      if (auto kept = write_audit(*transaction, step.audit); !kept) return done(fail(kept.error()));
    if (auto committed = transaction->commit(); !committed) return done(fail(committed.error()));
    publish(std::move(step.next));
    done(std::move(out));
  });
}

void Accounts::add_user(User user, Actor actor, Done<User> done) {
  change<User>("user.add", std::move(actor), std::move(done),
               [user = std::move(user)](Step& step) -> Result<User> {
                 User made = user;
                 made.created = step.now;
                 if (auto good = check_user(made); !good) return fail(good.error());
                 if (step.next.users.contains(made.name))
                   return fail(ErrorCode::kInvalid,
                               fmt::format("there is a user \"{}\" already", made.name));
                 if (step.next.users.size() >= kUsersMax)
                   return fail(ErrorCode::kExhausted, "there are 10,000 users, no more fit");
                 if (auto kept = write_user(step.transaction, made); !kept)
                   return fail(kept.error());
                 step.audit.target = "user " + made.name;
                 step.audit.after = user_json(made);
                 step.next.users.emplace(made.name, made);
                 return made;
               });
}

void Accounts::change_user(std::string name, UserChange wanted, Actor actor, Done<bool> done) {
  change<bool>("user.change", std::move(actor), std::move(done),
               [name = std::move(name), wanted = std::move(wanted)](Step& step) -> Result<bool> {
                 const auto known = step.next.users.find(name);
                 if (known == step.next.users.end()) return false;
                 User& user = known->second;
                 step.audit.target = "user " + name;
                 step.audit.before = user_json(user);
                 if (wanted.real_name) user.real_name = *wanted.real_name;
                 if (wanted.mail) user.mail = *wanted.mail;
                 if (wanted.view) user.view = *wanted.view;
                 if (wanted.role && user.role == Role::kAdmin && *wanted.role != Role::kAdmin &&
                     !step.administrators_beside(name))
                   return fail(last_administrator(name));
                 if (wanted.role) user.role = *wanted.role;
                 if (auto good = check_user(user); !good) return fail(good.error());
                 if (auto kept = write_user(step.transaction, user); !kept)
                   return fail(kept.error());
                 step.audit.after = user_json(user);
                 return true;
               });
}

Result<void> Accounts::drop_sessions(Step& step, std::string_view user, std::string_view kept,
                                     size_t& dropped) {
  for (auto it = step.next.sessions.begin(); it != step.next.sessions.end();) {
    if (it->second.user != user || it->first == kept) {
      ++it;
      continue;
    }
    if (auto gone = remove_session(step.transaction, it->first); !gone) return gone;
    it = step.next.sessions.erase(it);
    ++dropped;
  }
  return {};
}

void Accounts::set_password(std::string name, std::string hash, std::string kept_session,
                            Actor actor, Done<bool> done) {
  change<bool>("user.password", std::move(actor), std::move(done),
               [name = std::move(name), hash = std::move(hash),
                kept = std::move(kept_session)](Step& step) -> Result<bool> {
                 const auto known = step.next.users.find(name);
                 if (known == step.next.users.end()) return false;
                 known->second.password_hash = hash;
                 if (auto done_so = write_user(step.transaction, known->second); !done_so)
                   return fail(done_so.error());
                 size_t ended = 0;
                 if (auto gone = drop_sessions(step, name, kept, ended); !gone)
                   return fail(gone.error());
                 step.audit.target = "user " + name;
                 step.audit.after = fmt::format("{} sessions ended", ended);
                 return true;
               });
}

void Accounts::remove_user(std::string name, Actor actor, Done<bool> done) {
  change<bool>("user.remove", std::move(actor), std::move(done),
               [name = std::move(name)](Step& step) -> Result<bool> {
                 const auto known = step.next.users.find(name);
                 if (known == step.next.users.end()) return false;
                 if (known->second.role == Role::kAdmin && !step.administrators_beside(name) &&
                     step.next.users.size() > 1)
                   return fail(last_administrator(name));
                 step.audit.target = "user " + name;
                 step.audit.before = user_json(known->second);
                 size_t ended = 0;
                 if (auto gone = drop_sessions(step, name, "", ended); !gone)
                   return fail(gone.error());
                 for (auto it = step.next.tokens.begin(); it != step.next.tokens.end();) {
                   if (it->second.owner != name) {
                     ++it;
                     continue;
                   }
                   if (auto gone = access::remove_token(step.transaction, it->first); !gone)
                     return fail(gone.error());
                   it = step.next.tokens.erase(it);
                 }
                 if (auto gone = access::remove_user(step.transaction, name); !gone)
                   return fail(gone.error());
                 step.next.users.erase(known);
                 return true;
               });
}

void Accounts::add_token(NewToken wanted, Actor actor, Done<std::string> done) {
  change<std::string>(
      "token.add", std::move(actor), std::move(done),
      [wanted = std::move(wanted)](Step& step) -> Result<std::string> {
        if (auto good = check_name("token", wanted.name); !good) return fail(good.error());
        if (wanted.may.empty()) return fail(ErrorCode::kInvalid, "a token needs a scope");
        if (step.next.tokens.contains(wanted.name))
          return fail(ErrorCode::kInvalid,
                      fmt::format("there is a token \"{}\" already", wanted.name));
        if (!wanted.owner.empty() && !step.next.users.contains(wanted.owner))
          return fail(ErrorCode::kInvalid, fmt::format("there is no user \"{}\"", wanted.owner));
        if (wanted.expires.ms != 0 && wanted.expires <= step.now)
          return fail(ErrorCode::kInvalid, "the token would expire in the past");
        if (step.next.tokens.size() >= kTokensMax)
          return fail(ErrorCode::kExhausted, "there are 10,000 tokens; remove some first");
        std::string plain = new_secret(kTokenPrefix);
        Token made;
        made.name = wanted.name;
        made.hash = hash_secret(plain);
        made.may = wanted.may;
        made.view = wanted.view;
        made.owner = wanted.owner;
        made.created = step.now;
        made.expires = wanted.expires;
        if (auto kept = write_token(step.transaction, made); !kept) return fail(kept.error());
        step.audit.target = "token " + made.name;
        step.audit.after = token_json(made);
        step.next.tokens.emplace(made.name, made);
        return plain;
      });
}

void Accounts::remove_token(std::string name, Actor actor, Done<bool> done) {
  change<bool>("token.remove", std::move(actor), std::move(done),
               [name = std::move(name)](Step& step) -> Result<bool> {
                 const auto known = step.next.tokens.find(name);
                 if (known == step.next.tokens.end()) return false;
                 if (auto gone = access::remove_token(step.transaction, name); !gone)
                   return fail(gone.error());
                 step.audit.target = "token " + name;
                 step.audit.before = token_json(known->second);
                 step.next.tokens.erase(known);
                 return true;
               });
}

void Accounts::take_over(std::vector<Token> tokens, Done<size_t> done) {
  change<size_t>("token.take_over", {"", "program", ""}, std::move(done),
                 [tokens = std::move(tokens)](Step& step) -> Result<size_t> {
                   size_t taken = 0;
                   for (const Token& token : tokens) {
                     if (step.next.tokens.contains(token.name)) continue;
                     if (auto kept = write_token(step.transaction, token); !kept)
                       return fail(kept.error());
                     step.next.tokens.emplace(token.name, token);
                     ++taken;
                   }
                   if (taken > 0) step.audit.target = fmt::format("{} tokens of a file", taken);
                   return taken;
                 });
}

void Accounts::sign_in(std::string user, std::string address, std::string agent,
                       Done<std::string> done) {
  Actor actor{user, "user", address};
  change<std::string>(
      "session.begin", std::move(actor), std::move(done),
      [user = std::move(user), address = std::move(address),
       agent = std::move(agent)](Step& step) -> Result<std::string> {
        if (!step.next.users.contains(user))
          return fail(ErrorCode::kRefused, "signing in failed: the user was just removed");
        std::vector<Session> known;
        for (const auto& [id, session] : step.next.sessions)
          if (session.user == user) known.push_back(session);
        std::sort(known.begin(), known.end(), [](const Session& a, const Session& b) {
          return a.last_use.get() < b.last_use.get();
        });
        for (size_t i = 0; i + kSessionsPerUserMax <= known.size(); ++i) {
          if (auto gone = remove_session(step.transaction, known[i].id); !gone)
            return fail(gone.error());
          step.next.sessions.erase(known[i].id);
        }
        if (step.next.sessions.size() >= kSessionsMax)
          return fail(ErrorCode::kExhausted, "20,000 people are signed in; try again later");
        std::string plain = new_secret("");
        Session made;
        made.hash = hash_secret(plain);
        made.id = hash_secret("id " + made.hash).substr(0, 16);
        made.user = user;
        made.address = address;
        made.agent = cut_text(valid_utf8(agent) ? agent : std::string("?"), kAgentBytesMax);
        made.created = step.now;
        made.last_use.set(step.now);
        if (auto kept = write_session(step.transaction, made); !kept) return fail(kept.error());
        step.audit.target = "session " + made.id;
        step.next.sessions.emplace(made.id, made);
        return plain;
      });
}

void Accounts::note_refused(std::string user, std::string address) {
  change<bool>(
      "session.refused", {cut_text(user, kNameBytesMax), "user", std::move(address)},
      [](const Result<bool>& done) {
        if (!done) log::error("recording a refused sign-in failed: {}", done.error().text());
      },
      [](Step& step) -> Result<bool> {
        step.audit.target = "user " + step.audit.who;
        step.audit.status = 401;
        return true;
      });
}

void Accounts::end_session(std::string user, std::string id, Actor actor, Done<bool> done) {
  change<bool>("session.end", std::move(actor), std::move(done),
               [user = std::move(user), id = std::move(id)](Step& step) -> Result<bool> {
                 const auto known = step.next.sessions.find(id);
                 if (known == step.next.sessions.end() || known->second.user != user) return false;
                 if (auto gone = remove_session(step.transaction, id); !gone)
                   return fail(gone.error());
                 step.audit.target = "session " + id + " of " + user;
                 step.next.sessions.erase(known);
                 return true;
               });
}

void Accounts::end_sessions(std::string user, std::string kept_session, Actor actor,
                            Done<size_t> done) {
  change<size_t>(
      "session.end", std::move(actor), std::move(done),
      [user = std::move(user), kept = std::move(kept_session)](Step& step) -> Result<size_t> {
        size_t ended = 0;
        if (auto gone = drop_sessions(step, user, kept, ended); !gone) return fail(gone.error());
        step.audit.target = fmt::format("{} sessions of {}", ended, user);
        return ended;
      });
}

void Accounts::setup(std::string secret, User user, Actor actor, Done<User> done) {
  user.role = Role::kAdmin;
  actor.who = user.name;
  change<User>(
      "user.setup", std::move(actor), std::move(done),
      [this, secret = std::move(secret), user = std::move(user)](Step& step) -> Result<User> {
        // The writer does one change at a time: of two that hold the link one is first.
        if (!setup_fits(secret))
          return fail(ErrorCode::kRefused,
                      "this set-up link is not valid any more: it was used, or the "
                      "server was started anew and printed another");
        User made = user;
        made.created = step.now;
        if (auto good = check_user(made); !good) return fail(good.error());
        if (auto kept = write_user(step.transaction, made); !kept) return fail(kept.error());
        step.audit.target = "user " + made.name;
        step.audit.after = user_json(made);
        step.next.users.emplace(made.name, made);
        return made;
      });
}

// Most minutes have nothing to write.
void Accounts::tidy() {
  writer_([this](state::Database& database) {
    Held next = *held();
    std::vector<const Token*> tokens;
    std::vector<const Session*> used;
    std::vector<std::string> ended;
    const auto moved = [this](const std::string& hash, const LastUse& use) {
      return written_[hash] != use.get();
    };
    for (const auto& [name, token] : next.tokens)
      if (moved(token.hash, token.last_use)) tokens.push_back(&token);
    for (const auto& [id, session] : next.sessions) {
      if (over(session))
        ended.push_back(id);
      else if (moved(session.hash, session.last_use))
        used.push_back(&session);
    }
    if (tokens.empty() && used.empty() && ended.empty()) return;
    // What was removed leaves its row here; once in a while all are learned anew.
    if (written_.size() > 2 * (next.tokens.size() + next.sessions.size()) + 100) written_.clear();
    auto transaction = database.begin();
    bool good = transaction.has_value();
    for (const Token* token : tokens) good = good && write_token(*transaction, *token);
    for (const Session* session : used) good = good && write_session(*transaction, *session);
    for (const std::string& id : ended) good = good && remove_session(*transaction, id);
    if (!good || !transaction->commit()) {
      log::warning("when tokens and sessions were last used could not be written");
      return;
    }
    for (const Token* token : tokens) written_[token->hash] = token->last_use.get();
    for (const Session* session : used) written_[session->hash] = session->last_use.get();
    for (const std::string& id : ended) {
      written_.erase(next.sessions.find(id)->second.hash);
      next.sessions.erase(id);
    }
    if (!ended.empty()) publish(std::move(next));
  });
}

}  // namespace tocsin::access
