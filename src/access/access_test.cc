#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "access/door.h"
#include "access/tokens.h"

namespace tocsin::access {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/tocsin-access-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string tokens() const { return path_ + "/tokens"; }
  void write(std::string_view text, mode_t mode = 0600) const {
    std::ofstream(tokens()) << text;
    ::chmod(tokens().c_str(), mode);
  }
  std::string read() const {
    std::ostringstream out;
    out << std::ifstream(tokens()).rdbuf();
    return out.str();
  }

 private:
  std::string path_;
};

TEST(Tokens, CreatedVerifiedKeptAndRevoked) {
  const Folder folder;
  std::string plain;
  {
    auto tokens = Tokens::load(folder.tokens()).value();
    EXPECT_TRUE(tokens->empty());
    plain = tokens->create("telegraf on web 1", Scope::kWrite, TimeMs{1795411000000}).value();
    EXPECT_EQ(plain.size(), 47u);
    EXPECT_TRUE(plain.starts_with("toc_"));
    EXPECT_EQ(tokens->verify(plain)->name, "telegraf on web 1");
  }
  struct stat about{};
  ASSERT_EQ(::stat(folder.tokens().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  EXPECT_EQ(folder.read().find(plain.substr(4)), std::string::npos) << "only the hash is kept";
  auto tokens = Tokens::load(folder.tokens()).value();
  const auto info = tokens->verify(plain);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->created.ms, 1795411000000);
  EXPECT_EQ(permissions_of(info->scope), Permissions{Permission::kWrite});
  EXPECT_FALSE(tokens->revoke("nobody").value());
  EXPECT_TRUE(tokens->revoke("telegraf on web 1").value());
  EXPECT_FALSE(tokens->verify(plain).has_value());
  EXPECT_TRUE(tokens->empty());
}

TEST(Tokens, EachIsAnotherAndNoneElseIsLetIn) {
  const Folder folder;
  auto tokens = Tokens::load(folder.tokens()).value();
  std::set<std::string> all;
  for (int i = 0; i < 20; ++i)
    all.insert(tokens->create("t" + std::to_string(i), Scope::kRead, TimeMs{1}).value());
  EXPECT_EQ(all.size(), 20u);
  for (std::string plain : all) {
    EXPECT_TRUE(tokens->verify(plain).has_value());
    EXPECT_FALSE(tokens->verify(plain.substr(0, 46)).has_value());
    EXPECT_FALSE(tokens->verify(plain + "A").has_value());
    plain[20] = plain[20] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens->verify(plain).has_value());
  }
  EXPECT_FALSE(tokens->verify("").has_value());
  EXPECT_FALSE(tokens->verify("toc_").has_value());
  EXPECT_EQ(tokens->list().size(), 20u);
  EXPECT_EQ(tokens->list()[1].name, "t1");
}

TEST(Tokens, NamesAreCheckedAndUnique) {
  const Folder folder;
  auto tokens = Tokens::load(folder.tokens()).value();
  for (const char* name : {"", " a", "a ", "a\nb", "a\x7f", "\xff"})
    EXPECT_FALSE(tokens->create(name, Scope::kRead, TimeMs{1}).has_value()) << name;
  EXPECT_TRUE(tokens->create(std::string(100, 'a'), Scope::kRead, TimeMs{1}).has_value());
  EXPECT_FALSE(tokens->create(std::string(101, 'a'), Scope::kRead, TimeMs{1}).has_value());
  EXPECT_TRUE(tokens->create("ada", Scope::kAdmin, TimeMs{1}).has_value());
  EXPECT_EQ(tokens->create("ada", Scope::kRead, TimeMs{1}).error().code, ErrorCode::kInvalid);
}

TEST(Tokens, AnotherProcessMayChangeTheFile) {
  const Folder folder;
  auto serving = Tokens::load(folder.tokens()).value();
  auto command = Tokens::load(folder.tokens()).value();
  const std::string plain = command->create("late", Scope::kAdmin, TimeMs{1}).value();
  EXPECT_FALSE(serving->verify(plain).has_value());
  ASSERT_TRUE(serving->reload().has_value());
  EXPECT_TRUE(serving->verify(plain).has_value());
  serving->create("later", Scope::kRead, TimeMs{1}).value();
  ASSERT_TRUE(command->reload().has_value());
  EXPECT_EQ(command->list().size(), 2u);
}

