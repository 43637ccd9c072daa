#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "access/accounts.h"
#include "access/door.h"
#include "access/login_limiter.h"
#include "access/password.h"
#include "access/replies.h"
#include "access/secret.h"
#include "access/tables.h"
#include "access/token_file.h"

namespace tocsin::access {
namespace {

constexpr TimeMs kNow{1795411000000};
const Actor kRoot{"root", "user", "127.0.0.1"};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/tocsin-access-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// Accounts on a database of their own; the writer is this thread.
class Kept : public ::testing::Test {
 protected:
  Kept() { open(); }
  void open() {
    accounts.reset();
    database.reset();
    database.emplace(state::Database::open(folder.path("state.db")).value());
    EXPECT_TRUE(state::migrate(*database, migrations()).has_value());
    accounts.emplace([this](const std::function<void(state::Database&)>& work) { work(*database); },
                     clock);
    EXPECT_TRUE(accounts->load(*database).has_value());
  }
  template <class T>
  static Accounts::Done<T> into(Result<T>& out) {
    return [&out](Result<T> done) { out = std::move(done); };
  }
  Result<User> add(std::string name, Role role, std::string view = "") {
    User user;
    user.name = std::move(name);
    user.role = role;
    user.view = LabelView::parse(view).value();
    Result<User> out = fail(ErrorCode::kInternal, "not called");
    accounts->add_user(user, kRoot, into(out));
    return out;
  }
  Result<std::string> token(Accounts::NewToken wanted) {
    Result<std::string> out = fail(ErrorCode::kInternal, "not called");
    accounts->add_token(std::move(wanted), kRoot, into(out));
    return out;
  }
  std::string sign_in(const std::string& user) {
    Result<std::string> out = fail(ErrorCode::kInternal, "not called");
    accounts->sign_in(user, "10.0.0.9", "Firefox", into(out));
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().message);
    return out.value_or("");
  }
  Result<bool> remove(std::string name) {
    Result<bool> out = false;
    accounts->remove_user(std::move(name), kRoot, into(out));
    return out;
  }
  std::vector<AuditEntry> audit(AuditFilter filter = {}) {
    return read_audit(*database, filter).value();
  }

