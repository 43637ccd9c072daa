#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;

struct FakeDesk final : ConfigDesk {
  ConfigFilesView files_view;
  ConfigCheckView check_view;
  ConfigPublished published;
  std::vector<ConfigVersionView> versions;
  ConfigPublication asked;
  ConfigReversion asked_reversion;
  ConfigFileChanges asked_changes;

  void files(Done<ConfigFilesView> done) override { done(files_view); }
  void check(ConfigFileChanges changes, Done<ConfigCheckView> done) override {
    asked_changes = std::move(changes);
    done(check_view);
  }
  void publish(ConfigPublication publication, Done<ConfigPublished> done) override {
    asked = std::move(publication);
    done(published);
  }
  void history(size_t limit, Done<std::vector<ConfigVersionView>> done) override {
    auto out = versions;
    out.resize(std::min(limit, out.size()));
    done(out);
  }
  void version(int64_t id, Done<std::optional<ConfigVersionView>> done) override {
    using Found = std::optional<ConfigVersionView>;
    for (const auto& version : versions)
      if (version.id == id) return done(Found(version));
    done(Found());
  }
  void revert(ConfigReversion reversion, Done<std::optional<ConfigPublished>> done) override {
    asked_reversion = std::move(reversion);
    using Found = std::optional<ConfigPublished>;
    done(asked_reversion.version == 404 ? Found() : Found(published));
  }
};

class ConfigApi : public ::testing::Test {
 protected:
  Answer get(std::string_view path) { return client().get(path); }
  Answer post(std::string_view path, std::string_view body) {
    return client().post(path, body, "Content-Type: application/json\r\n");
  }
  Client client() {
    if (!running_)
      running_ = std::make_unique<RunningServer>(
          [this](net::Router& router) { register_config_routes(router, desk); });
    return Client(running_->port());
  }
  FakeDesk desk;

 private:
  std::unique_ptr<RunningServer> running_;
};

TEST_F(ConfigApi, Files) {
  desk.files_view = {false, "no folder", "", "ab", "cd", {{"a.yaml", "x: \"1\"\n"}}};
  const auto got = json::parse(get("/api/v1/config").body);
  EXPECT_FALSE(got.at("editable").as_bool());
  EXPECT_EQ(got.at("why_not").as_string(), "no folder");
  EXPECT_TRUE(got.at("directory").is_null());
  EXPECT_EQ(got.at("files").at("a.yaml").as_string(), "x: \"1\"\n");
}

TEST_F(ConfigApi, CheckSaysPlaces) {
  desk.check_view = {{{"a.yaml", 3, 5, "wrong"}, {"b.yaml", 0, 0, "cannot be read"}},
                     {{"a.yaml", 1, 1, "odd"}},
                     {"payments"}};
  const Answer answer = post("/api/v1/config/check", R"({"files":{"a.yaml":"x","b.yaml":null}})");
  EXPECT_EQ(answer.status, 200);
  const auto got = json::parse(answer.body);
  EXPECT_FALSE(got.at("ok").as_bool());
  EXPECT_EQ(got.at("problems").at(0).at("place").as_string(), "a.yaml:3:5");
  EXPECT_EQ(got.at("problems").at(1).at("place").as_string(), "b.yaml");
  EXPECT_EQ(got.at("notes").at(0).at("message").as_string(), "odd");
  EXPECT_EQ(got.at("retrains").at(0).as_string(), "payments");
  EXPECT_EQ(desk.asked_changes, (ConfigFileChanges{{"a.yaml", "x"}, {"b.yaml", std::nullopt}}));
}

TEST_F(ConfigApi, PublishAnswersByWhatHappened) {
  constexpr std::string_view kBody =
      R"({"files":{"a.yaml":"x"},"author":"ana","reason":"why","base_hash":"00"})";
  desk.published.version = 7;
  desk.published.hash = "11";
  Answer answer = post("/api/v1/config/publish", kBody);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json::parse(answer.body).at("version").as_int64(), 7);
  EXPECT_EQ(desk.asked.author, "ana");
  EXPECT_EQ(desk.asked.reason, "why");
  EXPECT_EQ(desk.asked.base_hash, "00");

  desk.published.problems = {{"a.yaml", 1, 2, "wrong"}};
  answer = post("/api/v1/config/publish", kBody);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json::parse(answer.body).at("problems").at(0).at("line").as_int64(), 1);

  desk.published.conflict = {{"somebody changed a.yaml", "22", {"a.yaml"}}};
  answer = post("/api/v1/config/publish", kBody);
  EXPECT_EQ(answer.status, 409);
  const auto got = json::parse(answer.body);
  EXPECT_EQ(got.at("error").as_string(), "somebody changed a.yaml");
  EXPECT_EQ(got.at("files").at(0).as_string(), "a.yaml");
  EXPECT_EQ(got.at("hash").as_string(), "22");
}

TEST_F(ConfigApi, BodiesThatAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"no files", R"({"author":"a","reason":"r","base_hash":"0"})"},
      {"files are a list", R"({"files":[],"author":"a","reason":"r","base_hash":"0"})"},
      {"no file", R"({"files":{},"author":"a","reason":"r","base_hash":"0"})"},
      {"a number", R"({"files":{"a.yaml":1},"author":"a","reason":"r","base_hash":"0"})"},
      {"no author", R"({"files":{"a.yaml":""},"reason":"r","base_hash":"0"})"},
      {"no reason", R"({"files":{"a.yaml":""},"author":"a","base_hash":"0"})"},
      {"no base", R"({"files":{"a.yaml":""},"author":"a","reason":"r"})"},
      {"not JSON", "files"},
  };
  for (const auto& [name, body] : cases)
    EXPECT_EQ(post("/api/v1/config/publish", body).status, 400) << name;
}

TEST_F(ConfigApi, History) {
  ConfigVersionView version;
  version.id = 3;
  version.at = TimeMs{1000};
  version.kind = "reverted";
  version.of = 1;
  version.current = true;
  version.changes = {{"a.yaml", "changed", 1, 2, "@@"}};
  desk.versions = {version};
  const auto list = json::parse(get("/api/v1/config/history").body).at("versions");
  EXPECT_EQ(list.at(0).at("of").as_int64(), 1);
  EXPECT_EQ(list.at(0).at("changes").at(0).as_object().count("diff"), 0U);
  const auto one = json::parse(get("/api/v1/config/history/3").body);
  EXPECT_EQ(one.at("changes").at(0).at("diff").as_string(), "@@");
  for (const char* path : {"4", "0", "-1", "x"})
    EXPECT_EQ(get(std::string("/api/v1/config/history/") + path).status, 404) << path;
}

TEST_F(ConfigApi, Revert) {
  desk.published.version = 9;
  const Answer answer =
      post("/api/v1/config/history/3/revert", R"({"author":"ana","reason":"too loud"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(desk.asked_reversion.version, 3);
  EXPECT_EQ(desk.asked_reversion.reason, "too loud");
  EXPECT_EQ(post("/api/v1/config/history/404/revert", R"({"author":"a","reason":"r"})").status,
            404);
  EXPECT_EQ(post("/api/v1/config/history/3/revert", R"({"author":"a"})").status, 400);
}

}  // namespace
}  // namespace tocsin::server
