#include "access/accounts.h"

#include <algorithm>
#include <tuple>

#include "access/secret.h"
#include "access/tables.h"

namespace tocsin::access {
namespace {

constexpr std::string_view kTokenPrefix = "toc_";

// A token of a user who may less by now does less by now.
Permissions both(Permissions a, Permissions b) {
  Permissions out;
  for (const Permission one : kPermissions)
    if (a.has(one) && b.has(one)) out.add(one);
  return out;
}

LabelView both(const LabelView& a, const LabelView& b) {
  LabelView out = a;
  out.matchers.insert(out.matchers.end(), b.matchers.begin(), b.matchers.end());
  return out;
}

}  // namespace

void Accounts::Held::index() {
  token_by_hash.clear();
  session_by_hash.clear();
  for (const auto& [name, token] : tokens) token_by_hash.emplace(token.hash, name);
  for (const auto& [id, session] : sessions) session_by_hash.emplace(session.hash, id);
}

Accounts::Accounts(Writer writer, const Clock& clock, Lifetimes lifetimes)
    : writer_(std::move(writer)), clock_(clock), lifetimes_(lifetimes) {}

Result<void> Accounts::load(state::Database& database) {
  Held next;
  auto users = read_users(database);
  if (!users) return fail(users.error());
  auto tokens = read_tokens(database);
  if (!tokens) return fail(tokens.error());
  auto sessions = read_sessions(database);
  if (!sessions) return fail(sessions.error());
  for (User& user : *users) next.users.emplace(user.name, std::move(user));
  for (Token& token : *tokens) next.tokens.emplace(token.name, std::move(token));
  for (Session& session : *sessions)
    if (!over(session)) next.sessions.emplace(session.id, std::move(session));
  publish(std::move(next));
  return {};
}

std::shared_ptr<const Accounts::Held> Accounts::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

void Accounts::publish(Held next) {
  next.index();
  auto made = std::make_shared<const Held>(std::move(next));
  const std::lock_guard lock(mutex_);
  held_ = std::move(made);
}

bool Accounts::over(const Session& session) const {
  const TimeMs now = clock_.now();
  return now - session.last_use.get() > lifetimes_.session_idle ||
         now - session.created > lifetimes_.session_max;
}

bool Accounts::any_user() const { return !held()->users.empty(); }

std::optional<Who> Accounts::by_token(std::string_view plain) const {
  const std::string hash = hash_secret(plain);
  std::shared_ptr<const Held> now;
  Who out;
  {
    const std::lock_guard lock(mutex_);
    if (!command_hash_.empty() && same_secret(hash, command_hash_)) {
      out.kind = Who::Kind::kCommand;
      out.name = "command line";
      out.role = Role::kAdmin;
      out.may = permissions_of(Role::kAdmin);
      return out;
    }
    now = held_;
  }
  const auto known = now->token_by_hash.find(hash);
  if (known == now->token_by_hash.end()) return std::nullopt;
  const Token& token = now->tokens.find(known->second)->second;
  const TimeMs at = clock_.now();
  if (token.expires.ms != 0 && at >= token.expires) return std::nullopt;
  out.kind = Who::Kind::kToken;
  out.name = token.name;
  out.owner = token.owner;
  out.may = token.may;
  out.view = token.view;
  if (!token.owner.empty()) {
    const auto owner = now->users.find(token.owner);
    if (owner == now->users.end()) return std::nullopt;
    out.may = both(out.may, permissions_of(owner->second.role));
    out.view = both(out.view, owner->second.view);
  }
  token.last_use.set(at);
  return out;
}

std::optional<Who> Accounts::by_session(std::string_view plain) const {
  const auto now = held();
  const auto known = now->session_by_hash.find(hash_secret(plain));
  if (known == now->session_by_hash.end()) return std::nullopt;
  const Session& session = now->sessions.find(known->second)->second;
  const auto user = now->users.find(session.user);
  if (user == now->users.end() || over(session)) return std::nullopt;
  session.last_use.set(clock_.now());
  Who out;
  out.kind = Who::Kind::kUser;
  out.name = user->second.name;
  out.role = user->second.role;
  out.may = permissions_of(user->second.role);
  out.view = user->second.view;
  out.session = session.id;
  out.csrf = hash_secret("csrf " + std::string(plain));
  return out;
}

std::vector<User> Accounts::users() const {
  std::vector<User> out;
  for (const auto& [name, user] : held()->users) out.push_back(user);
  return out;
}

std::optional<User> Accounts::user(std::string_view name) const {
  const auto now = held();
  const auto known = now->users.find(name);
  if (known == now->users.end()) return std::nullopt;
  return known->second;
}

std::vector<Token> Accounts::tokens() const {
  std::vector<Token> out;
  for (const auto& [name, token] : held()->tokens) out.push_back(token);
  return out;
}

std::vector<Session> Accounts::sessions(std::string_view user) const {
  std::vector<Session> out;
  for (const auto& [id, session] : held()->sessions)
    if (session.user == user && !over(session)) out.push_back(session);
  std::sort(out.begin(), out.end(), [](const Session& a, const Session& b) {
    return std::tie(b.created, a.id) < std::tie(a.created, b.id);
  });
  return out;
}

std::string Accounts::begin_setup() {
  std::string plain = new_secret("");
  const std::lock_guard lock(mutex_);
  setup_hash_ = hash_secret(plain);
  return plain;
}

bool Accounts::setup_fits(std::string_view secret) const {
  const std::string hash = hash_secret(secret);
  const std::lock_guard lock(mutex_);
  return !setup_hash_.empty() && same_secret(hash, setup_hash_) && held_->users.empty();
}

std::string Accounts::begin_command_secret() {
  std::string plain = new_secret(kTokenPrefix);
  const std::lock_guard lock(mutex_);
  command_hash_ = hash_secret(plain);
  return plain;
}

}  // namespace tocsin::access