  Folder folder;
  ManualClock clock{kNow};
  std::optional<state::Database> database;
  std::optional<Accounts> accounts;
};

using Users = Kept;
using TokensKept = Kept;
using Sessions = Kept;

TEST_F(Users, AreKeptAndRecorded) {
  ASSERT_TRUE(add("ada", Role::kAdmin).has_value());
  ASSERT_TRUE(add("bob", Role::kViewer, "customer=\"acme\"").has_value());
  EXPECT_EQ(add("ada", Role::kViewer).error().code, ErrorCode::kInvalid);
  open();
  ASSERT_EQ(accounts->users().size(), 2u);
  EXPECT_EQ(accounts->user("bob")->view.text(), "customer=\"acme\"");
  Result<bool> changed = false;
  Accounts::UserChange change;
  change.role = Role::kResponder;
  accounts->change_user("bob", change, kRoot, into(changed));
  EXPECT_TRUE(changed.value());
  open();
  EXPECT_EQ(accounts->user("bob")->role, Role::kResponder);
  const auto entries = audit();
  ASSERT_EQ(entries.size(), 3u) << "what failed is no change";
  EXPECT_EQ(entries[0].action, "user.change");
  EXPECT_EQ(entries[0].target, "user bob");
  EXPECT_EQ(entries[0].who, "root");
  EXPECT_NE(entries[0].before.find("viewer"), std::string::npos);
  EXPECT_NE(entries[0].after.find("responder"), std::string::npos);
}

TEST_F(Users, NamesAndAddressesAreChecked) {
  for (const char* name : {"", " a", "a ", "a\nb", "a\x7f", "\xff"})
    EXPECT_FALSE(add(name, Role::kViewer).has_value()) << name;
  EXPECT_TRUE(add(std::string(100, 'a'), Role::kViewer).has_value());
  EXPECT_FALSE(add(std::string(101, 'a'), Role::kViewer).has_value());
  for (const char* mail : {"ada", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "<a@b>"})
    EXPECT_FALSE(check_mail(mail).has_value()) << mail;
  for (const char* mail : {"", "ada@example.com", "a.b+c@x"})
    EXPECT_TRUE(check_mail(mail).has_value()) << mail;
}

TEST_F(Users, TheLastAdministratorStays) {
  ASSERT_TRUE(add("ada", Role::kAdmin).has_value());
  ASSERT_TRUE(add("bob", Role::kEditor).has_value());
  EXPECT_EQ(remove("ada").error().code, ErrorCode::kRefused);
  Accounts::UserChange change;
  change.role = Role::kViewer;
  Result<bool> changed = false;
  accounts->change_user("ada", change, kRoot, into(changed));
  EXPECT_EQ(changed.error().code, ErrorCode::kRefused);
  EXPECT_EQ(accounts->user("ada")->role, Role::kAdmin);
  ASSERT_TRUE(add("eve", Role::kAdmin).has_value());
  EXPECT_TRUE(remove("ada").value());
  EXPECT_FALSE(remove("ada").value()) << "there is no such one any more";
}

TEST_F(TokensKept, CreatedVerifiedKeptAndRevoked) {
  const std::string plain = token({"telegraf on web 1", {Permission::kWrite}, {}, "", {}}).value();
  EXPECT_EQ(plain.size(), 47u);
  EXPECT_TRUE(plain.starts_with("toc_"));
  open();
  const auto who = accounts->by_token(plain);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->name, "telegraf on web 1");
  EXPECT_EQ(who->may, Permissions{Permission::kWrite});
  EXPECT_EQ(accounts->tokens()[0].last_use.get(), kNow);
  std::ifstream file(folder.path("state.db"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(bytes.find(plain.substr(4)), std::string::npos) << "only the hash is kept";
  Result<bool> gone = false;
  accounts->remove_token("telegraf on web 1", kRoot, into(gone));
  EXPECT_TRUE(gone.value());
  EXPECT_FALSE(accounts->by_token(plain).has_value());
  for (const AuditEntry& entry : audit()) {
    EXPECT_EQ((entry.before + entry.after).find(plain.substr(4)), std::string::npos);
  }
}

TEST_F(TokensKept, EachIsAnotherAndNoneElseIsLetIn) {
  std::set<std::string> all;
  for (int i = 0; i < 20; ++i)
    all.insert(token({"t" + std::to_string(i), {Permission::kRead}, {}, "", {}}).value());
  EXPECT_EQ(all.size(), 20u);
  for (std::string plain : all) {
    EXPECT_TRUE(accounts->by_token(plain).has_value());
    EXPECT_FALSE(accounts->by_token(plain.substr(0, 46)).has_value());
    EXPECT_FALSE(accounts->by_token(plain + "A").has_value());
    plain[20] = plain[20] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(accounts->by_token(plain).has_value());
  }
  EXPECT_FALSE(accounts->by_token("").has_value());
}

TEST_F(TokensKept, EndWithTheirTimeTheirOwnerAndWhatTheOwnerMay) {
  ASSERT_TRUE(add("root", Role::kAdmin).has_value());
  ASSERT_TRUE(add("ada", Role::kEditor, "customer=\"acme\"").has_value());
  const std::string timed = token({"timed", {Permission::kRead}, {}, "", kNow + hours(1)}).value();
  const std::string owned =
      token({"owned", {Permission::kRead, Permission::kConfigure}, {}, "ada", {}}).value();
  EXPECT_TRUE(accounts->by_token(owned)->may.has(Permission::kConfigure));
  EXPECT_EQ(accounts->by_token(owned)->view.text(), "customer=\"acme\"");
  clock.advance(hours(1) - milliseconds(1));
  EXPECT_TRUE(accounts->by_token(timed).has_value());
  clock.advance(milliseconds(1));
  EXPECT_FALSE(accounts->by_token(timed).has_value());
  Accounts::UserChange change;
  change.role = Role::kViewer;
  Result<bool> changed = false;
  accounts->change_user("ada", change, kRoot, into(changed));
  EXPECT_EQ(accounts->by_token(owned)->may, Permissions{Permission::kRead});
  EXPECT_TRUE(remove("ada").value());
  EXPECT_FALSE(accounts->by_token(owned).has_value());
  EXPECT_FALSE(token({"late", {Permission::kRead}, {}, "", kNow}).has_value());
  EXPECT_FALSE(token({"whose", {Permission::kRead}, {}, "nobody", {}}).has_value());
  EXPECT_FALSE(token({"idle", {}, {}, "", {}}).has_value());
}

TEST_F(Sessions, EndWhenIdleAndAfterTheirTime) {
  ASSERT_TRUE(add("ada", Role::kResponder).has_value());
  const std::string idle = sign_in("ada"), used = sign_in("ada");
  EXPECT_NE(idle, used);
  const auto who = accounts->by_session(idle);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->role, Role::kResponder);
  EXPECT_EQ(who->csrf.size(), 64u);
  EXPECT_NE(who->csrf, accounts->by_session(used)->csrf);
  for (int day = 0; day < 13; ++day) {
    clock.advance(days(1));
    EXPECT_TRUE(accounts->by_session(used).has_value()) << day;
  }
  EXPECT_FALSE(accounts->by_session(idle).has_value());
  clock.advance(days(1));
  EXPECT_TRUE(accounts->by_session(used).has_value());
  clock.advance(milliseconds(1));
  EXPECT_FALSE(accounts->by_session(used).has_value());
  accounts->tidy();
  EXPECT_TRUE(read_sessions(*database).value().empty());
}

TEST_F(Sessions, AreKeptEndedAndBounded) {
  ASSERT_TRUE(add("ada", Role::kViewer).has_value());
  std::vector<std::string> all;
  for (size_t i = 0; i <= kSessionsPerUserMax; ++i) {
    clock.advance(seconds(1));
    all.push_back(sign_in("ada"));
  }
  EXPECT_EQ(accounts->sessions("ada").size(), kSessionsPerUserMax);
  EXPECT_FALSE(accounts->by_session(all.front()).has_value()) << "the one unused longest ended";
  open();
  EXPECT_TRUE(accounts->by_session(all.back()).has_value());
  const std::string own = accounts->by_session(all.back())->session;
  Result<bool> ended = false;
  accounts->end_session("bob", own, kRoot, into(ended));
  EXPECT_FALSE(ended.value()) << "another's session";
  Result<size_t> count = size_t{0};
  accounts->end_sessions("ada", own, kRoot, into(count));
  EXPECT_EQ(count.value(), kSessionsPerUserMax - 1);
  EXPECT_TRUE(accounts->by_session(all.back()).has_value());
  Result<bool> set = false;
  accounts->set_password("ada", "hash", "", kRoot, into(set));
  EXPECT_FALSE(accounts->by_session(all.back()).has_value()) << "a new password ends sessions";
}

TEST_F(Users, TheSetUpLinkWorksOnceAndOnlyForTheFirst) {
  User user;
  user.name = "ada";
  Result<User> made = fail(ErrorCode::kInternal, "not called");
  const std::string old = accounts->begin_setup(), secret = accounts->begin_setup();
  EXPECT_FALSE(accounts->setup_fits(old));
  accounts->setup(old, user, {"", "nobody", "10.0.0.9"}, into(made));
  EXPECT_EQ(made.error().code, ErrorCode::kRefused);
  accounts->setup(secret, user, {"", "nobody", "10.0.0.9"}, into(made));
  EXPECT_EQ(made->role, Role::kAdmin);
  user.name = "eve";
  accounts->setup(secret, user, {"", "nobody", "10.0.0.9"}, into(made));
  EXPECT_EQ(made.error().code, ErrorCode::kRefused);
  EXPECT_EQ(audit()[0].action, "user.setup");
  EXPECT_EQ(audit()[0].who, "ada");
}

TEST(TokenFile, IsReadWhole) {
  const Folder folder;
  const std::string hash = hash_secret("toc_x");
  std::ofstream(folder.path("tokens")) << "# old\n1 " << hash << " write 7 telegraf on web\n";
  ::chmod(folder.path("tokens").c_str(), 0600);
  const auto tokens = read_token_file(folder.path("tokens")).value();
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].name, "telegraf on web");
  EXPECT_EQ(tokens[0].hash, hash);
  EXPECT_EQ(tokens[0].created, TimeMs{7});
  EXPECT_EQ(tokens[0].may, Permissions{Permission::kWrite});
  EXPECT_TRUE(read_token_file(folder.path("none")).value().empty());
  ::chmod(folder.path("tokens").c_str(), 0640);
  EXPECT_EQ(read_token_file(folder.path("tokens")).error().code, ErrorCode::kRefused);
}