TEST(Tokens, RubbishIsNamedByItsLine) {
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
    folder.write("# comment\n\n1 " + hash + " read 1 fine\n" + c.line + "\n");
    const auto tokens = Tokens::load(folder.tokens());
    ASSERT_FALSE(tokens.has_value()) << c.name;
    EXPECT_EQ(tokens.error().code, ErrorCode::kCorrupt) << c.name;
    EXPECT_EQ(tokens.error().place, folder.tokens() + ":4") << c.name;
    EXPECT_NE(tokens.error().message.find(c.message), std::string::npos) << c.name;
  }
}

TEST(Tokens, RefusesAFileThatOthersRead) {
  const Folder folder;
  folder.write("", 0640);
  EXPECT_EQ(Tokens::load(folder.tokens()).error().code, ErrorCode::kRefused);
}

TEST(Tokens, FailedWriteKeepsWhatWas) {
  const auto tokens = Tokens::load("/nonexistent/folder/tokens");
  ASSERT_TRUE(tokens.has_value());
  const auto made = (*tokens)->create("a", Scope::kRead, TimeMs{1});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE((*tokens)->empty());
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
    const auto token = presented_token({c.authorization, c.password, "", ""});
    EXPECT_EQ(token.value_or("none"), c.token ? c.token : "none") << c.authorization;
  }
}

TEST(Door, OpensBeyondLoopbackOnlyWithAToken) {
  const Folder folder;
  auto tokens = Tokens::load(folder.tokens()).value();
  EXPECT_TRUE(Door::open(*tokens, "127.0.0.1").has_value());
  for (const char* address : {"0.0.0.0", "::", "10.1.2.3"}) {
    const auto refused = Door::open(*tokens, address);
    ASSERT_FALSE(refused.has_value()) << address;
    EXPECT_NE(refused.error().message.find("tocsin token create"), std::string::npos);
  }
  tokens->create("a", Scope::kRead, TimeMs{1}).value();
  EXPECT_TRUE(Door::open(*tokens, "0.0.0.0").has_value());
}

TEST(Door, Judges) {
  const Folder folder;
  auto tokens = Tokens::load(folder.tokens()).value();
  const std::string read = "Token " + tokens->create("r", Scope::kRead, TimeMs{1}).value();
  const std::string write = "Token " + tokens->create("w", Scope::kWrite, TimeMs{1}).value();
  const std::string admin = "Token " + tokens->create("a", Scope::kAdmin, TimeMs{1}).value();
  const Door here = Door::open(*tokens, "127.0.0.1").value();
  const Door wide = Door::open(*tokens, "0.0.0.0").value();
  using enum Who::Kind;
  const Permissions everything = permissions_of(Role::kAdmin);
  struct Case {
    const char* name;
    const Door& door;
    std::string authorization;
    const char *address, *host;
    Who::Kind kind;
    const char* user;
    Permissions may;
  };
  const Case cases[] = {
      {"loopback", here, "", "127.0.0.1", "localhost:9640", kHere, "", everything},
      {"rebound name", here, "", "127.0.0.1", "evil.com", kNobody, "", {}},
      {"rebound name, token",
       here,
       read,
       "127.0.0.1",
       "tocsin.example",
       kToken,
       "r",
       {Permission::kRead}},
      {"loopback, wrong token", here, "Token toc_x", "::1", "[::1]", kHere, "", everything},
      {"loopback of a wide door", wide, "", "127.0.0.1", "localhost", kNobody, "", {}},
      {"no token", wide, "", "10.0.0.9", "t", kNobody, "", {}},
      {"wrong token", wide, "Token toc_x", "10.0.0.9", "t", kNobody, "", {}},
      {"read", wide, read, "10.0.0.9", "t", kToken, "r", {Permission::kRead}},
      {"write", wide, write, "10.0.0.9", "t", kToken, "w", {Permission::kWrite}},
      {"admin", wide, admin, "10.0.0.9", "t", kToken, "a", everything},
  };
  for (const Case& c : cases) {
    const Who who = c.door.judge({c.authorization, "", c.address, c.host});
    EXPECT_EQ(who.kind, c.kind) << c.name;
    EXPECT_EQ(who.name, c.user) << c.name;
    EXPECT_EQ(who.may, c.may) << c.name;
  }
}

}  // namespace
}  // namespace tocsin::access