TEST(TokenFile, RubbishIsNamedByItsLine) {
  const std::string hash(64, 'a');
  struct Case {
    const char* name;
    std::string line, message;
  };
  const Case cases[] = {
      {"version", "2 " + hash + " read 1 a", "version 1"},
      {"short hash", "1 abc read 1 a", "64 hexadecimal"},
      {"hash is not hex", "1 " + std::string(64, 'g') + " read 1 a", "64 hexadecimal"},
      {"scope", "1 " + hash + " root 1 a", "scope"},
      {"time", "1 " + hash + " read soon a", "time"},
      {"no name", "1 " + hash + " read 1", "name"},
      {"bytes", std::string("\0\xff\x01", 3), "version 1"},
  };
  for (const Case& c : cases) {
    const Folder folder;
    std::ofstream(folder.path("tokens")) << "# comment\n\n1 " << hash << " read 1 fine\n"
                                         << c.line << "\n";
    ::chmod(folder.path("tokens").c_str(), 0600);
    const auto tokens = read_token_file(folder.path("tokens"));
    ASSERT_FALSE(tokens.has_value()) << c.name;
    EXPECT_EQ(tokens.error().place, folder.path("tokens") + ":4") << c.name;
    EXPECT_NE(tokens.error().message.find(c.message), std::string::npos) << c.name;
  }
}

TEST_F(TokensKept, OfAFileAreTakenOverOnce) {
  Token old;
  old.name = "telegraf";
  old.hash = hash_secret("toc_old");
  old.may = {Permission::kWrite};
  Result<size_t> taken = size_t{0};
  accounts->take_over({old}, into(taken));
  EXPECT_EQ(taken.value(), 1u);
  EXPECT_EQ(accounts->by_token("toc_old")->name, "telegraf");
  accounts->take_over({old}, into(taken));
  EXPECT_EQ(taken.value(), 0u);
  EXPECT_EQ(audit().size(), 1u);
}

TEST(Scopes, AreReadByTheirNames) {
  EXPECT_EQ(parse_scopes("read").value(), Permissions{Permission::kRead});
  EXPECT_EQ(parse_scopes("write, alerts").value(),
            (Permissions{Permission::kWrite, Permission::kRespond}));
  EXPECT_EQ(parse_scopes("config").value(), Permissions{Permission::kConfigure});
  EXPECT_EQ(parse_scopes("admin").value(), permissions_of(Role::kAdmin));
  for (const char* wrong : {"", ",", "root", "read write"})
    EXPECT_FALSE(parse_scopes(wrong).has_value()) << wrong;
}

TEST(Passwords, AreHashedCheckedAndRefused) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash.has_value());
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << *hash;
  EXPECT_TRUE(password_fits(*hash, "correct horse"));
  EXPECT_FALSE(password_fits(*hash, "correct horse "));
  EXPECT_FALSE(password_fits(decoy_hash(), "correct horse"));
  EXPECT_FALSE(password_fits("", "x"));
  for (const char* bad : {"", "short", "aaaaaaaaaaaaaa", "ada lovelace",
                          "\xff\xff\xff\xff\xff\xff"
                          "abcdef"})
    EXPECT_FALSE(check_password(bad, "ada lovelace").has_value()) << bad;
  EXPECT_TRUE(check_password("ten chars!", "ada").has_value());
  EXPECT_FALSE(check_password(std::string(501, 'a') + "b", "ada").has_value());
}

TEST(LoginLimiter, CountsPerUserAndPerAddress) {
  LoginLimiter limiter(
      {.tries_per_user = 2, .tries_per_address = 3, .window = minutes(5), .keys_max = 3});
  EXPECT_FALSE(limiter.admit("ada", "a", kNow));
  EXPECT_FALSE(limiter.admit("ada", "a", kNow + seconds(10)));
  EXPECT_EQ(limiter.admit("ada", "b", kNow + seconds(20))->count, seconds(280).count);
  EXPECT_FALSE(limiter.admit("bob", "a", kNow + seconds(20)));
  EXPECT_TRUE(limiter.admit("eve", "a", kNow + seconds(21))) << "three of one address";
  EXPECT_FALSE(limiter.admit("ada", "b", kNow + minutes(5))) << "the window slides";
  EXPECT_TRUE(limiter.admit("ada", "b", kNow + minutes(5)));
  limiter.succeeded("ada", "b");
  EXPECT_FALSE(limiter.admit("ada", "b", kNow + minutes(5))) << "the right one forgives";
  EXPECT_FALSE(limiter.admit("ada", "c", kNow - hours(1))) << "a clock set back locks nobody out";
}

TEST(LoginLimiter, RemembersSoManyAndForgetsTheOldest) {
  LoginLimiter limiter(
      {.tries_per_user = 1, .tries_per_address = 100, .window = minutes(5), .keys_max = 2});
  EXPECT_FALSE(limiter.admit("a", "x", kNow));
  EXPECT_FALSE(limiter.admit("b", "x", kNow + seconds(1)));
  EXPECT_FALSE(limiter.admit("c", "x", kNow + seconds(2)));
  EXPECT_TRUE(limiter.admit("c", "x", kNow + seconds(3)));
  EXPECT_TRUE(limiter.admit("b", "x", kNow + seconds(3)));
  EXPECT_FALSE(limiter.admit("a", "x", kNow + seconds(3))) << "forgotten";
}

TEST(Replies, TheSameRequestGetsTheSameAnswerForADay) {
  Counters counters;
  Replies replies(counters);
  KeptReply kept;
  using Found = Replies::Found;
  EXPECT_EQ(replies.begin("k", "body", kNow, kept), Found::kFresh);
  EXPECT_EQ(replies.begin("k", "body", kNow, kept), Found::kRunning);
  EXPECT_EQ(replies.begin("k", "other", kNow, kept), Found::kOther);
  replies.finish("k", 201, "application/json", "{}", true);
  EXPECT_EQ(replies.begin("k", "body", kNow + hours(24) - milliseconds(1), kept), Found::kAnswered);
  EXPECT_EQ(kept.status, 201);
  EXPECT_EQ(kept.body, "{}");
  EXPECT_EQ(replies.begin("k", "body", kNow + hours(24), kept), Found::kFresh);
  replies.forget("k");
  EXPECT_EQ(replies.begin("k", "else", kNow + hours(24), kept), Found::kFresh);
}

TEST(Replies, SurviveARestartWithoutSecrets) {
  const Folder folder;
  auto database = state::Database::open(folder.path("state.db")).value();
  ASSERT_TRUE(state::migrate(database, migrations()).has_value());
  Counters counters;
  KeptReply kept;
  {
    Replies replies(counters);
    for (const char* key : {"open", "secret"}) replies.begin(key, "body", kNow, kept);
    replies.finish("open", 200, "application/json", "{\"a\":1}", true);
    replies.finish("secret", 200, "application/json", "{\"token\":\"toc_canary\"}", false);
    auto transaction = database.begin().value();
    const auto fresh = replies.take_new();
    for (const KeptReply& one : fresh) EXPECT_EQ(one.body.find("canary"), std::string::npos);
    ASSERT_TRUE(Replies::write(transaction, fresh).has_value());
    ASSERT_TRUE(transaction.commit().has_value());
    EXPECT_TRUE(replies.take_new().empty());
  }
  Replies replies(counters);
  ASSERT_TRUE(replies.load(database, kNow + hours(1)).has_value());
  EXPECT_EQ(replies.begin("open", "body", kNow + hours(1), kept), Replies::Found::kAnswered);
  EXPECT_EQ(kept.body, "{\"a\":1}");
  EXPECT_EQ(replies.begin("secret", "body", kNow + hours(1), kept), Replies::Found::kAnswered);
  EXPECT_FALSE(kept.body_kept);
}

TEST(Replies, AreBounded) {
  Counters counters;
  Replies replies(counters);
  KeptReply kept;
  for (size_t i = 0; i < Replies::kRepliesMax + 10; ++i) {
    const std::string key = std::to_string(i);
    replies.begin(key, "b", kNow, kept);
    replies.finish(key, 200, "t", std::string(2000, 'x'), true);
  }
  EXPECT_EQ(replies.begin("0", "b", kNow, kept), Replies::Found::kFresh) << "the oldest went";
  EXPECT_GT(counters.counter("tocsin_http_replies_dropped_total", "", "").value(), 0u);
}

TEST_F(Users, TheAuditLogIsFilteredExportedAndOnlyAddedTo) {
  auto transaction = database->begin().value();
  const auto write = [&](int64_t at, const char* who, const char* action, const char* target) {
    AuditEntry entry;
    entry.at = TimeMs{at};
    entry.who = who;
    entry.kind = "user";
    entry.action = action;
    entry.target = target;
    entry.status = 200;
    entry.after = "{\"a\":\"b\"}";
    ASSERT_TRUE(write_audit(transaction, entry).has_value());
  };
  write(1, "ada", "alert.acknowledge", "alert 1");
  write(2, "bob", "alert.resolve", "alert 1");
  write(3, "ada", "silence.add", "=cmd()");
  ASSERT_TRUE(transaction.commit().has_value());
  struct Case {
    const char* name;
    std::function<void(AuditFilter&)> ask;
    std::vector<int64_t> times;
  };
  const Case cases[] = {
      {"all, newest first", [](AuditFilter&) {}, {3, 2, 1}},
      {"who", [](AuditFilter& f) { f.who = "ada"; }, {3, 1}},
      {"action", [](AuditFilter& f) { f.action = "alert.resolve"; }, {2}},
      {"kind of action", [](AuditFilter& f) { f.action = "alert."; }, {2, 1}},
      {"target", [](AuditFilter& f) { f.target = "alert 1"; }, {2, 1}},
      {"from", [](AuditFilter& f) { f.from = TimeMs{2}; }, {3, 2}},
      {"to", [](AuditFilter& f) { f.to = TimeMs{2}; }, {1}},
      {"page", [](AuditFilter& f) { f.below = 2; }, {1}},
      {"limit", [](AuditFilter& f) { f.limit = 1; }, {3}},
  };
  for (const Case& c : cases) {
    AuditFilter filter;
    c.ask(filter);
    std::vector<int64_t> times;
    for (const AuditEntry& entry : audit(filter)) times.push_back(entry.at.ms);
    EXPECT_EQ(times, c.times) << c.name;
  }
  const std::string csv = audit_csv(audit());
  EXPECT_NE(csv.find("\"'=cmd()\""), std::string::npos) << "a spreadsheet must not run it";
  EXPECT_NE(csv.find("\"{\"\"a\"\":\"\"b\"\"}\""), std::string::npos);
  EXPECT_FALSE(database->execute("UPDATE access_audit SET who = 'eve'").has_value());
  auto cleaning = database->begin().value();
  EXPECT_EQ(remove_old_audit(cleaning, TimeMs{3}, 1).value(), 1);
  EXPECT_EQ(remove_old_audit(cleaning, TimeMs{3}, 10).value(), 1);
  ASSERT_TRUE(cleaning.commit().has_value());
  EXPECT_EQ(audit().size(), 1u);
}

TEST(Audit, KeepsNoSecretOfABody) {
  struct Case {
    const char *body, *kept;
  };
  const Case cases[] = {
      {"", ""},
      {"{\"note\":\"on it\"}", "{\"note\":\"on it\"}"},
      {"{\"password\":\"canary\"}", "{\"password\":\"***\"}"},
      {"{\"a\":[{\"API_Key\":\"canary\",\"b\":1}]}", "{\"a\":[{\"API_Key\":\"***\",\"b\":1}]}"},
      {"{\"files\":{\"a.yaml\":\"secret: canary\",\"b.yaml\":null}}",
       "{\"files\":{\"a.yaml\":\"14 bytes\",\"b.yaml\":null}}"},
      {"[1]", "3 bytes"},
      {"canary{", "7 bytes"},
  };
  for (const Case& c : cases) EXPECT_EQ(without_secrets(c.body), c.kept) << c.body;
  EXPECT_EQ(without_secrets(std::string(20'000, 'x')), "20000 bytes");
}

TEST(Door, KnowsLoopback) {
  for (const char* address : {"127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(address)) << address;
  for (const char* address : {"128.0.0.1", "0.0.0.0", "::", "10.0.0.1", "localhost", "",
                              "127.0.0.1.evil.com", "::ffff:10.0.0.1", "127.1"})
    EXPECT_FALSE(is_loopback(address)) << address;
  for (const char* host :
       {"localhost", "LOCALHOST:9640", "127.0.0.1:1", "[::1]:9640", "a.localhost"})
    EXPECT_TRUE(names_loopback(host)) << host;
  for (const char* host : {"", "evil.com", "localhost.evil.com", "10.0.0.1:9640", "[::2]"})
    EXPECT_FALSE(names_loopback(host)) << host;
}

TEST(Door, FindsTheTokenInEveryForm) {
  struct Case {
    const char *authorization, *password, *token;
  };
  const Case cases[] = {
      {"Token toc_a", "", "toc_a"},
      {"token toc_a", "", "toc_a"},
      {"Bearer  toc_a", "", "toc_a"},
      {"Basic dTp0b2NfYQ==", "", "toc_a"},     // u:toc_a
      {"basic OnRvY19hOmI=", "", "toc_a:b"},   // :toc_a:b
      {"Basic dTp0b2NfYQ", "toc_b", "toc_b"},  // not padded: not Basic, the query is looked at
      {"Basic %%%", "", nullptr},
      {"Basic dQ==", "", nullptr},  // no colon
      {"Digest x", "", nullptr},
      {"Token", "", nullptr},
      {"", "toc_q", "toc_q"},
      {"", "", nullptr},
  };
  for (const Case& c : cases) {
    const auto token = presented_token({c.authorization, c.password, "", "", ""});
    EXPECT_EQ(token.value_or("none"), c.token ? c.token : "none") << c.authorization;
  }
}

TEST(Door, FindsTheCookie) {
  const std::pair<const char*, const char*> cases[] = {
      {"tocsin_session=a", "a"},
      {"x=1; tocsin_session=a; y=2", "a"},
      {"x=1;tocsin_session=a=b", "a=b"},
      {"xtocsin_session=a", ""},
      {"tocsin_session", ""},
      {"", ""},
      {";;;", ""},
  };
  for (const auto& [header, value] : cases)
    EXPECT_EQ(cookie_value(header, kSessionCookie), value) << header;
}

TEST_F(Kept, TheDoorJudges) {
  ASSERT_TRUE(add("ada", Role::kResponder).has_value());
  const std::string read = "Token " + token({"r", {Permission::kRead}, {}, "", {}}).value();
  const std::string session = "tocsin_session=" + sign_in("ada");
  const Door here(*accounts, "127.0.0.1", false), strict(*accounts, "127.0.0.1", true);
  const Door wide(*accounts, "0.0.0.0", false);
  using enum Who::Kind;
  struct Case {
    const char* name;
    const Door& door;
    Credentials given;
    Who::Kind kind;
    const char* who;
  };
  const char *local = "127.0.0.1", *far = "10.0.0.9", *localhost = "localhost:9640";
  const Case cases[] = {
      {"loopback", here, {"", "", "", local, localhost}, kHere, ""},
      {"required on loopback", strict, {"", "", "", local, localhost}, kNobody, ""},
      {"rebound name", here, {"", "", "", local, "evil.com"}, kNobody, ""},
      {"a proxy on this machine", here, {"", "", "", local, localhost, true}, kNobody, ""},
      {"rebound name, token", here, {read, "", "", local, "tocsin.example"}, kToken, "r"},
      {"loopback, wrong token", here, {"Token toc_x", "", "", "::1", "[::1]"}, kHere, ""},
      {"loopback, signed in", here, {"", "", session, local, localhost}, kUser, "ada"},
      {"loopback of a wide door", wide, {"", "", "", local, localhost}, kNobody, ""},
      {"no token", wide, {"", "", "", far, "t"}, kNobody, ""},
      {"wrong token", wide, {"Token toc_x", "", "", far, "t"}, kNobody, ""},
      {"wrong session", wide, {"", "", "tocsin_session=x", far, "t"}, kNobody, ""},
      {"token", wide, {read, "", "", far, "t"}, kToken, "r"},
      {"session", wide, {"", "", session, far, "t"}, kUser, "ada"},
      {"token before session", wide, {read, "", session, far, "t"}, kToken, "r"},
  };
  for (const Case& c : cases) {
    const Who who = c.door.judge(c.given);
    EXPECT_EQ(who.kind, c.kind) << c.name;
    EXPECT_EQ(who.name, c.who) << c.name;
  }
  const std::string command = "Token " + accounts->begin_command_secret();
  EXPECT_EQ(wide.judge({command, "", "", far, "t"}).kind, kCommand);
}

}  // namespace
}  // namespace tocsin::access
